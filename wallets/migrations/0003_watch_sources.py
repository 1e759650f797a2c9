"""Wallets that are sources already: since when, and what leaves them is looked for from now on.

Repeatable: a wallet that has a date keeps it, an address that is watched stays so.
"""

from django.db import migrations

FORWARDS = """
UPDATE wallets_wallet SET source_since = created_at WHERE is_source AND source_since IS NULL;
INSERT INTO chainwatch_watchedaddress
       (chain, scope, address, is_outgoing, is_incoming, watched_at, created_at, updated_at)
SELECT DISTINCT chain, CASE environment WHEN 'live' THEN '' ELSE organization_id END, address,
       TRUE, FALSE, now(), now(), now()
  FROM wallets_wallet
 WHERE is_source
    ON CONFLICT (chain, scope, address) DO UPDATE SET is_outgoing = TRUE;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("wallets", "0002_source_since"),
        ("chainwatch", "0003_fill_finality"),
    ]

    # Back, nothing is lost: 0002 takes the dates along, and a watch too many does no harm.
    operations = [migrations.RunSQL(FORWARDS, migrations.RunSQL.noop)]
