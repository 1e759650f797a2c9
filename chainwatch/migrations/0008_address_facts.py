"""What live chains say of addresses: whether there is a contract."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chainwatch", "0007_balances"),
    ]

    operations = [
        migrations.CreateModel(
            name="AddressFacts",
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
                ("has_code", models.BooleanField()),
                ("node", models.CharField(max_length=200)),
                ("asked_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("chain", "address"), name="one_row_of_address_facts"
                    )
                ],
            },
        ),
    ]
