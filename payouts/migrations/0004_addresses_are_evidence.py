"""What a second person agreed to never changes: addresses, payouts' recipients, notes.

Of an address only the decision about it may move, and forwards alone. Whom a payout names stays,
like its money. Comments and files are written once. TRUNCATE is not refused: it is the owner's
right, and what tests empty their tables with.
"""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION payouts_addresses_are_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'address % is evidence: it is never deleted', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'proposed' THEN
            RAISE EXCEPTION 'address % must begin as proposed, not as %', NEW.id, NEW.status
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.organization_id, NEW.environment, NEW.created_at, NEW.recipient_id, NEW.chain,
        NEW.address, NEW.lookalike_key, NEW.warnings, NEW.proposed_by, NEW.proposed_by_name,
        NEW.proposed_by_issuer)
       IS DISTINCT FROM
       (OLD.id, OLD.organization_id, OLD.environment, OLD.created_at, OLD.recipient_id, OLD.chain,
        OLD.address, OLD.lookalike_key, OLD.warnings, OLD.proposed_by, OLD.proposed_by_name,
        OLD.proposed_by_issuer) THEN
        RAISE EXCEPTION 'address % never changes', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.status <> OLD.status AND (OLD.status || '>' || NEW.status) NOT IN (
        'proposed>approved', 'proposed>rejected', 'proposed>archived', 'approved>archived') THEN
        RAISE EXCEPTION 'address % cannot go from % to %', OLD.id, OLD.status, NEW.status
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.status <> 'proposed'
       AND (NEW.decided_at, NEW.decided_by, NEW.decided_by_name, NEW.usable_at)
           IS DISTINCT FROM
           (OLD.decided_at, OLD.decided_by, OLD.decided_by_name, OLD.usable_at) THEN
        RAISE EXCEPTION 'the decision about address % never changes', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER payouts_addresses_are_evidence
    BEFORE INSERT OR UPDATE OR DELETE ON payouts_recipientaddress
    FOR EACH ROW EXECUTE FUNCTION payouts_addresses_are_evidence();

CREATE FUNCTION payouts_recipients_stay_named() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the recipient of payout % never changes', OLD.id
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER payouts_recipients_stay_named
    BEFORE UPDATE ON payouts_payoutintent FOR EACH ROW
    WHEN ((NEW.recipient_id, NEW.recipient_name)
          IS DISTINCT FROM (OLD.recipient_id, OLD.recipient_name))
    EXECUTE FUNCTION payouts_recipients_stay_named();

CREATE FUNCTION payouts_notes_are_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a note on a payout is evidence: it is never changed or deleted'
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER payouts_notes_are_evidence BEFORE UPDATE OR DELETE ON payouts_payoutcomment
    FOR EACH ROW EXECUTE FUNCTION payouts_notes_are_evidence();

CREATE TRIGGER payouts_notes_are_evidence BEFORE UPDATE OR DELETE ON payouts_payoutattachment
    FOR EACH ROW EXECUTE FUNCTION payouts_notes_are_evidence();

CREATE TRIGGER payouts_notes_are_evidence BEFORE UPDATE OR DELETE ON payouts_attachmentcontent
    FOR EACH ROW EXECUTE FUNCTION payouts_notes_are_evidence();
"""
BACKWARDS = """
DROP TRIGGER payouts_notes_are_evidence ON payouts_attachmentcontent;
DROP TRIGGER payouts_notes_are_evidence ON payouts_payoutattachment;
DROP TRIGGER payouts_notes_are_evidence ON payouts_payoutcomment;
DROP FUNCTION payouts_notes_are_evidence();
DROP TRIGGER payouts_recipients_stay_named ON payouts_payoutintent;
DROP FUNCTION payouts_recipients_stay_named();
DROP TRIGGER payouts_addresses_are_evidence ON payouts_recipientaddress;
DROP FUNCTION payouts_addresses_are_evidence();
"""


class Migration(migrations.Migration):
    replaces = [("payouts", "0012_addresses_are_evidence")]
    dependencies = [("payouts", "0003_settlements_are_facts")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
