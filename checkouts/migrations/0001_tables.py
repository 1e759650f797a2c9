import datetime

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import django_fsm
from django.db import migrations, models

import billing.models


class Migration(migrations.Migration):
    replaces = [
        ("checkouts", "0001_initial"),
        ("checkouts", "0003_index_metadata_and_customer"),
        ("checkouts", "0004_index_what_is_unusual"),
        ("checkouts", "0006_index_renewals"),
    ]

    initial = True

    dependencies = [
        ("chainwatch", "0001_tables"),
        ("organizations", "0001_tables"),
        ("wallets", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="PaymentMethod",
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
                        "pm", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                (
                    "wallet",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payment_methods",
                        to="wallets.wallet",
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
                (
                    "token",
                    models.CharField(
                        choices=[("USDT", "USDT"), ("USDC", "USDC")], editable=False, max_length=16
                    ),
                ),
                ("display_name", models.CharField(blank=True, max_length=256, null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "Active"), ("disabled", "Disabled")],
                        default="active",
                        max_length=8,
                    ),
                ),
                ("is_default", models.BooleanField(default=False)),
                ("required_confirmations", models.IntegerField()),
                ("min_amount_atomic", models.BigIntegerField(null=True)),
                ("max_amount_atomic", models.BigIntegerField(null=True)),
                ("tolerance_atomic", models.BigIntegerField(default=0)),
                ("disabled_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(
                        fields=["organization", "environment", "-created_at", "-id"],
                        name="payment_method_list",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("organization", "environment"),
                        name="one_default_payment_method",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("disabled_at__isnull", True), ("status", "active")),
                            models.Q(
                                ("disabled_at__isnull", False),
                                ("is_default", False),
                                ("status", "disabled"),
                            ),
                            _connector="OR",
                        ),
                        name="payment_method_status_fits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("required_confirmations__gte", 1)),
                        name="payment_method_wants_a_confirmation",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("min_amount_atomic__isnull", True),
                            ("max_amount_atomic__isnull", True),
                            ("min_amount_atomic__lte", models.F("max_amount_atomic")),
                            _connector="OR",
                        ),
                        name="payment_method_amounts_fit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tolerance_atomic__gte", 0)),
                        name="payment_method_tolerance_is_no_debt",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentLink",
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
                        "pl", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                (
                    "payment_method",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payment_links",
                        to="checkouts.paymentmethod",
                    ),
                ),
                ("amount_atomic", models.BigIntegerField(editable=False)),
                ("description", models.CharField(blank=True, max_length=512, null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(
                        fields=["organization", "environment", "-created_at", "-id"],
                        name="payment_link_list",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount_atomic__gt", 0)),
                        name="payment_link_amount_is_positive",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Checkout",
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
                        "co", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                (
                    "payment_method",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="checkouts",
                        to="checkouts.paymentmethod",
                    ),
                ),
                (
                    "deposit_address",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="checkouts",
                        to="wallets.depositaddress",
                    ),
                ),
                ("address", models.CharField(editable=False, max_length=64)),
                (
                    "chain",
                    models.CharField(
                        choices=[("tron", "Tron"), ("arbitrum", "Arbitrum One"), ("base", "Base")],
                        editable=False,
                        max_length=16,
                    ),
                ),
                (
                    "token",
                    models.CharField(
                        choices=[("USDT", "USDT"), ("USDC", "USDC")], editable=False, max_length=16
                    ),
                ),
                ("contract", models.CharField(editable=False, max_length=64)),
                ("amount_requested_atomic", models.BigIntegerField(editable=False)),
                ("amount_atomic", models.BigIntegerField(editable=False)),
                ("tolerance_atomic", models.BigIntegerField(default=0, editable=False)),
                ("required_confirmations", models.IntegerField(editable=False)),
                ("expires_at", models.DateTimeField(editable=False)),
                (
                    "clock_ahead",
                    models.DurationField(default=datetime.timedelta(0), editable=False),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[("one_time", "One Time"), ("renewal", "Renewal")],
                        default="one_time",
                        max_length=8,
                    ),
                ),
                (
                    "payment_link",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="checkouts",
                        to="checkouts.paymentlink",
                    ),
                ),
                (
                    "subscription_id",
                    models.CharField(blank=True, editable=False, max_length=40, null=True),
                ),
                (
                    "renewal_id",
                    models.CharField(blank=True, editable=False, max_length=40, null=True),
                ),
                ("customer_id", models.CharField(blank=True, max_length=40, null=True)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                ("success_url", models.CharField(blank=True, max_length=2048, null=True)),
                ("cancel_url", models.CharField(blank=True, max_length=2048, null=True)),
                (
                    "status",
                    django_fsm.FSMField(
                        choices=[
                            ("pending", "Pending"),
                            ("detected", "Detected"),
                            ("confirming", "Confirming"),
                            ("confirmed", "Confirmed"),
                            ("expired", "Expired"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=10,
                        protected=True,
                    ),
                ),
                (
                    "amount_received_atomic",
                    models.DecimalField(decimal_places=0, default=0, max_digits=78),
                ),
                ("tx_hash", models.CharField(max_length=255, null=True)),
                ("block_number", models.BigIntegerField(null=True)),
                ("confirmations", models.BigIntegerField(null=True)),
                ("detected_at", models.DateTimeField(null=True)),
                ("confirming_at", models.DateTimeField(null=True)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("expired_at", models.DateTimeField(null=True)),
                ("canceled_at", models.DateTimeField(null=True)),
                ("failed_at", models.DateTimeField(null=True)),
                ("failure_reason", models.TextField(null=True)),
                ("underpaid_at", models.DateTimeField(null=True)),
                ("overpaid_at", models.DateTimeField(null=True)),
                ("reversed_at", models.DateTimeField(null=True)),
                ("restored_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="checkout_list",
                    ),
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.F("status"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="checkout_list_by_status",
                    ),
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.F("customer_id"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        condition=models.Q(("customer_id__isnull", False)),
                        name="checkout_list_by_customer",
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["metadata"], name="checkout_metadata", opclasses=["jsonb_path_ops"]
                    ),
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        condition=models.Q(
                            ("underpaid_at__isnull", False),
                            ("overpaid_at__isnull", False),
                            ("reversed_at__isnull", False),
                            _connector="OR",
                        ),
                        name="checkout_unusual",
                    ),
                    models.Index(
                        models.F("renewal_id"),
                        condition=models.Q(("renewal_id__isnull", False)),
                        name="checkout_of_renewal",
                    ),
                    models.Index(
                        condition=models.Q(("status__in", ["pending", "detected", "confirming"])),
                        fields=["chain", "expires_at"],
                        name="checkout_open",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount_requested_atomic__gt", 0),
                            ("amount_atomic__gte", models.F("amount_requested_atomic")),
                        ),
                        name="checkout_amount_is_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "pending",
                                    "detected",
                                    "confirming",
                                    "confirmed",
                                    "expired",
                                    "failed",
                                ],
                            )
                        ),
                        name="checkout_status_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("tolerance_atomic__gte", 0),
                            ("tolerance_atomic__lt", models.F("amount_atomic")),
                        ),
                        name="checkout_tolerance_is_less_than_all",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("block_number__isnull", False),
                                ("detected_at__isnull", False),
                                ("status__in", ["detected", "confirming", "confirmed"]),
                                ("tx_hash__isnull", False),
                            ),
                            models.Q(
                                ("block_number__isnull", True),
                                ("detected_at__isnull", True),
                                ("status__in", ["pending", "expired", "failed"]),
                                ("tx_hash__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="checkout_payment_fits_its_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("purpose", "renewal"),
                                ("renewal_id__isnull", False),
                                ("subscription_id__isnull", False),
                            ),
                            models.Q(
                                ("purpose", "one_time"),
                                ("renewal_id__isnull", True),
                                ("subscription_id__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="checkout_renewal_fits_its_purpose",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("confirmed_at__isnull", False), ("status", "confirmed")),
                            models.Q(
                                models.Q(("status", "confirmed"), _negated=True),
                                ("confirmed_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="checkout_confirmation_fits_its_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("expired_at__isnull", False), ("status", "expired")),
                            models.Q(
                                models.Q(("status", "expired"), _negated=True),
                                ("canceled_at__isnull", True),
                                ("expired_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="checkout_expiry_fits_its_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("failed_at__isnull", False),
                                ("failure_reason__isnull", False),
                                ("status", "failed"),
                            ),
                            models.Q(
                                models.Q(("status", "failed"), _negated=True),
                                ("failed_at__isnull", True),
                                ("failure_reason__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="checkout_failure_fits_its_status",
                    ),
                ],
            },
            bases=(django_fsm.ConcurrentTransitionMixin, models.Model),
        ),
        migrations.CreateModel(
            name="AskedAmount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "deposit_address",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="wallets.depositaddress",
                    ),
                ),
                (
                    "token",
                    models.CharField(choices=[("USDT", "USDT"), ("USDC", "USDC")], max_length=16),
                ),
                ("amount_atomic", models.BigIntegerField()),
                (
                    "checkout",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="asked_amount",
                        to="checkouts.checkout",
                    ),
                ),
                ("free_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("deposit_address", "token", "amount_atomic"),
                        name="one_checkout_per_asked_amount",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_atomic__gt", 0)),
                        name="asked_amount_is_positive",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Branding",
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
                        "brand", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                ("merchant_name", models.CharField(max_length=120)),
                (
                    "accent_color",
                    models.CharField(
                        default="#0f766e",
                        max_length=7,
                        validators=[django.core.validators.RegexValidator("#[0-9a-f]{6}\\Z")],
                    ),
                ),
                ("support_url", models.CharField(blank=True, default="", max_length=500)),
                (
                    "origins",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "environment"), name="one_branding_per_environment"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("accent_color__regex", "^#[0-9a-f]{6}$")),
                        name="branding_color_is_one",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Payment",
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
                        "pay", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                (
                    "deposit_address",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="wallets.depositaddress",
                    ),
                ),
                (
                    "checkout",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="checkouts.checkout",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("on_time", "on time"),
                            ("late", "late"),
                            ("wrong_token", "wrong token"),
                            ("unassigned", "unassigned"),
                        ],
                        max_length=12,
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
                ("tx_hash", models.CharField(editable=False, max_length=255)),
                ("key", models.CharField(blank=True, default="", editable=False, max_length=40)),
                ("ordinal", models.IntegerField(editable=False)),
                (
                    "transfer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="chainwatch.transfer",
                    ),
                ),
                ("contract", models.CharField(editable=False, max_length=64)),
                ("token", models.CharField(blank=True, default="", editable=False, max_length=16)),
                ("from_address", models.CharField(editable=False, max_length=64)),
                (
                    "amount_atomic",
                    models.DecimalField(decimal_places=0, editable=False, max_digits=78),
                ),
                ("log_index", models.BigIntegerField()),
                ("block_number", models.BigIntegerField()),
                ("block_hash", models.CharField(max_length=80)),
                ("block_time", models.DateTimeField()),
                ("detected_at", models.DateTimeField()),
                ("final_at", models.DateTimeField(null=True)),
                ("finalized_at", models.DateTimeField(null=True)),
                ("reversed_at", models.DateTimeField(null=True)),
                ("judged_change", models.DateTimeField(null=True)),
                (
                    "resolution",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("refunded", "Refunded"),
                            ("accepted", "accepted as it is"),
                            ("credited", "credited to the customer"),
                            ("written_off", "written off"),
                        ],
                        default="",
                        max_length=12,
                    ),
                ),
                ("resolved_at", models.DateTimeField(null=True)),
                ("resolved_by", models.CharField(blank=True, default="", max_length=120)),
                ("note", models.TextField(blank=True, default="")),
            ],
            options={
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="payment_list",
                    ),
                    models.Index(
                        condition=models.Q(
                            models.Q(("kind", "on_time"), _negated=True), ("resolution", "")
                        ),
                        fields=["organization", "environment", "created_at"],
                        name="payment_work",
                    ),
                    models.Index(
                        condition=models.Q(("finalized_at__isnull", True)),
                        fields=["chain"],
                        name="payment_not_finalized",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=(
                            "organization",
                            "environment",
                            "chain",
                            "tx_hash",
                            "key",
                            "ordinal",
                            "deposit_address",
                        ),
                        name="one_payment_per_transfer",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["on_time", "late", "wrong_token", "unassigned"])
                        ),
                        name="payment_kind_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("checkout__isnull", True), ("kind", "unassigned")),
                            models.Q(
                                models.Q(("kind", "unassigned"), _negated=True),
                                ("checkout__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="payment_checkout_fits_its_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_atomic__gt", 0)),
                        name="payment_amount_is_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("resolution", ""), ("resolved_at__isnull", True)),
                            models.Q(
                                models.Q(("resolution", ""), _negated=True),
                                ("resolved_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="payment_resolution_has_a_time",
                    ),
                ],
            },
        ),
    ]
