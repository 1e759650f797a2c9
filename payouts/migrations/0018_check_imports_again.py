"""Let the worker check again what waits to be confirmed: what was found has rows of its own now.

The columns cannot be guessed from what was kept, but the file is there. Done again it changes
nothing that a worker would not do by itself.
"""

from django.db import migrations

_FORTH = """
UPDATE payouts_payoutimport SET state = 'read', report = report - 'errors' - 'warnings'
 WHERE state = 'checked' AND report ? 'errors'
"""


class Migration(migrations.Migration):
    dependencies = [("payouts", "0017_imports_are_worked_on")]

    # No way back is needed: what is checked again says the same.
    operations = [migrations.RunSQL(_FORTH, migrations.RunSQL.noop)]
