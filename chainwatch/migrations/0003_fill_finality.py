"""What was watched before levels of finality were kept per transaction.

Tron's were final by the solidified head, the others by confirmations: the defaults of then. What
became final more than a day ago is past every chain's last level, and is not asked about again.
"""

from django.db import migrations

FORWARDS = """
UPDATE chainwatch_watchedtransaction SET finality = 'solidified' WHERE chain = 'tron';
UPDATE chainwatch_watchedtransaction SET finalized_at = final_at
 WHERE final_at < now() - interval '1 day' AND finalized_at IS NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("chainwatch", "0002_following")]

    operations = [migrations.RunSQL(FORWARDS, migrations.RunSQL.noop)]
