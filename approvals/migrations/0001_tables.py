import datetime

import django.db.models.constraints
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import billing.models


class Migration(migrations.Migration):
    replaces = [
        ("approvals", "0001_initial"),
        ("approvals", "0003_policies"),
    ]

    initial = True

    dependencies = [
        ("organizations", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Approval",
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
                        "apr", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                ("subject_id", models.CharField(editable=False, max_length=40)),
                ("digest", models.CharField(editable=False, max_length=64)),
                ("actor_id", models.CharField(editable=False, max_length=40)),
                ("actor_name", models.CharField(editable=False, max_length=255)),
                ("person_id", models.CharField(editable=False, max_length=40)),
                ("approved_at", models.DateTimeField(editable=False)),
                ("chain", models.CharField(default="", editable=False, max_length=16)),
                ("token", models.CharField(default="", editable=False, max_length=16)),
                ("amount_atomic", models.BigIntegerField(default=0, editable=False)),
                ("recipient", models.CharField(default="", editable=False, max_length=64)),
                ("decides", models.BooleanField(default=False, editable=False)),
                ("policy_version", models.PositiveIntegerField(editable=False, null=True)),
                ("rule", models.CharField(default="", editable=False, max_length=100)),
                ("voided_at", models.DateTimeField(editable=False, null=True)),
                ("void_reason", models.TextField(blank=True, default="", editable=False)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["subject_id", "approved_at"], name="approval_of_subject"),
                    models.Index(
                        condition=models.Q(("decides", True), ("voided_at", None)),
                        fields=["organization", "environment", "approved_at"],
                        name="approval_decided",
                    ),
                    models.Index(
                        condition=models.Q(("voided_at", None)),
                        fields=["organization", "environment", "person_id", "approved_at"],
                        name="approval_of_person",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("voided_at", None)),
                        fields=("subject_id", "actor_id"),
                        name="one_approval_per_actor",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("decides", True), ("voided_at", None)),
                        fields=("subject_id", "digest"),
                        name="one_approval_decides",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("void_reason", ""), ("voided_at", None)),
                            models.Q(
                                ("voided_at__isnull", False),
                                models.Q(("void_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="approval_is_void_for_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ApproverGroup",
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
                        "agr", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("keys_count", models.BooleanField(default=False)),
                ("members", models.ManyToManyField(related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("organization"),
                        models.F("environment"),
                        django.db.models.functions.text.Lower("name"),
                        name="one_approver_group_per_name",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Policy",
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
                        "pol", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField(editable=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("published", "Published"),
                            ("retired", "Retired"),
                        ],
                        default="draft",
                        max_length=9,
                    ),
                ),
                ("note", models.CharField(blank=True, default="", max_length=500)),
                ("lapse_after", models.DurationField(default=datetime.timedelta(days=7))),
                ("revision", models.PositiveIntegerField(default=1, editable=False)),
                ("created_by", models.CharField(editable=False, max_length=40)),
                ("created_by_name", models.CharField(editable=False, max_length=255)),
                ("edited_by", models.CharField(editable=False, max_length=40)),
                ("edited_by_name", models.CharField(editable=False, max_length=255)),
                ("published_at", models.DateTimeField(editable=False, null=True)),
                ("published_by", models.CharField(default="", editable=False, max_length=40)),
                ("published_by_name", models.CharField(default="", editable=False, max_length=255)),
                ("retired_at", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "verbose_name_plural": "policies",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "environment", "version"),
                        name="one_policy_per_version",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "draft")),
                        fields=("organization", "environment"),
                        name="one_draft_policy",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "published")),
                        fields=("organization", "environment"),
                        name="one_published_policy",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("published_at", None), ("retired_at", None), ("status", "draft")
                            ),
                            models.Q(
                                ("published_at__isnull", False),
                                ("retired_at", None),
                                ("status", "published"),
                            ),
                            models.Q(
                                ("published_at__isnull", False),
                                ("retired_at__isnull", False),
                                ("status", "retired"),
                            ),
                            _connector="OR",
                        ),
                        name="policy_times_fit_its_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("lapse_after__gte", datetime.timedelta(seconds=3600)),
                            ("lapse_after__lte", datetime.timedelta(days=90)),
                        ),
                        name="policy_lapses_within_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Rule",
            fields=[
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "id",
                    billing.models.IdField(
                        "rul", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rules",
                        to="approvals.policy",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=80)),
                ("chains", models.JSONField(default=list)),
                ("tokens", models.JSONField(default=list)),
                ("min_atomic", models.BigIntegerField(null=True)),
                ("max_atomic", models.BigIntegerField(null=True)),
                (
                    "recipient_is",
                    models.CharField(
                        choices=[
                            ("any", "any recipient"),
                            ("known", "a known recipient"),
                            ("new", "a new recipient"),
                            ("address_book", "a recipient of the address book"),
                        ],
                        default="any",
                        max_length=12,
                    ),
                ),
                ("reference_types", models.JSONField(default=list)),
                (
                    "created_via",
                    models.CharField(
                        choices=[
                            ("any", "anybody"),
                            ("person", "a person"),
                            ("key", "an API key"),
                            ("import", "an import"),
                        ],
                        default="any",
                        max_length=6,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[("approvals", "asks approvals"), ("block", "is blocked")],
                        default="approvals",
                        max_length=9,
                    ),
                ),
                ("needed", models.PositiveSmallIntegerField(default=1)),
                (
                    "group",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rules",
                        to="approvals.approvergroup",
                    ),
                ),
                ("people_only", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ("position",),
                "constraints": [
                    models.UniqueConstraint(
                        deferrable=django.db.models.constraints.Deferrable["DEFERRED"],
                        fields=("policy", "position"),
                        name="one_rule_per_position",
                    ),
                    models.UniqueConstraint(fields=("policy", "name"), name="one_rule_per_name"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("group", None),
                                ("needed", 0),
                                ("outcome", "block"),
                                ("people_only", False),
                            ),
                            models.Q(
                                ("needed__gte", 1), ("needed__lte", 20), ("outcome", "approvals")
                            ),
                            _connector="OR",
                        ),
                        name="rule_asks_what_it_can",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("min_atomic", None),
                            ("max_atomic", None),
                            ("min_atomic__lte", models.F("max_atomic")),
                            _connector="OR",
                        ),
                        name="rule_range_is_not_empty",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Limit",
            fields=[
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "id",
                    billing.models.IdField(
                        "lim", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="limits",
                        to="approvals.policy",
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("organization", "all together"),
                            ("recipient", "to one recipient"),
                            ("approver", "by one approver"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "chain",
                    models.CharField(
                        blank=True,
                        choices=[("tron", "Tron"), ("arbitrum", "Arbitrum One"), ("base", "Base")],
                        default="",
                        max_length=16,
                    ),
                ),
                (
                    "token",
                    models.CharField(
                        blank=True,
                        choices=[("USDT", "USDT"), ("USDC", "USDC")],
                        default="",
                        max_length=16,
                    ),
                ),
                ("amount_atomic", models.BigIntegerField()),
                ("window_h", models.PositiveSmallIntegerField()),
            ],
            options={
                "ordering": ("created_at", "id"),
                "constraints": [
                    models.UniqueConstraint(fields=("policy", "name"), name="one_limit_per_name"),
                    models.CheckConstraint(
                        condition=models.Q(("amount_atomic__gt", 0)),
                        name="limit_amount_is_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("window_h__gte", 1), ("window_h__lte", 744)),
                        name="limit_window_is_1_hour_to_31_days",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("scope__in", ["organization", "recipient", "approver"])
                        ),
                        name="limit_scope_is_known",
                    ),
                ],
            },
        ),
    ]
