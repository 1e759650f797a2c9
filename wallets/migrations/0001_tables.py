import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import billing.models


class Migration(migrations.Migration):
    replaces = [
        ("wallets", "0001_initial"),
        ("wallets", "0002_source_since"),
        ("wallets", "0003_watch_sources"),
        ("wallets", "0004_source_since_fits"),
        ("wallets", "0005_extended_keys_and_deposits"),
    ]

    initial = True

    dependencies = [
        ("organizations", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="ExtendedKey",
            fields=[
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "id",
                    billing.models.IdField(
                        "xkey", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "environment",
                    models.CharField(
                        choices=[("live", "Live"), ("sandbox", "Sandbox")],
                        editable=False,
                        max_length=7,
                    ),
                ),
                ("public_key", models.CharField(editable=False, max_length=66)),
                ("chain_code", models.CharField(editable=False, max_length=64)),
                ("xpub", models.CharField(editable=False, max_length=120)),
                ("first_index", models.BigIntegerField(default=0, editable=False)),
                ("next_index", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("environment", "public_key", "chain_code"),
                        name="one_counter_per_extended_key",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("first_index__gte", 0),
                            ("next_index__gte", models.F("first_index")),
                            ("next_index__lte", 2147483648),
                        ),
                        name="extended_key_counts_up",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Wallet",
            fields=[
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "environment",
                    models.CharField(
                        choices=[("live", "Live"), ("sandbox", "Sandbox")],
                        editable=False,
                        max_length=7,
                    ),
                ),
                (
                    "id",
                    billing.models.IdField(
                        "wal", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                (
                    "chain",
                    models.CharField(
                        choices=[("tron", "Tron"), ("arbitrum", "Arbitrum One"), ("base", "Base")],
                        editable=False,
                        max_length=16,
                    ),
                ),
                ("name", models.CharField(blank=True, default="", max_length=120)),
                (
                    "address",
                    models.CharField(blank=True, default="", editable=False, max_length=64),
                ),
                (
                    "lookalike_key",
                    models.CharField(blank=True, default="", editable=False, max_length=8),
                ),
                (
                    "extended_key",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="wallets",
                        to="wallets.extendedkey",
                    ),
                ),
                ("is_source", models.BooleanField(default=False)),
                ("source_since", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["organization", "environment", "-created_at", "-id"],
                        name="wallet_list",
                    ),
                    models.Index(
                        condition=models.Q(("is_source", True)),
                        fields=["chain", "address"],
                        name="wallet_sources",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("address", ""), _negated=True),
                        fields=("organization", "environment", "chain", "address"),
                        name="one_wallet_per_address",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("extended_key__isnull", False)),
                        fields=("extended_key", "chain"),
                        name="one_wallet_per_extended_key_and_chain",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("extended_key__isnull", True),
                                models.Q(("address", ""), _negated=True),
                            ),
                            models.Q(
                                ("address", ""),
                                ("extended_key__isnull", False),
                                ("is_source", False),
                            ),
                            _connector="OR",
                        ),
                        name="wallet_is_an_address_or_a_key",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("chain__in", ["tron", "arbitrum", "base"])),
                        name="wallet_chain_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("environment__in", ["live", "sandbox"])),
                        name="wallet_environment_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_source", True), ("source_since__isnull", False)),
                            models.Q(("is_source", False), ("source_since__isnull", True)),
                            _connector="OR",
                        ),
                        name="wallet_source_since_fits_its_use",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DepositAddress",
            fields=[
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "environment",
                    models.CharField(
                        choices=[("live", "Live"), ("sandbox", "Sandbox")],
                        editable=False,
                        max_length=7,
                    ),
                ),
                (
                    "id",
                    billing.models.IdField(
                        "dep", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                (
                    "wallet",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deposit_addresses",
                        to="wallets.wallet",
                    ),
                ),
                (
                    "extended_key",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="wallets.extendedkey",
                    ),
                ),
                ("index", models.BigIntegerField(editable=False, null=True)),
                (
                    "chain",
                    models.CharField(
                        choices=[("tron", "Tron"), ("arbitrum", "Arbitrum One"), ("base", "Base")],
                        editable=False,
                        max_length=16,
                    ),
                ),
                ("address", models.CharField(editable=False, max_length=64)),
                ("rests_since", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("rests_since__isnull", True)),
                        fields=["created_at"],
                        name="deposit_address_followed_live",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("extended_key__isnull", False)),
                        fields=("extended_key", "index"),
                        name="an_index_is_given_once",
                    ),
                    models.UniqueConstraint(
                        fields=("chain", "address", "organization", "environment"),
                        name="one_deposit_address_per_address",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("extended_key__isnull", True), ("index__isnull", True)),
                            models.Q(("extended_key__isnull", False), ("index__isnull", False)),
                            _connector="OR",
                        ),
                        name="deposit_address_index_fits_its_key",
                    ),
                ],
            },
        ),
    ]
