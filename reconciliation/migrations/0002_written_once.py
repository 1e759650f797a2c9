"""What was said of an exception, what tops up what, and a closed period are written once.

What a wallet held first stays what it was, too: everything after it is judged by it. TRUNCATE is
not refused: it is the owner's right, and what tests empty their tables with.
"""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION reconciliation_is_written_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% % is kept as it was written', TG_TABLE_NAME, OLD.id
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER reconciliation_casenote_is_written_once BEFORE UPDATE OR DELETE
    ON reconciliation_casenote FOR EACH ROW EXECUTE FUNCTION reconciliation_is_written_once();

CREATE TRIGGER reconciliation_topup_is_written_once BEFORE UPDATE OR DELETE
    ON reconciliation_topup FOR EACH ROW EXECUTE FUNCTION reconciliation_is_written_once();

CREATE TRIGGER reconciliation_period_is_written_once BEFORE UPDATE OR DELETE
    ON reconciliation_period FOR EACH ROW EXECUTE FUNCTION reconciliation_is_written_once();

CREATE TRIGGER reconciliation_periodentry_is_written_once BEFORE UPDATE OR DELETE
    ON reconciliation_periodentry FOR EACH ROW EXECUTE FUNCTION reconciliation_is_written_once();

CREATE FUNCTION reconciliation_openings_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the opening of wallet book % is kept as it was written', OLD.id
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER reconciliation_walletbook_changes BEFORE UPDATE ON reconciliation_walletbook
FOR EACH ROW WHEN ((OLD.id, OLD.wallet_id, OLD.source_since, OLD.contract, OLD.opening_atomic,
                    OLD.opening_block, OLD.opening_at)
                   IS DISTINCT FROM
                   (NEW.id, NEW.wallet_id, NEW.source_since, NEW.contract, NEW.opening_atomic,
                    NEW.opening_block, NEW.opening_at))
EXECUTE FUNCTION reconciliation_openings_are_kept();

CREATE TRIGGER reconciliation_walletbook_goes BEFORE DELETE ON reconciliation_walletbook
FOR EACH ROW EXECUTE FUNCTION reconciliation_openings_are_kept();
"""
BACKWARDS = """
DROP TRIGGER reconciliation_walletbook_goes ON reconciliation_walletbook;
DROP TRIGGER reconciliation_walletbook_changes ON reconciliation_walletbook;
DROP FUNCTION reconciliation_openings_are_kept();
DROP TRIGGER reconciliation_periodentry_is_written_once ON reconciliation_periodentry;
DROP TRIGGER reconciliation_period_is_written_once ON reconciliation_period;
DROP TRIGGER reconciliation_topup_is_written_once ON reconciliation_topup;
DROP TRIGGER reconciliation_casenote_is_written_once ON reconciliation_casenote;
DROP FUNCTION reconciliation_is_written_once();
"""


class Migration(migrations.Migration):
    replaces = [
        ("reconciliation", "0003_written_once"),
        ("reconciliation", "0005_openings_are_kept"),
    ]
    dependencies = [("reconciliation", "0001_tables")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
