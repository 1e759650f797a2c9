"""Whether an address was paid, and what it looks like, is found however often it was paid."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("payouts", "0020_index_money_out")]

    operations = [
        AddIndexConcurrently(
            model_name="payoutintent",
            index=models.Index(
                fields=[
                    "organization",
                    "environment",
                    "recipient_key",
                    "recipient_address",
                    "chain",
                ],
                condition=models.Q(status="settled"),
                name="payout_paid_addresses",
            ),
        ),
        RemoveIndexConcurrently(model_name="payoutintent", name="payout_lookalikes"),
    ]
