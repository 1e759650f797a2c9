import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import billing.models


class Migration(migrations.Migration):
    replaces = [
        ("reconciliation", "0001_initial"),
        ("reconciliation", "0002_exceptions_and_periods"),
        ("reconciliation", "0004_wallet_books"),
        ("reconciliation", "0006_ledger_accounts"),
    ]

    initial = True

    dependencies = [
        ("organizations", "0001_tables"),
        ("payouts", "0001_tables"),
        ("wallets", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReconciliationRun",
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
                        "run", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                ("since", models.DateTimeField(null=True)),
                ("until", models.DateTimeField(null=True)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField()),
                ("matched_count", models.BigIntegerField()),
                ("matched_atomic", models.DecimalField(decimal_places=0, max_digits=40)),
                ("unmatched_count", models.BigIntegerField()),
                ("unmatched_atomic", models.DecimalField(decimal_places=0, max_digits=40)),
                ("unexpected_count", models.BigIntegerField()),
                ("unexpected_atomic", models.DecimalField(decimal_places=0, max_digits=40)),
                ("discrepancies_count", models.BigIntegerField()),
                ("difference_atomic", models.DecimalField(decimal_places=0, max_digits=40)),
                ("reversed_count", models.BigIntegerField()),
                ("unknown_count", models.BigIntegerField()),
                ("found_count", models.BigIntegerField()),
                ("lines", models.JSONField(default=list)),
            ],
            options={
                "ordering": ("-started_at", "-id"),
                "indexes": [
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.OrderBy(models.F("started_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="reconciliation_run_list",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Case",
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
                        "exc", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                (
                    "settlement",
                    models.OneToOneField(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="case",
                        to="payouts.settlement",
                    ),
                ),
                (
                    "payout",
                    models.OneToOneField(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="case",
                        to="payouts.payoutintent",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-created_at", "-id"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("settlement__isnull", True), ("payout__isnull", True), _connector="XOR"
                        ),
                        name="case_is_of_one_thing",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CaseNote",
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
                        "exn", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notes",
                        to="reconciliation.case",
                    ),
                ),
                ("text", models.TextField(editable=False)),
                ("author_id", models.CharField(editable=False, max_length=40)),
                ("author_name", models.CharField(editable=False, max_length=255)),
            ],
            options={
                "ordering": ("-created_at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="TopUp",
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
                        "top", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                (
                    "settlement",
                    models.OneToOneField(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="top_up",
                        to="payouts.settlement",
                    ),
                ),
                (
                    "payout",
                    models.OneToOneField(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tops_up",
                        to="payouts.payoutintent",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Period",
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
                        "per", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                (
                    "previous",
                    models.OneToOneField(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="next",
                        to="reconciliation.period",
                    ),
                ),
                ("since", models.DateTimeField(editable=False, null=True)),
                ("until", models.DateTimeField(editable=False)),
                ("figures", models.JSONField(editable=False)),
                ("digest", models.CharField(editable=False, max_length=64)),
                ("open_count", models.BigIntegerField(editable=False)),
                ("reason", models.TextField(blank=True, default="", editable=False)),
                ("closed_by", models.CharField(editable=False, max_length=40)),
                ("closed_by_name", models.CharField(editable=False, max_length=255)),
            ],
            options={
                "ordering": ("-until", "-id"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("previous__isnull", True)),
                        fields=("organization", "environment"),
                        name="one_first_period",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("previous__isnull", True), ("since__isnull", True)),
                            models.Q(("previous__isnull", False), ("since__lt", models.F("until"))),
                            _connector="OR",
                        ),
                        name="period_follows_the_last",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("open_count", 0),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="period_with_open_work_says_why",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PeriodEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="reconciliation.period",
                    ),
                ),
                (
                    "settlement",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payouts.settlement",
                    ),
                ),
                ("verdict", models.CharField(editable=False, max_length=16)),
                ("actual_atomic", models.BigIntegerField(editable=False)),
                ("intended_atomic", models.BigIntegerField(editable=False)),
                ("is_late", models.BooleanField(editable=False)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("period", "settlement"), name="one_entry_per_period_and_settlement"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerAccounts",
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
                        "lac", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                ("names", models.JSONField(default=dict)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "environment"), name="one_set_of_ledger_accounts"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WalletBook",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "wallet",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="wallets.wallet",
                    ),
                ),
                ("source_since", models.DateTimeField(editable=False)),
                ("contract", models.CharField(editable=False, max_length=64)),
                (
                    "opening_atomic",
                    models.DecimalField(decimal_places=0, editable=False, max_digits=78),
                ),
                ("opening_block", models.BigIntegerField(editable=False)),
                ("opening_at", models.DateTimeField(editable=False)),
                ("in_atomic", models.DecimalField(decimal_places=0, max_digits=78)),
                ("out_atomic", models.DecimalField(decimal_places=0, max_digits=78)),
                ("chain_atomic", models.DecimalField(decimal_places=0, max_digits=78)),
                ("block_number", models.BigIntegerField()),
                ("asked_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("wallet", "source_since", "contract"),
                        name="one_book_per_wallet_and_token",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("block_number__gte", models.F("opening_block"))),
                        name="wallet_book_runs_forward",
                    ),
                ],
            },
        ),
    ]
