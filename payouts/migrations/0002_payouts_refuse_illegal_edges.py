"""The life of a payout as the database holds it, whoever writes: services, admin, raw SQL.

The edges are those of payouts.states.EDGES (a test compares both). The money of a payout never
changes, nor what an approval was bound to once it was given, nor anything of a payout that has
ended, but that a settlement is found for it late. No payout is ever deleted. TRUNCATE is not
refused: it is the owner's right, and what tests empty their tables with.
"""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION payouts_refuse_illegal_edges() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    allowed payouts_payoutintent;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'payout % is evidence: it is never deleted', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'draft' THEN
            RAISE EXCEPTION 'payout % must begin as a draft, not as %', NEW.id, NEW.status
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;

    IF (NEW.id, NEW.organization_id, NEW.environment, NEW.created_at, NEW.recipient_address,
        NEW.recipient_key, NEW.chain, NEW.token, NEW.contract, NEW.amount_atomic, NEW.currency,
        NEW.created_by, NEW.created_by_name, NEW.created_by_issuer)
       IS DISTINCT FROM
       (OLD.id, OLD.organization_id, OLD.environment, OLD.created_at, OLD.recipient_address,
        OLD.recipient_key, OLD.chain, OLD.token, OLD.contract, OLD.amount_atomic, OLD.currency,
        OLD.created_by, OLD.created_by_name, OLD.created_by_issuer) THEN
        RAISE EXCEPTION 'the money of payout % never changes', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;

    IF NEW.status <> OLD.status AND (OLD.status || '>' || NEW.status) NOT IN (
        'draft>approved', 'draft>canceled',
        'approved>pending_execution', 'approved>executed', 'approved>draft', 'approved>canceled',
        'pending_execution>approved', 'pending_execution>executed', 'pending_execution>canceled',
        'executed>verifying', 'executed>failed',
        'verifying>executed', 'verifying>settled', 'verifying>failed') THEN
        RAISE EXCEPTION 'payout % cannot go from % to %', OLD.id, OLD.status, NEW.status
            USING ERRCODE = 'restrict_violation';
    END IF;

    IF OLD.status <> 'draft' AND NEW.status <> 'draft'
       AND (NEW.approved_at, NEW.approved_by, NEW.approval_digest, NEW.due_date)
           IS DISTINCT FROM
           (OLD.approved_at, OLD.approved_by, OLD.approval_digest, OLD.due_date) THEN
        RAISE EXCEPTION 'the approval of payout % never changes', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;

    IF OLD.status IN ('settled', 'failed', 'canceled') THEN
        allowed := OLD;
        allowed.updated_at := NEW.updated_at;
        IF OLD.settlement_id IS NULL THEN
            allowed.settlement_id := NEW.settlement_id;
        END IF;
        IF allowed IS DISTINCT FROM NEW THEN
            RAISE EXCEPTION 'payout % has ended: it never changes', OLD.id
                USING ERRCODE = 'restrict_violation';
        END IF;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER payouts_refuse_illegal_edges
    BEFORE INSERT OR UPDATE OR DELETE ON payouts_payoutintent
    FOR EACH ROW EXECUTE FUNCTION payouts_refuse_illegal_edges();
"""
BACKWARDS = """
DROP TRIGGER payouts_refuse_illegal_edges ON payouts_payoutintent;
DROP FUNCTION payouts_refuse_illegal_edges();
"""


class Migration(migrations.Migration):
    dependencies = [("payouts", "0001_tables")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
