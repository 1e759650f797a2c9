"""An approval and a published policy are evidence: the database says so, to raw SQL too.

Nobody deletes an approval, or changes it but to void it once or to have it decide no more. A
published policy never changes. The functions copy the columns that may move and compare whole
rows, so a column added later is guarded without being named here.
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
        IF OLD.decides THEN
            allowed.decides := NEW.decides;
        END IF;
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

CREATE FUNCTION approvals_policy_stands() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    allowed approvals_policy;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'draft' THEN
            RAISE EXCEPTION 'policy % must begin as a draft', NEW.id
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF OLD.status <> 'draft' THEN
            RAISE EXCEPTION 'policy % was published: it is never deleted', OLD.id
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    END IF;
    allowed := OLD;
    IF OLD.status = 'draft' AND NEW.status IN ('draft', 'published') THEN
        allowed := NEW;
        allowed.id := OLD.id;
        allowed.organization_id := OLD.organization_id;
        allowed.environment := OLD.environment;
        allowed.version := OLD.version;
    ELSIF OLD.status = 'published' AND NEW.status = 'retired' THEN
        allowed.status := NEW.status;
        allowed.retired_at := NEW.retired_at;
        allowed.updated_at := NEW.updated_at;
    END IF;
    IF allowed IS DISTINCT FROM NEW THEN
        RAISE EXCEPTION 'policy % was published: it never changes', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER approvals_policy_stands BEFORE INSERT OR UPDATE OR DELETE ON approvals_policy
    FOR EACH ROW EXECUTE FUNCTION approvals_policy_stands();

CREATE FUNCTION approvals_line_stands() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_policy text := CASE WHEN TG_OP = 'INSERT' THEN NEW.policy_id ELSE OLD.policy_id END;
BEGIN
    IF (SELECT status FROM approvals_policy WHERE id = of_policy) IS DISTINCT FROM 'draft'
        OR (TG_OP = 'UPDATE' AND NEW.policy_id <> OLD.policy_id) THEN
        RAISE EXCEPTION 'policy % was published: its rules and limits never change', of_policy
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;

CREATE TRIGGER approvals_rule_stands BEFORE INSERT OR UPDATE OR DELETE ON approvals_rule
    FOR EACH ROW EXECUTE FUNCTION approvals_line_stands();

CREATE TRIGGER approvals_limit_stands BEFORE INSERT OR UPDATE OR DELETE ON approvals_limit
    FOR EACH ROW EXECUTE FUNCTION approvals_line_stands();
"""
BACKWARDS = """
DROP TRIGGER approvals_limit_stands ON approvals_limit;
DROP TRIGGER approvals_rule_stands ON approvals_rule;
DROP FUNCTION approvals_line_stands();
DROP TRIGGER approvals_policy_stands ON approvals_policy;
DROP FUNCTION approvals_policy_stands();
DROP TRIGGER approvals_approval_append_only ON approvals_approval;
DROP FUNCTION approvals_approval_append_only();
"""


class Migration(migrations.Migration):
    replaces = [("approvals", "0002_approval_append_only"), ("approvals", "0004_policies_stand")]
    dependencies = [("approvals", "0001_tables")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
