"""The life of a checkout as the database holds it, whoever writes: services, admin, raw SQL.

The edges are those of checkouts.states.EDGES (a test compares both). What was asked of the
customer never changes, and no checkout and no payment is ever deleted. TRUNCATE is not refused: it
is the owner's right, and what tests empty their tables with.
"""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION checkouts_refuse_illegal_edges() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'checkout % is evidence: it is never deleted', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'pending' THEN
            RAISE EXCEPTION 'checkout % must begin as pending, not as %', NEW.id, NEW.status
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;

    IF (NEW.id, NEW.organization_id, NEW.environment, NEW.created_at, NEW.payment_method_id,
        NEW.deposit_address_id, NEW.address, NEW.chain, NEW.token, NEW.contract,
        NEW.amount_requested_atomic, NEW.amount_atomic, NEW.tolerance_atomic,
        NEW.required_confirmations, NEW.expires_at, NEW.clock_ahead, NEW.purpose,
        NEW.payment_link_id, NEW.subscription_id, NEW.renewal_id)
       IS DISTINCT FROM
       (OLD.id, OLD.organization_id, OLD.environment, OLD.created_at, OLD.payment_method_id,
        OLD.deposit_address_id, OLD.address, OLD.chain, OLD.token, OLD.contract,
        OLD.amount_requested_atomic, OLD.amount_atomic, OLD.tolerance_atomic,
        OLD.required_confirmations, OLD.expires_at, OLD.clock_ahead, OLD.purpose,
        OLD.payment_link_id, OLD.subscription_id, OLD.renewal_id) THEN
        RAISE EXCEPTION 'what checkout % asks for never changes', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;

    IF NEW.status <> OLD.status AND (OLD.status || '>' || NEW.status) NOT IN (
        'pending>detected', 'pending>expired', 'pending>failed',
        'detected>pending', 'detected>confirming',
        'confirming>pending', 'confirming>confirmed',
        'expired>detected') THEN
        RAISE EXCEPTION 'checkout % cannot go from % to %', OLD.id, OLD.status, NEW.status
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER checkouts_refuse_illegal_edges
    BEFORE INSERT OR UPDATE OR DELETE ON checkouts_checkout
    FOR EACH ROW EXECUTE FUNCTION checkouts_refuse_illegal_edges();

CREATE FUNCTION checkouts_payments_are_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'payment % is evidence: it is never deleted', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.id, NEW.organization_id, NEW.environment, NEW.created_at, NEW.deposit_address_id,
        NEW.chain, NEW.tx_hash, NEW.key, NEW.ordinal)
       IS DISTINCT FROM
       (OLD.id, OLD.organization_id, OLD.environment, OLD.created_at, OLD.deposit_address_id,
        OLD.chain, OLD.tx_hash, OLD.key, OLD.ordinal) THEN
        RAISE EXCEPTION 'which transfer payment % is never changes', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER checkouts_payments_are_facts
    BEFORE UPDATE OR DELETE ON checkouts_payment
    FOR EACH ROW EXECUTE FUNCTION checkouts_payments_are_facts();
"""
BACKWARDS = """
DROP TRIGGER checkouts_payments_are_facts ON checkouts_payment;
DROP FUNCTION checkouts_payments_are_facts();
DROP TRIGGER checkouts_refuse_illegal_edges ON checkouts_checkout;
DROP FUNCTION checkouts_refuse_illegal_edges();
"""


class Migration(migrations.Migration):
    replaces = [("checkouts", "0005_renewals")]
    dependencies = [("checkouts", "0001_tables")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
