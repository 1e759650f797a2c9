"""Who is paid the same amount often is found by it; who is paid often is not walked for it."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("payouts", "0008_index_reversed")]

    operations = [
        AddIndexConcurrently(
            model_name="payoutintent",
            index=models.Index(
                fields=[
                    "organization",
                    "environment",
                    "recipient_address",
                    "amount_atomic",
                    "created_at",
                ],
                name="payout_by_recipient_amount",
            ),
        ),
        RemoveIndexConcurrently(model_name="payoutintent", name="payout_by_recipient"),
    ]
