"""Sums of what went out are read from the index alone, however much settled within a month."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("payouts", "0019_index_payouts_of_an_import")]

    operations = [
        AddIndexConcurrently(
            model_name="settlement",
            index=models.Index(
                fields=["organization", "environment", "chain", "token", "created_at"],
                include=["amount_atomic"],
                condition=models.Q(payout__isnull=False, reversed_at__isnull=True),
                name="settlement_money_out",
            ),
        ),
    ]
