"""The payouts of an import are found by it; those that came otherwise take no room in its index."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("payouts", "0018_check_imports_again")]

    operations = [
        AddIndexConcurrently(
            model_name="payoutintent",
            index=models.Index(
                fields=["payout_import"],
                condition=models.Q(payout_import__isnull=False),
                name="payout_by_import",
            ),
        ),
    ]
