"""What may move on a settlement, with its restoration: mined again after its block left the chain.

Otherwise as in 0003: facts and evidence never change, and nothing is deleted.
"""

from django.db import migrations

FORWARDS = """
CREATE OR REPLACE FUNCTION payouts_settlements_are_facts() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""

BACKWARDS = """
CREATE OR REPLACE FUNCTION payouts_settlements_are_facts() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""


class Migration(migrations.Migration):
    dependencies = [("payouts", "0005_reversals_and_proposals")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
