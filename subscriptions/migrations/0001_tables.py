import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
import django_fsm
from django.db import migrations, models

import billing.models
import subscriptions.models.settings
import subscriptions.models.subscriptions


class Migration(migrations.Migration):
    replaces = [
        ("subscriptions", "0001_initial"),
    ]

    initial = True

    dependencies = [
        ("checkouts", "0001_tables"),
        ("customers", "0001_initial"),
        ("organizations", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Plan",
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
                        "plan", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=256)),
                ("description", models.CharField(blank=True, max_length=1024, null=True)),
                ("amount_atomic", models.BigIntegerField(editable=False)),
                (
                    "interval",
                    models.CharField(
                        choices=[
                            ("daily", "Daily"),
                            ("weekly", "Weekly"),
                            ("monthly", "Monthly"),
                            ("yearly", "Yearly"),
                        ],
                        editable=False,
                        max_length=8,
                    ),
                ),
                ("interval_count", models.IntegerField(default=1, editable=False)),
                ("trial_days", models.IntegerField(default=0, editable=False)),
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
                (
                    "status",
                    models.CharField(
                        choices=[("active", "Active"), ("archived", "Archived")],
                        default="active",
                        max_length=8,
                    ),
                ),
                ("metadata", models.JSONField(blank=True, default=dict)),
            ],
            options={
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="plan_list",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount_atomic__gt", 0)), name="plan_amount_is_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("interval__in", ["daily", "weekly", "monthly", "yearly"])
                        ),
                        name="plan_interval_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("interval_count__range", (1, 1000))),
                        name="plan_interval_count_is_sensible",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("trial_days__range", (0, 3650))),
                        name="plan_trial_is_ten_years_at_most",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["active", "archived"])),
                        name="plan_status_is_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Entitlement",
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
                        "ent", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entitlements",
                        to="subscriptions.plan",
                    ),
                ),
                ("feature_key", models.CharField(max_length=256)),
                (
                    "value_type",
                    models.CharField(
                        choices=[
                            ("boolean", "Boolean"),
                            ("numeric", "Numeric"),
                            ("string", "String"),
                        ],
                        max_length=8,
                    ),
                ),
                ("value_boolean", models.BooleanField(null=True)),
                ("value_numeric", models.DecimalField(decimal_places=12, max_digits=40, null=True)),
                ("value_string", models.CharField(max_length=1024, null=True)),
            ],
            options={
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="entitlement_list",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("plan", "feature_key"), name="one_entitlement_per_plan_and_feature"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("value_boolean__isnull", False),
                                ("value_numeric__isnull", True),
                                ("value_string__isnull", True),
                                ("value_type", "boolean"),
                            ),
                            models.Q(
                                ("value_boolean__isnull", True),
                                ("value_numeric__isnull", False),
                                ("value_string__isnull", True),
                                ("value_type", "numeric"),
                            ),
                            models.Q(
                                ("value_boolean__isnull", True),
                                ("value_numeric__isnull", True),
                                ("value_string__isnull", False),
                                ("value_type", "string"),
                            ),
                            _connector="OR",
                        ),
                        name="entitlement_value_fits_its_type",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Subscription",
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
                        "sub", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscriptions",
                        to="customers.customer",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscriptions",
                        to="subscriptions.plan",
                    ),
                ),
                (
                    "payment_method",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="checkouts.paymentmethod",
                    ),
                ),
                (
                    "page_token",
                    models.CharField(
                        default=subscriptions.models.subscriptions.new_page_token,
                        editable=False,
                        max_length=64,
                        unique=True,
                    ),
                ),
                ("metadata", models.JSONField(blank=True, default=dict)),
                ("time_zone", models.CharField(default="UTC", editable=False, max_length=64)),
                ("anchor_at", models.DateTimeField(editable=False)),
                ("next_period", models.IntegerField(default=0, editable=False)),
                ("current_period_start", models.DateTimeField(editable=False)),
                ("current_period_end", models.DateTimeField(editable=False)),
                ("trial_end", models.DateTimeField(editable=False, null=True)),
                (
                    "status",
                    django_fsm.FSMField(
                        choices=[
                            ("trialing", "Trialing"),
                            ("active", "Active"),
                            ("past_due", "Past Due"),
                            ("paused", "Paused"),
                            ("canceled", "Canceled"),
                            ("expired", "Expired"),
                        ],
                        max_length=8,
                        protected=True,
                    ),
                ),
                ("cancel_at_period_end", models.BooleanField(default=False, editable=False)),
                ("canceled_at", models.DateTimeField(editable=False, null=True)),
                (
                    "canceled_because",
                    models.CharField(
                        blank=True,
                        choices=[("requested", "Requested"), ("unpaid", "Unpaid")],
                        default="",
                        editable=False,
                        max_length=9,
                    ),
                ),
                ("expired_at", models.DateTimeField(editable=False, null=True)),
                ("pause_start", models.DateTimeField(editable=False, null=True)),
                ("pause_end", models.DateTimeField(editable=False, null=True)),
                ("wakes_at", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="subscription_list",
                    ),
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.F("status"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="subscription_list_by_status",
                    ),
                    models.Index(
                        models.F("customer"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="subscription_of_customer",
                    ),
                    models.Index(
                        models.F("wakes_at"),
                        condition=models.Q(("wakes_at__isnull", False)),
                        name="subscription_wakes",
                    ),
                    models.Index(
                        models.F("organization"),
                        models.F("wakes_at"),
                        condition=models.Q(("environment", "sandbox"), ("wakes_at__isnull", False)),
                        name="subscription_wakes_in_sandbox",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                ["trialing", "active", "past_due", "paused", "canceled", "expired"],
                            )
                        ),
                        name="subscription_status_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("current_period_start__lte", models.F("current_period_end"))
                        ),
                        name="subscription_period_ends_after_it_began",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("next_period__gte", 0)),
                        name="subscription_period_is_counted",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("canceled_at__isnull", False),
                                ("status__in", ["canceled", "expired"]),
                                ("canceled_because__in", ["requested", "unpaid"]),
                            ),
                            models.Q(
                                models.Q(("status__in", ["canceled", "expired"]), _negated=True),
                                ("canceled_at__isnull", True),
                                ("canceled_because", ""),
                            ),
                            _connector="OR",
                        ),
                        name="subscription_cancellation_fits_its_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("expired_at__isnull", False), ("status", "expired")),
                            models.Q(
                                models.Q(("status", "expired"), _negated=True),
                                ("expired_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="subscription_expiry_fits_its_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "paused"), _negated=True),
                            models.Q(("pause_end", None), ("pause_start__isnull", False)),
                            _connector="OR",
                        ),
                        name="subscription_pause_fits_its_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "trialing"), _negated=True),
                            ("trial_end__isnull", False),
                            _connector="OR",
                        ),
                        name="subscription_trial_has_an_end",
                    ),
                ],
            },
            bases=(django_fsm.ConcurrentTransitionMixin, models.Model),
        ),
        migrations.CreateModel(
            name="Renewal",
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
                        "ren", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="renewals",
                        to="subscriptions.subscription",
                    ),
                ),
                ("period_start", models.DateTimeField(editable=False)),
                ("period_end", models.DateTimeField(editable=False)),
                ("amount_atomic", models.BigIntegerField(editable=False)),
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
                ("schedule_from", models.DateTimeField(editable=False)),
                (
                    "closes_after_days",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), editable=False, size=None
                    ),
                ),
                (
                    "status",
                    django_fsm.FSMField(
                        choices=[
                            ("pending", "Pending"),
                            ("checkout_created", "Checkout Created"),
                            ("paid", "Paid"),
                            ("failed", "Failed"),
                            ("skipped", "Skipped"),
                        ],
                        default="pending",
                        max_length=16,
                        protected=True,
                    ),
                ),
                (
                    "checkout",
                    models.OneToOneField(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="checkouts.checkout",
                    ),
                ),
                ("attempt_count", models.IntegerField(default=0, editable=False)),
                ("attempted_at", models.DateTimeField(editable=False, null=True)),
                ("closes_at", models.DateTimeField(editable=False, null=True)),
                ("next_attempt_at", models.DateTimeField(editable=False, null=True)),
                ("problem", models.TextField(blank=True, default="", editable=False)),
                ("paid_at", models.DateTimeField(editable=False, null=True)),
                ("closed_at", models.DateTimeField(editable=False, null=True)),
                ("mail_owed_at", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="renewal_list",
                    ),
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.F("status"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="renewal_list_by_status",
                    ),
                    models.Index(
                        models.F("id"),
                        condition=models.Q(("closed_at__isnull", True)),
                        name="renewal_open",
                    ),
                    models.Index(
                        models.F("mail_owed_at"),
                        condition=models.Q(("mail_owed_at__isnull", False)),
                        name="renewal_mail_owed",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subscription", "period_start"), name="one_renewal_per_period"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at__isnull", True)),
                        fields=("subscription",),
                        name="one_open_renewal_per_subscription",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                ["pending", "checkout_created", "paid", "failed", "skipped"],
                            )
                        ),
                        name="renewal_status_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("period_start__lt", models.F("period_end"))),
                        name="renewal_period_is_no_moment",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_atomic__gt", 0)),
                        name="renewal_amount_is_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("attempt_count__gte", 0),
                            ("attempt_count__lte", models.F("closes_after_days__len")),
                        ),
                        name="renewal_attempts_are_counted",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("closed_at__isnull", False),
                                ("paid_at__isnull", False),
                                ("status", "paid"),
                            ),
                            models.Q(
                                ("closed_at__isnull", False),
                                ("paid_at__isnull", True),
                                ("status", "skipped"),
                            ),
                            models.Q(("paid_at__isnull", True), ("status", "failed")),
                            models.Q(
                                ("closed_at__isnull", True),
                                ("paid_at__isnull", True),
                                ("status__in", ["pending", "checkout_created"]),
                            ),
                            _connector="OR",
                        ),
                        name="renewal_end_fits_its_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["pending", "skipped"]),
                            models.Q(("attempt_count__gte", 1), ("checkout__isnull", False)),
                            _connector="OR",
                        ),
                        name="renewal_checkout_fits_its_status",
                    ),
                ],
            },
            bases=(django_fsm.ConcurrentTransitionMixin, models.Model),
        ),
        migrations.CreateModel(
            name="RenewalSettings",
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
                        "rset", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                ("ahead_days", models.IntegerField(default=3)),
                (
                    "attempt_days",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(),
                        default=subscriptions.models.settings.first_attempts,
                        size=None,
                    ),
                ),
                ("last_open_days", models.IntegerField(default=3)),
                ("grace_days", models.IntegerField(default=7)),
                ("past_due_keeps_access", models.BooleanField(default=True)),
                ("customer_may_cancel", models.BooleanField(default=True)),
                ("emails_customers", models.BooleanField(default=False)),
                ("time_zone", models.CharField(default="UTC", max_length=64)),
            ],
            options={
                "verbose_name_plural": "renewal settings",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "environment"), name="one_renewal_settings"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ahead_days__range", (0, 30)),
                            ("last_open_days__range", (1, 30)),
                            ("grace_days__range", (0, 365)),
                        ),
                        name="renewal_settings_days_are_sensible",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("attempt_days__len__range", (1, 10)), ("attempt_days__0", 0)
                        ),
                        name="renewal_settings_attempts_begin_at_once",
                    ),
                ],
            },
        ),
    ]
