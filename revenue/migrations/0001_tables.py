import django.db.models.deletion
import django.db.models.functions.math
import django.db.models.lookups
import django.utils.timezone
from django.db import migrations, models

import billing.models


class Migration(migrations.Migration):
    replaces = [
        ("revenue", "0001_initial"),
    ]

    initial = True

    dependencies = [
        ("organizations", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="RevenueEvent",
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
                        "rev", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                (
                    "event_type",
                    models.CharField(
                        choices=[
                            ("checkout_confirmed", "Checkout paid"),
                            ("subscription_charged", "Renewal paid"),
                            ("refund", "Refund"),
                            ("adjustment_credit", "Credit"),
                            ("adjustment_debit", "Debit"),
                            ("chargeback", "Chargeback"),
                            ("checkout_reversed", "Checkout reversed"),
                            ("subscription_reversed", "Renewal reversed"),
                            ("payout_settled", "Payout settled"),
                            ("payout_reversed", "Payout reversed"),
                        ],
                        max_length=24,
                    ),
                ),
                ("amount_atomic", models.BigIntegerField()),
                (
                    "chain",
                    models.CharField(
                        choices=[("tron", "Tron"), ("arbitrum", "Arbitrum One"), ("base", "Base")],
                        max_length=16,
                        null=True,
                    ),
                ),
                (
                    "token",
                    models.CharField(
                        choices=[("USDT", "USDT"), ("USDC", "USDC")], max_length=16, null=True
                    ),
                ),
                (
                    "source_type",
                    models.CharField(
                        choices=[
                            ("checkout", "Checkout"),
                            ("settlement", "Settlement"),
                            ("adjustment", "Adjustment"),
                        ],
                        max_length=10,
                    ),
                ),
                ("source_id", models.CharField(max_length=40)),
                ("ordinal", models.IntegerField(default=0)),
                ("checkout_id", models.CharField(max_length=40, null=True)),
                ("subscription_id", models.CharField(max_length=40, null=True)),
                ("renewal_id", models.CharField(max_length=40, null=True)),
                ("customer_id", models.CharField(max_length=40, null=True)),
                ("payout_id", models.CharField(max_length=40, null=True)),
                ("tx_hash", models.CharField(max_length=255, null=True)),
                ("description", models.CharField(max_length=1024, null=True)),
                ("occurred_at", models.DateTimeField()),
            ],
            options={
                "ordering": ("-occurred_at", "-id"),
                "indexes": [
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.OrderBy(models.F("occurred_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="revenue_list",
                    ),
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.F("event_type"),
                        models.OrderBy(models.F("occurred_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="revenue_list_by_type",
                    ),
                    models.Index(
                        condition=models.Q(("checkout_id__isnull", False)),
                        fields=["checkout_id"],
                        name="revenue_of_checkout",
                    ),
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.F("customer_id"),
                        models.OrderBy(models.F("occurred_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        condition=models.Q(("customer_id__isnull", False)),
                        name="revenue_list_by_customer",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "source_type", "source_id", "ordinal"),
                        name="one_revenue_line_per_source_and_ordinal",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_atomic__gt", 0)),
                        name="revenue_amount_is_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "event_type__in",
                                [
                                    "checkout_confirmed",
                                    "subscription_charged",
                                    "refund",
                                    "adjustment_credit",
                                    "adjustment_debit",
                                    "chargeback",
                                    "checkout_reversed",
                                    "subscription_reversed",
                                    "payout_settled",
                                    "payout_reversed",
                                ],
                            )
                        ),
                        name="revenue_type_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                (
                                    "event_type__in",
                                    [
                                        "checkout_reversed",
                                        "subscription_reversed",
                                        "payout_reversed",
                                    ],
                                ),
                                django.db.models.lookups.Exact(
                                    django.db.models.functions.math.Mod(models.F("ordinal"), 2), 1
                                ),
                            ),
                            models.Q(
                                models.Q(
                                    (
                                        "event_type__in",
                                        [
                                            "checkout_reversed",
                                            "subscription_reversed",
                                            "payout_reversed",
                                        ],
                                    ),
                                    _negated=True,
                                ),
                                django.db.models.lookups.Exact(
                                    django.db.models.functions.math.Mod(models.F("ordinal"), 2), 0
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="revenue_lines_of_a_source_alternate",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Adjustment",
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
                        "adj", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("credit", "Credit: adds to revenue"),
                            ("debit", "Debit: takes from revenue"),
                            ("chargeback", "Chargeback: a customer got it back"),
                            ("refund", "Refund: you sent it back"),
                        ],
                        max_length=10,
                    ),
                ),
                ("amount_atomic", models.BigIntegerField()),
                ("reason", models.CharField(max_length=1024)),
                ("checkout_id", models.CharField(max_length=40, null=True)),
                ("subscription_id", models.CharField(max_length=40, null=True)),
                ("customer_id", models.CharField(max_length=40, null=True)),
                ("source_type", models.CharField(max_length=40, null=True)),
                ("source_id", models.CharField(max_length=256, null=True)),
                ("metadata", models.JSONField(default=dict)),
                ("applied_by", models.CharField(max_length=40)),
                ("applied_by_name", models.CharField(max_length=120)),
                (
                    "revenue_event",
                    models.OneToOneField(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="revenue.revenueevent",
                    ),
                ),
            ],
            options={
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(
                        fields=["organization", "environment", "-created_at", "-id"],
                        name="adjustment_list",
                    ),
                    models.Index(
                        fields=["organization", "environment", "type", "-created_at", "-id"],
                        name="adjustment_list_by_type",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount_atomic__gt", 0)),
                        name="adjustment_amount_is_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("type__in", ["credit", "debit", "chargeback", "refund"])
                        ),
                        name="adjustment_type_is_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BackFill",
            fields=[
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("cursor", models.CharField(blank=True, default="", max_length=40)),
                ("written", models.BigIntegerField(default=0)),
                ("passes", models.IntegerField(default=0)),
                ("pass_ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
    ]
