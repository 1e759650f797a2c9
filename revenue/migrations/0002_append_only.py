"""A line of the ledger and an adjustment are never edited, deleted or truncated: the database says.

To raw SQL too, and to a TRUNCATE … CASCADE of another table. This stops mistakes, not the owner of
the database, who may switch a trigger off; tests, which empty their tables, do so for themselves.
"""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION revenue_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_LEVEL = 'STATEMENT' THEN
        RAISE EXCEPTION '% is a ledger: it is never truncated', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RAISE EXCEPTION '% % is written for good: add a line that takes it back instead',
        TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER revenue_event_append_only BEFORE UPDATE OR DELETE ON revenue_revenueevent
    FOR EACH ROW EXECUTE FUNCTION revenue_append_only();

CREATE TRIGGER revenue_event_never_truncated BEFORE TRUNCATE ON revenue_revenueevent
    FOR EACH STATEMENT EXECUTE FUNCTION revenue_append_only();

CREATE TRIGGER revenue_adjustment_append_only BEFORE UPDATE OR DELETE ON revenue_adjustment
    FOR EACH ROW EXECUTE FUNCTION revenue_append_only();

CREATE TRIGGER revenue_adjustment_never_truncated BEFORE TRUNCATE ON revenue_adjustment
    FOR EACH STATEMENT EXECUTE FUNCTION revenue_append_only();
"""
BACKWARDS = """
DROP TRIGGER revenue_adjustment_never_truncated ON revenue_adjustment;
DROP TRIGGER revenue_adjustment_append_only ON revenue_adjustment;
DROP TRIGGER revenue_event_never_truncated ON revenue_revenueevent;
DROP TRIGGER revenue_event_append_only ON revenue_revenueevent;
DROP FUNCTION revenue_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("revenue", "0001_tables")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
