"""What a wallet held first stays what it was: everything after it is judged by it."""

from django.db import migrations

FORWARDS = """
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
"""


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0004_wallet_books")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
