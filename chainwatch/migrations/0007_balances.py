"""What source wallets hold, as far as a node was asked."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chainwatch", "0006_sandbox_chains_in_use"),
    ]

    operations = [
        migrations.CreateModel(
            name="Balance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "chain",
                    models.CharField(
                        choices=[("tron", "Tron"), ("arbitrum", "Arbitrum One"), ("base", "Base")],
                        max_length=16,
                    ),
                ),
                ("address", models.CharField(max_length=64)),
                ("asset", models.CharField(max_length=64)),
                ("amount_atomic", models.DecimalField(decimal_places=0, max_digits=78)),
                ("block_number", models.BigIntegerField()),
                ("node", models.CharField(max_length=200)),
                ("asked_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("chain", "address", "asset"),
                        name="one_balance_per_address_and_asset",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_atomic__gte", 0)),
                        name="balance_is_not_negative",
                    ),
                ],
            },
        ),
    ]
