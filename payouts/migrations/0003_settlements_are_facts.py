"""A settlement's facts and evidence never change, and no settlement is ever deleted.

What may move: the payout, once, from none to one; the discrepancies and the suggestion;
resolution, reversal and restoration. The function copies those columns and compares whole rows, so
a column added later is a fact by default.
"""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION payouts_settlements_are_facts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    allowed payouts_settlement;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'settlement % is evidence: it is never deleted', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    allowed := OLD;
    allowed.updated_at := NEW.updated_at;
    allowed.discrepancies := NEW.discrepancies;
    allowed.suggestion := NEW.suggestion;
    allowed.reversed_at := NEW.reversed_at;
    allowed.restored_at := NEW.restored_at;
    allowed.restored_transfer_id := NEW.restored_transfer_id;
    allowed.resolved_at := NEW.resolved_at;
    allowed.resolved_by := NEW.resolved_by;
    allowed.resolution := NEW.resolution;
    allowed.resolution_note := NEW.resolution_note;
    IF OLD.payout_id IS NULL THEN
        allowed.payout_id := NEW.payout_id;
    END IF;
    IF allowed IS DISTINCT FROM NEW THEN
        RAISE EXCEPTION 'settlement % is evidence: its facts never change', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER payouts_settlements_are_facts BEFORE UPDATE OR DELETE ON payouts_settlement
    FOR EACH ROW EXECUTE FUNCTION payouts_settlements_are_facts();
"""
BACKWARDS = """
DROP TRIGGER payouts_settlements_are_facts ON payouts_settlement;
DROP FUNCTION payouts_settlements_are_facts();
"""


class Migration(migrations.Migration):
    replaces = [("payouts", "0006_settlements_are_restored")]
    dependencies = [("payouts", "0002_payouts_refuse_illegal_edges")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
