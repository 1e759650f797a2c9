"""Imports are checked and created by a worker; what is said of a line has a row of its own."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0003_two_factor_sessions_notices"),
        ("payouts", "0016_imports"),
    ]

    operations = [
        migrations.CreateModel(
            name="PayoutImportLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField(editable=False)),
                ("cells", models.JSONField(default=dict, editable=False)),
                ("file_cells", models.JSONField(default=dict, editable=False)),
                ("findings", models.JSONField(default=list, editable=False)),
                ("is_wrong", models.BooleanField(default=False, editable=False)),
                ("is_doubtful", models.BooleanField(default=False, editable=False)),
                ("is_confirmed", models.BooleanField(default=False, editable=False)),
                ("confirmed", models.JSONField(default=list, editable=False)),
                ("confirmed_by", models.CharField(default="", editable=False, max_length=40)),
                ("confirmed_by_name", models.CharField(default="", editable=False, max_length=255)),
                ("edited_at", models.DateTimeField(editable=False, null=True)),
                ("edited_by", models.CharField(default="", editable=False, max_length=40)),
                ("edited_by_name", models.CharField(default="", editable=False, max_length=255)),
            ],
            options={
                "ordering": ("number",),
            },
        ),
        migrations.RemoveConstraint(
            model_name="payoutimport",
            name="payout_import_is_closed_once",
        ),
        migrations.AddField(
            model_name="payoutimport",
            name="columns",
            field=models.JSONField(default=list, editable=False),
        ),
        migrations.AddField(
            model_name="payoutimport",
            name="confirmed_by",
            field=models.CharField(default="", editable=False, max_length=40),
        ),
        migrations.AddField(
            model_name="payoutimport",
            name="confirmed_by_name",
            field=models.CharField(default="", editable=False, max_length=255),
        ),
        migrations.AddField(
            model_name="payoutimport",
            name="confirmed_from",
            field=models.CharField(default="", editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name="payoutimport",
            name="lines_checked",
            field=models.IntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="payoutimport",
            name="lines_doubtful",
            field=models.IntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="payoutimport",
            name="lines_unconfirmed",
            field=models.IntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="payoutimport",
            name="lines_wrong",
            field=models.IntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="payoutimport",
            name="refusal",
            field=models.TextField(default="", editable=False),
        ),
        migrations.AddField(
            model_name="payoutimport",
            name="revision",
            field=models.IntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="payoutimport",
            name="tries",
            field=models.IntegerField(default=0, editable=False),
        ),
        migrations.AlterField(
            model_name="payoutimport",
            name="checked_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="payoutimport",
            name="state",
            field=models.CharField(
                choices=[
                    ("read", "Read"),
                    ("checked", "Checked"),
                    ("importing", "Importing"),
                    ("done", "Done"),
                    ("abandoned", "Abandoned"),
                    ("failed", "Failed"),
                ],
                default="read",
                editable=False,
                max_length=9,
            ),
        ),
        migrations.AddIndex(
            model_name="payoutimport",
            index=models.Index(
                condition=models.Q(("state__in", ["read", "importing"])),
                fields=["tries", "created_at"],
                name="payout_import_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="payoutimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("closed_at__isnull", True),
                        ("closed_by", ""),
                        ("state__in", ["read", "checked", "importing"]),
                    ),
                    models.Q(
                        ("closed_at__isnull", False),
                        ("state__in", ["done", "abandoned", "failed"]),
                        models.Q(("closed_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="payout_import_is_closed_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="payoutimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "importing"), _negated=True),
                    models.Q(("confirmed_by", ""), _negated=True),
                    _connector="OR",
                ),
                name="payout_import_is_confirmed_by_somebody",
            ),
        ),
        migrations.AddField(
            model_name="payoutimportline",
            name="payout_import",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="found",
                to="payouts.payoutimport",
            ),
        ),
        migrations.AddConstraint(
            model_name="payoutimportline",
            constraint=models.UniqueConstraint(
                fields=("payout_import", "number"), name="one_row_per_line_of_an_import"
            ),
        ),
    ]
