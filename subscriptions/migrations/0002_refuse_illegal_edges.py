"""The life of subscriptions and renewals as the database holds it, whoever writes.

The edges are those of subscriptions.states (a test compares both). Whose a subscription is, and
what a plan and a renewal ask for, never changes; none of the three is ever deleted. TRUNCATE is
not refused: it is the owner's right, and what tests empty their tables with.
"""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION subscriptions_refuse_illegal_edges() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'subscription % is evidence: it is never deleted', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.status NOT IN ('trialing', 'active') THEN
            RAISE EXCEPTION 'subscription % must begin as trialing or active, not as %',
                NEW.id, NEW.status USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;

    IF (NEW.id, NEW.organization_id, NEW.environment, NEW.created_at, NEW.customer_id, NEW.plan_id,
        NEW.page_token, NEW.trial_end)
       IS DISTINCT FROM
       (OLD.id, OLD.organization_id, OLD.environment, OLD.created_at, OLD.customer_id, OLD.plan_id,
        OLD.page_token, OLD.trial_end) THEN
        RAISE EXCEPTION 'whose subscription % is, and of what, never changes', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;

    IF NEW.status <> OLD.status AND (OLD.status || '>' || NEW.status) NOT IN (
        'trialing>active', 'trialing>past_due', 'trialing>paused', 'trialing>canceled',
        'active>past_due', 'active>paused', 'active>canceled',
        'past_due>active', 'past_due>paused', 'past_due>canceled',
        'paused>active', 'paused>canceled',
        'canceled>expired') THEN
        RAISE EXCEPTION 'subscription % cannot go from % to %', OLD.id, OLD.status, NEW.status
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER subscriptions_refuse_illegal_edges
    BEFORE INSERT OR UPDATE OR DELETE ON subscriptions_subscription
    FOR EACH ROW EXECUTE FUNCTION subscriptions_refuse_illegal_edges();

CREATE FUNCTION subscriptions_renewals_refuse_illegal_edges() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'renewal % is evidence: it is never deleted', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'pending' THEN
            RAISE EXCEPTION 'renewal % must begin as pending, not as %', NEW.id, NEW.status
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;

    IF (NEW.id, NEW.organization_id, NEW.environment, NEW.created_at, NEW.subscription_id,
        NEW.period_start, NEW.period_end, NEW.amount_atomic, NEW.chain, NEW.token,
        NEW.schedule_from, NEW.closes_after_days)
       IS DISTINCT FROM
       (OLD.id, OLD.organization_id, OLD.environment, OLD.created_at, OLD.subscription_id,
        OLD.period_start, OLD.period_end, OLD.amount_atomic, OLD.chain, OLD.token,
        OLD.schedule_from, OLD.closes_after_days) THEN
        RAISE EXCEPTION 'what renewal % asks for never changes', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;

    IF NEW.status <> OLD.status AND (OLD.status || '>' || NEW.status) NOT IN (
        'pending>checkout_created', 'pending>skipped',
        'checkout_created>paid', 'checkout_created>failed', 'checkout_created>skipped',
        'failed>checkout_created', 'failed>paid', 'failed>skipped') THEN
        RAISE EXCEPTION 'renewal % cannot go from % to %', OLD.id, OLD.status, NEW.status
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER subscriptions_renewals_refuse_illegal_edges
    BEFORE INSERT OR UPDATE OR DELETE ON subscriptions_renewal
    FOR EACH ROW EXECUTE FUNCTION subscriptions_renewals_refuse_illegal_edges();

CREATE FUNCTION subscriptions_plans_keep_their_price() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'plan % is evidence: it is never deleted', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.id, NEW.organization_id, NEW.environment, NEW.created_at, NEW.amount_atomic,
        NEW.interval, NEW.interval_count, NEW.trial_days, NEW.chain, NEW.token)
       IS DISTINCT FROM
       (OLD.id, OLD.organization_id, OLD.environment, OLD.created_at, OLD.amount_atomic,
        OLD.interval, OLD.interval_count, OLD.trial_days, OLD.chain, OLD.token) THEN
        RAISE EXCEPTION 'what plan % asks for never changes', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER subscriptions_plans_keep_their_price
    BEFORE UPDATE OR DELETE ON subscriptions_plan
    FOR EACH ROW EXECUTE FUNCTION subscriptions_plans_keep_their_price();
"""
BACKWARDS = """
DROP TRIGGER subscriptions_plans_keep_their_price ON subscriptions_plan;
DROP FUNCTION subscriptions_plans_keep_their_price();
DROP TRIGGER subscriptions_renewals_refuse_illegal_edges ON subscriptions_renewal;
DROP FUNCTION subscriptions_renewals_refuse_illegal_edges();
DROP TRIGGER subscriptions_refuse_illegal_edges ON subscriptions_subscription;
DROP FUNCTION subscriptions_refuse_illegal_edges();
"""


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0001_tables")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
