"""The address book: recipients, their addresses, and which recipient a payout was made for."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import django_fsm
from django.db import migrations, models

import billing.models


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0001_initial"),
        ("payouts", "0009_index_recipient_amount"),
    ]

    operations = [
        migrations.AddField(
            model_name="payoutintent",
            name="recipient_name",
            field=models.CharField(editable=False, max_length=120, null=True),
        ),
        migrations.CreateModel(
            name="Recipient",
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
                        "rcp", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("note", models.TextField(blank=True, default="")),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("reference", models.CharField(blank=True, default="", max_length=255)),
                ("created_by", models.CharField(editable=False, max_length=40)),
                ("created_by_name", models.CharField(editable=False, max_length=255)),
                ("archived_at", models.DateTimeField(null=True)),
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
                "ordering": ("-created_at", "-id"),
            },
        ),
        migrations.AddField(
            model_name="payoutintent",
            name="recipient",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payouts",
                to="payouts.recipient",
            ),
        ),
        migrations.CreateModel(
            name="RecipientAddress",
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
                        "rad", editable=False, max_length=40, primary_key=True, serialize=False
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
                ("address", models.CharField(editable=False, max_length=64)),
                ("lookalike_key", models.CharField(editable=False, max_length=8)),
                ("warnings", models.JSONField(blank=True, default=list, editable=False)),
                (
                    "status",
                    django_fsm.FSMField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                            ("archived", "Archived"),
                        ],
                        default="proposed",
                        max_length=8,
                        protected=True,
                    ),
                ),
                ("proposed_by", models.CharField(editable=False, max_length=40)),
                ("proposed_by_name", models.CharField(editable=False, max_length=255)),
                ("proposed_by_issuer", models.CharField(default="", editable=False, max_length=40)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.CharField(blank=True, default="", max_length=40)),
                ("decided_by_name", models.CharField(blank=True, default="", max_length=255)),
                ("usable_at", models.DateTimeField(null=True)),
                ("archived_at", models.DateTimeField(null=True)),
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
                    "recipient",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="addresses",
                        to="payouts.recipient",
                    ),
                ),
            ],
            options={
                "ordering": ("-created_at", "-id"),
            },
            bases=(django_fsm.ConcurrentTransitionMixin, models.Model),
        ),
        migrations.CreateModel(
            name="AddressBook",
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
                        "abk", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                ("cool_down_hours", models.PositiveSmallIntegerField()),
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
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "environment"), name="one_address_book"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cool_down_hours__lte", 720)),
                        name="cool_down_has_an_end",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="recipient",
            index=models.Index(
                models.F("organization"),
                models.F("environment"),
                models.OrderBy(models.F("created_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="recipient_list",
            ),
        ),
        migrations.AddConstraint(
            model_name="recipient",
            constraint=models.UniqueConstraint(
                models.F("organization"),
                models.F("environment"),
                django.db.models.functions.text.Lower("name"),
                condition=models.Q(("archived_at__isnull", True)),
                name="one_live_recipient_per_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="recipient",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="recipient_has_a_name"
            ),
        ),
        migrations.AddIndex(
            model_name="recipientaddress",
            index=models.Index(
                condition=models.Q(("status", "approved")),
                fields=["organization", "environment", "lookalike_key"],
                name="recipient_lookalikes",
            ),
        ),
        migrations.AddIndex(
            model_name="recipientaddress",
            index=models.Index(
                models.F("organization"),
                models.F("environment"),
                models.OrderBy(models.F("created_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="recipient_address_list",
            ),
        ),
        migrations.AddConstraint(
            model_name="recipientaddress",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["proposed", "approved"])),
                fields=("organization", "environment", "chain", "address"),
                name="one_live_recipient_address",
            ),
        ),
        migrations.AddConstraint(
            model_name="recipientaddress",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["proposed", "approved", "rejected", "archived"])
                ),
                name="recipient_address_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="recipientaddress",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_at__isnull", True), ("decided_by", ""), ("status", "proposed")
                    ),
                    ("status", "archived"),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("status__in", ["approved", "rejected"]),
                        models.Q(("decided_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="recipient_address_decision_fits",
            ),
        ),
        migrations.AddConstraint(
            model_name="recipientaddress",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "approved"), ("usable_at__gte", models.F("decided_at"))),
                    ("status", "archived"),
                    models.Q(("status__in", ["proposed", "rejected"]), ("usable_at__isnull", True)),
                    _connector="OR",
                ),
                name="recipient_address_cools_down",
            ),
        ),
        migrations.AddConstraint(
            model_name="recipientaddress",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "approved"), _negated=True),
                    models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                    ("decided_by__startswith", "key_"),
                    _connector="OR",
                ),
                name="recipient_address_has_two_people",
            ),
        ),
    ]
