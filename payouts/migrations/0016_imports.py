"""Imports of drafts from files, and which payouts came by one."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import billing.models


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0003_two_factor_sessions_notices"),
        ("payouts", "0015_batches_are_called_batches"),
    ]

    operations = [
        migrations.CreateModel(
            name="PayoutImport",
            fields=[
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
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
                        "imp", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                ("file_name", models.CharField(editable=False, max_length=255)),
                ("sha256", models.CharField(editable=False, max_length=64)),
                ("zone", models.CharField(editable=False, max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("checked", "Checked"),
                            ("done", "Done"),
                            ("abandoned", "Abandoned"),
                        ],
                        default="checked",
                        editable=False,
                        max_length=9,
                    ),
                ),
                ("lines", models.IntegerField(default=0, editable=False)),
                ("report", models.JSONField(default=dict, editable=False)),
                ("checked_at", models.DateTimeField(editable=False)),
                ("created_by", models.CharField(editable=False, max_length=40)),
                ("created_by_name", models.CharField(editable=False, max_length=255)),
                ("closed_at", models.DateTimeField(editable=False, null=True)),
                ("closed_by", models.CharField(default="", editable=False, max_length=40)),
                ("closed_by_name", models.CharField(default="", editable=False, max_length=255)),
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
            ],
            options={
                "verbose_name": "import",
                "ordering": ("-created_at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="PayoutImportFile",
            fields=[
                (
                    "payout_import",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="file",
                        serialize=False,
                        to="payouts.payoutimport",
                    ),
                ),
                ("content", models.BinaryField()),
            ],
        ),
        migrations.AddField(
            model_name="payoutintent",
            name="payout_import",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payouts",
                to="payouts.payoutimport",
            ),
        ),
        migrations.AddIndex(
            model_name="payoutimport",
            index=models.Index(
                models.F("organization"),
                models.F("environment"),
                models.OrderBy(models.F("created_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="payout_import_list",
            ),
        ),
        migrations.AddIndex(
            model_name="payoutimport",
            index=models.Index(
                condition=models.Q(("state", "done")),
                fields=["organization", "environment", "sha256"],
                name="payout_import_by_file",
            ),
        ),
        migrations.AddConstraint(
            model_name="payoutimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", True), ("closed_by", ""), ("state", "checked")),
                    models.Q(
                        ("closed_at__isnull", False),
                        ("state__in", ["done", "abandoned"]),
                        models.Q(("closed_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="payout_import_is_closed_once",
            ),
        ),
    ]
