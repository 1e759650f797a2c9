"""What was said of an exception, what tops up what, and a closed period are written once.

TRUNCATE is not refused: it is the owner's right, and what tests empty their tables with.
"""

from django.db import migrations

TABLES = ("casenote", "topup", "period", "periodentry")

FORWARDS = """
CREATE FUNCTION reconciliation_is_written_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% % is kept as it was written', TG_TABLE_NAME, OLD.id
        USING ERRCODE = 'restrict_violation';
END
$$;
""" + "".join(
    f"CREATE TRIGGER reconciliation_{table}_is_written_once BEFORE UPDATE OR DELETE "
    f"ON reconciliation_{table} FOR EACH ROW EXECUTE FUNCTION reconciliation_is_written_once();\n"
    for table in TABLES
)

BACKWARDS = (
    "".join(
        f"DROP TRIGGER reconciliation_{table}_is_written_once ON reconciliation_{table};\n"
        for table in TABLES
    )
    + "DROP FUNCTION reconciliation_is_written_once();"
)


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0002_exceptions_and_periods")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
