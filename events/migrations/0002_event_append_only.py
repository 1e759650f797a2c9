"""An event is never edited and never deleted: the database says so, to raw SQL too.

Only `sequence` may move, once, from null to its number. The function copies the one mutable column
and compares whole rows, so a column added later is guarded without being named here. TRUNCATE is
not refused: it is the owner's right, and what tests empty their tables with.
"""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION events_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    allowed events_event;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'event % is evidence: it is never deleted', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    allowed := OLD;
    IF OLD.sequence IS NULL THEN
        allowed.sequence := NEW.sequence;
    END IF;
    IF allowed IS DISTINCT FROM NEW THEN
        RAISE EXCEPTION 'event % is evidence: it is never edited', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER events_event_append_only BEFORE UPDATE OR DELETE ON events_event
    FOR EACH ROW EXECUTE FUNCTION events_event_append_only();
"""
BACKWARDS = """
DROP TRIGGER events_event_append_only ON events_event;
DROP FUNCTION events_event_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0001_tables")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
