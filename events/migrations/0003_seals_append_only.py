"""Seals are never changed or removed, and a head never goes back: the database says so.

This stops mistakes, not the owner of the database; what that one changes, `verify_audit` finds.
Digests do not compress: `links` is stored as it is.
"""

from django.db import migrations

FORWARDS = """
ALTER TABLE events_seal ALTER COLUMN links SET STORAGE EXTERNAL;
ALTER TABLE events_seal ADD CONSTRAINT a_seal_has_a_link_for_each_event
    CHECK (octet_length(links) = 32 * (last_sequence - first_sequence + 1));
CREATE FUNCTION events_seal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'seal % is evidence: it is never edited or deleted', OLD.id
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER events_seal_append_only BEFORE UPDATE OR DELETE ON events_seal
    FOR EACH ROW EXECUTE FUNCTION events_seal_append_only();
CREATE FUNCTION events_sealhead_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.sequence >= OLD.sequence AND NEW.begun_at = OLD.begun_at
        AND (NEW.sequence > OLD.sequence OR NEW.digest = OLD.digest) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the head % of sealed events is evidence: it only moves forward', OLD.id
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER events_sealhead_forward BEFORE UPDATE OR DELETE ON events_sealhead
    FOR EACH ROW EXECUTE FUNCTION events_sealhead_forward();
"""
BACKWARDS = """
DROP TRIGGER events_sealhead_forward ON events_sealhead;
DROP FUNCTION events_sealhead_forward();
DROP TRIGGER events_seal_append_only ON events_seal;
DROP FUNCTION events_seal_append_only();
ALTER TABLE events_seal DROP CONSTRAINT a_seal_has_a_link_for_each_event;
"""


class Migration(migrations.Migration):
    replaces = [("events", "0008_seals_append_only")]
    dependencies = [("events", "0002_event_append_only")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
