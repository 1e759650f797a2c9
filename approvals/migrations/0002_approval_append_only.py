"""An approval is evidence: the database lets nobody delete it, or change it but to void it once.

The function copies the columns that may move and compares whole rows, so a column added later is
guarded without being named here.
"""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION approvals_approval_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    allowed approvals_approval;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'approval % is evidence: it is never deleted', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    allowed := OLD;
    IF OLD.voided_at IS NULL THEN
        allowed.voided_at := NEW.voided_at;
        allowed.void_reason := NEW.void_reason;
        allowed.updated_at := NEW.updated_at;
    END IF;
    IF allowed IS DISTINCT FROM NEW THEN
        RAISE EXCEPTION 'approval % is evidence: it can only be made void, once', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER approvals_approval_append_only BEFORE UPDATE OR DELETE ON approvals_approval
    FOR EACH ROW EXECUTE FUNCTION approvals_approval_append_only();
"""

BACKWARDS = """
DROP TRIGGER approvals_approval_append_only ON approvals_approval;
DROP FUNCTION approvals_approval_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_initial")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
