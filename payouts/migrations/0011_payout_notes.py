"""Comments on payouts, and files attached to them; the bytes of a file in a table of their own."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import billing.models


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0001_initial"),
        ("payouts", "0010_address_book"),
    ]

    operations = [
        migrations.CreateModel(
            name="PayoutAttachment",
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
                        "att", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(editable=False, max_length=120)),
                ("media_type", models.CharField(editable=False, max_length=100)),
                ("size", models.PositiveIntegerField(editable=False)),
                ("sha256", models.CharField(editable=False, max_length=64)),
                ("author_id", models.CharField(editable=False, max_length=40)),
                ("author_name", models.CharField(editable=False, max_length=255)),
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
                "ordering": ("created_at", "id"),
            },
        ),
        migrations.CreateModel(
            name="AttachmentContent",
            fields=[
                (
                    "attachment",
                    models.OneToOneField(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="content",
                        serialize=False,
                        to="payouts.payoutattachment",
                    ),
                ),
                ("data", models.BinaryField()),
            ],
        ),
        migrations.AddField(
            model_name="payoutattachment",
            name="payout",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="attachments",
                to="payouts.payoutintent",
            ),
        ),
        migrations.CreateModel(
            name="PayoutComment",
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
                        "cmt", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                ("text", models.TextField(editable=False)),
                ("author_id", models.CharField(editable=False, max_length=40)),
                ("author_name", models.CharField(editable=False, max_length=255)),
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
                    "payout",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="comments",
                        to="payouts.payoutintent",
                    ),
                ),
            ],
            options={
                "ordering": ("created_at", "id"),
            },
        ),
        migrations.AddConstraint(
            model_name="payoutattachment",
            constraint=models.UniqueConstraint(
                fields=("payout", "sha256"), name="one_file_once_per_payout"
            ),
        ),
        migrations.AddConstraint(
            model_name="payoutattachment",
            constraint=models.CheckConstraint(
                condition=models.Q(("size__gt", 0), ("size__lte", 5242880)), name="attachment_size"
            ),
        ),
    ]
