import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import django_fsm
from django.db import migrations, models

import billing.models


class Migration(migrations.Migration):
    replaces = [
        ("payouts", "0001_initial"),
        ("payouts", "0004_index_money_astray"),
        ("payouts", "0005_reversals_and_proposals"),
        ("payouts", "0007_proposals_are_declined"),
        ("payouts", "0008_index_reversed"),
        ("payouts", "0009_index_recipient_amount"),
        ("payouts", "0010_address_book"),
        ("payouts", "0011_payout_notes"),
        ("payouts", "0013_batches_have_a_digest"),
        ("payouts", "0014_digests_of_standing_batches"),
        ("payouts", "0015_batches_are_called_batches"),
        ("payouts", "0016_imports"),
        ("payouts", "0017_imports_are_worked_on"),
        ("payouts", "0018_check_imports_again"),
        ("payouts", "0019_index_payouts_of_an_import"),
        ("payouts", "0020_index_money_out"),
        ("payouts", "0021_index_paid_addresses"),
    ]

    initial = True

    dependencies = [
        ("chainwatch", "0001_tables"),
        ("organizations", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="PayoutBatch",
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
                        "bat", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                ("handed_over_by", models.CharField(max_length=40)),
                ("handed_over_by_name", models.CharField(max_length=255)),
                ("digest", models.CharField(default="", editable=False, max_length=64)),
                ("voided_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "batch",
                "verbose_name_plural": "batches",
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="batch_list",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PayoutImport",
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
                ("columns", models.JSONField(default=list, editable=False)),
                ("lines", models.IntegerField(default=0, editable=False)),
                ("lines_checked", models.IntegerField(default=0, editable=False)),
                ("lines_wrong", models.IntegerField(default=0, editable=False)),
                ("lines_doubtful", models.IntegerField(default=0, editable=False)),
                ("lines_unconfirmed", models.IntegerField(default=0, editable=False)),
                ("revision", models.IntegerField(default=0, editable=False)),
                ("tries", models.IntegerField(default=0, editable=False)),
                ("report", models.JSONField(default=dict, editable=False)),
                ("refusal", models.TextField(default="", editable=False)),
                ("checked_at", models.DateTimeField(editable=False, null=True)),
                ("created_by", models.CharField(editable=False, max_length=40)),
                ("created_by_name", models.CharField(editable=False, max_length=255)),
                ("confirmed_by", models.CharField(default="", editable=False, max_length=40)),
                ("confirmed_by_name", models.CharField(default="", editable=False, max_length=255)),
                ("confirmed_from", models.CharField(default="", editable=False, max_length=64)),
                ("closed_at", models.DateTimeField(editable=False, null=True)),
                ("closed_by", models.CharField(default="", editable=False, max_length=40)),
                ("closed_by_name", models.CharField(default="", editable=False, max_length=255)),
            ],
            options={
                "verbose_name": "import",
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="payout_import_list",
                    ),
                    models.Index(
                        condition=models.Q(("state", "done")),
                        fields=["organization", "environment", "sha256"],
                        name="payout_import_by_file",
                    ),
                    models.Index(
                        condition=models.Q(("state__in", ["read", "importing"])),
                        fields=["tries", "created_at"],
                        name="payout_import_due",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
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
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "importing"), _negated=True),
                            models.Q(("confirmed_by", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="payout_import_is_confirmed_by_somebody",
                    ),
                ],
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
        migrations.CreateModel(
            name="PayoutImportLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "payout_import",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="found",
                        to="payouts.payoutimport",
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
                "constraints": [
                    models.UniqueConstraint(
                        fields=("payout_import", "number"), name="one_row_per_line_of_an_import"
                    )
                ],
            },
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
                        "abk", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                ("cool_down_hours", models.PositiveSmallIntegerField()),
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
        migrations.CreateModel(
            name="Recipient",
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
            ],
            options={
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="recipient_list",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("organization"),
                        models.F("environment"),
                        django.db.models.functions.text.Lower("name"),
                        condition=models.Q(("archived_at__isnull", True)),
                        name="one_live_recipient_per_name",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="recipient_has_a_name"
                    ),
                ],
            },
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
                        "rad", editable=False, max_length=40, primary_key=True, serialize=False
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
            ],
            options={
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "approved")),
                        fields=["organization", "environment", "lookalike_key"],
                        name="recipient_lookalikes",
                    ),
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="recipient_address_list",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["proposed", "approved"])),
                        fields=("organization", "environment", "chain", "address"),
                        name="one_live_recipient_address",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["proposed", "approved", "rejected", "archived"])
                        ),
                        name="recipient_address_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at__isnull", True),
                                ("decided_by", ""),
                                ("status", "proposed"),
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
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("status", "approved"), ("usable_at__gte", models.F("decided_at"))
                            ),
                            ("status", "archived"),
                            models.Q(
                                ("status__in", ["proposed", "rejected"]),
                                ("usable_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="recipient_address_cools_down",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "approved"), _negated=True),
                            models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                            ("decided_by__startswith", "key_"),
                            _connector="OR",
                        ),
                        name="recipient_address_has_two_people",
                    ),
                ],
            },
            bases=(django_fsm.ConcurrentTransitionMixin, models.Model),
        ),
        migrations.CreateModel(
            name="PayoutIntent",
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
                    "payout_import",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payouts",
                        to="payouts.payoutimport",
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payouts",
                        to="payouts.recipient",
                    ),
                ),
                ("recipient_name", models.CharField(editable=False, max_length=120, null=True)),
                (
                    "id",
                    billing.models.IdField(
                        "po", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                ("recipient_address", models.CharField(editable=False, max_length=64)),
                ("recipient_key", models.CharField(editable=False, max_length=8)),
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
                ("amount_atomic", models.BigIntegerField(editable=False)),
                ("currency", models.CharField(default="USD", editable=False, max_length=3)),
                ("description", models.CharField(blank=True, max_length=512, null=True)),
                (
                    "reference_type",
                    models.CharField(
                        choices=[
                            ("checkout", "Checkout"),
                            ("subscription", "Subscription"),
                            ("invoice", "Invoice"),
                            ("manual", "Manual"),
                        ],
                        default="manual",
                        max_length=16,
                    ),
                ),
                ("reference_id", models.CharField(blank=True, max_length=255, null=True)),
                ("due_date", models.DateTimeField(blank=True, null=True)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                ("external_id", models.CharField(blank=True, max_length=255, null=True)),
                (
                    "retry_of",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="retries",
                        to="payouts.payoutintent",
                    ),
                ),
                ("warnings", models.JSONField(blank=True, default=list)),
                ("created_by", models.CharField(editable=False, max_length=40)),
                ("created_by_name", models.CharField(editable=False, max_length=255)),
                ("created_by_issuer", models.CharField(default="", editable=False, max_length=40)),
                (
                    "status",
                    django_fsm.FSMField(
                        choices=[
                            ("draft", "Draft"),
                            ("approved", "Approved"),
                            ("pending_execution", "Pending Execution"),
                            ("executed", "Executed"),
                            ("verifying", "Verifying"),
                            ("settled", "Settled"),
                            ("failed", "Failed"),
                            ("canceled", "Canceled"),
                        ],
                        default="draft",
                        max_length=17,
                        protected=True,
                    ),
                ),
                ("approvals", models.JSONField(blank=True, default=list)),
                ("approved_at", models.DateTimeField(null=True)),
                ("approved_by", models.CharField(max_length=40, null=True)),
                ("approval_digest", models.CharField(blank=True, default="", max_length=64)),
                (
                    "batch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payouts",
                        to="payouts.payoutbatch",
                    ),
                ),
                ("executed_at", models.DateTimeField(null=True)),
                ("expected_tx_hash", models.CharField(max_length=255, null=True)),
                ("proposed_tx_hash", models.CharField(max_length=255, null=True)),
                ("block_number", models.BigIntegerField(null=True)),
                ("block_hash", models.CharField(blank=True, default="", max_length=80)),
                ("confirmations", models.BigIntegerField(null=True)),
                (
                    "attention",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("source_not_registered", "Source Not Registered"),
                            ("choose_transfer", "Choose Transfer"),
                        ],
                        default="",
                        max_length=32,
                    ),
                ),
                ("stalled_at", models.DateTimeField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
                ("failed_at", models.DateTimeField(null=True)),
                (
                    "failure_code",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("transaction_reverted", "Transaction Reverted"),
                            ("no_transfer", "No Transfer"),
                            ("recipient_mismatch", "Recipient Mismatch"),
                            ("token_mismatch", "Token Mismatch"),
                            ("transfer_predates_payout", "Transfer Predates Payout"),
                            ("transfer_already_claimed", "Transfer Already Claimed"),
                            ("wrong_chain", "Wrong Chain"),
                            ("failed_by_hand", "Failed By Hand"),
                            ("transaction_not_found", "Transaction Not Found"),
                        ],
                        default="",
                        max_length=32,
                    ),
                ),
                ("failure_reason", models.TextField(null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("proven", "nothing moved"),
                            ("moved", "it moved, not as intended"),
                            ("unknown", "nobody knows yet"),
                        ],
                        default="",
                        max_length=8,
                    ),
                ),
                ("canceled_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="payout_list",
                    ),
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.F("status"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="payout_list_by_status",
                    ),
                    models.Index(
                        fields=[
                            "organization",
                            "environment",
                            "recipient_address",
                            "amount_atomic",
                            "created_at",
                        ],
                        name="payout_by_recipient_amount",
                    ),
                    models.Index(
                        condition=models.Q(("status", "settled")),
                        fields=[
                            "organization",
                            "environment",
                            "recipient_key",
                            "recipient_address",
                            "chain",
                        ],
                        name="payout_paid_addresses",
                    ),
                    models.Index(
                        condition=models.Q(("reference_id__isnull", False)),
                        fields=["organization", "environment", "reference_id"],
                        name="payout_by_reference",
                    ),
                    models.Index(
                        condition=models.Q(("payout_import__isnull", False)),
                        fields=["payout_import"],
                        name="payout_by_import",
                    ),
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        condition=models.Q(("outcome__in", ["moved", "unknown"])),
                        name="payout_money_astray",
                    ),
                    models.Index(
                        condition=models.Q(("status__in", ["executed", "verifying"])),
                        fields=["executed_at"],
                        name="payout_on_its_way",
                    ),
                    models.Index(
                        condition=models.Q(("status", "approved")),
                        fields=["approved_at"],
                        name="payout_to_lapse",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("external_id__isnull", False)),
                        fields=("organization", "environment", "external_id"),
                        name="one_payout_per_external_id",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_atomic__gt", 0)),
                        name="payout_amount_is_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency", "USD")), name="payout_currency_is_usd"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "draft",
                                    "approved",
                                    "pending_execution",
                                    "executed",
                                    "verifying",
                                    "settled",
                                    "failed",
                                    "canceled",
                                ],
                            )
                        ),
                        name="payout_status_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("approval_digest", ""),
                                ("approved_at__isnull", True),
                                ("approved_by__isnull", True),
                                ("status__in", ["draft", "canceled"]),
                            ),
                            models.Q(
                                ("approved_at__isnull", False),
                                ("approved_by__isnull", False),
                                models.Q(("approval_digest", ""), _negated=True),
                                models.Q(("status", "draft"), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="payout_approval_fits_its_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("executed_at__isnull", False),
                                ("expected_tx_hash__isnull", False),
                                ("status__in", ["executed", "verifying", "settled", "failed"]),
                            ),
                            models.Q(
                                ("executed_at__isnull", True),
                                ("expected_tx_hash__isnull", True),
                                (
                                    "status__in",
                                    ["draft", "approved", "pending_execution", "canceled"],
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="payout_hash_fits_its_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("batch__isnull", False),
                                models.Q(("status", "pending_execution"), _negated=True),
                                _connector="OR",
                            ),
                            models.Q(
                                ("batch__isnull", True),
                                models.Q(("status__in", ["draft", "approved"]), _negated=True),
                                _connector="OR",
                            ),
                        ),
                        name="payout_batch_fits_its_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("block_number__isnull", False),
                                models.Q(("status", "verifying"), _negated=True),
                                _connector="OR",
                            ),
                            models.Q(("attention", ""), ("status", "verifying"), _connector="OR"),
                            models.Q(
                                ("stalled_at__isnull", True),
                                ("status", "executed"),
                                _connector="OR",
                            ),
                            models.Q(
                                ("proposed_tx_hash__isnull", True),
                                ("status", "executed"),
                                _connector="OR",
                            ),
                        ),
                        name="payout_watch_fits_its_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("failed_at__isnull", False),
                                ("failure_reason__isnull", False),
                                ("status", "failed"),
                                models.Q(("failure_code", ""), _negated=True),
                                models.Q(("outcome", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("status", "failed"), _negated=True),
                                ("failed_at__isnull", True),
                                ("failure_code", ""),
                                ("failure_reason__isnull", True),
                                ("outcome", ""),
                            ),
                            _connector="OR",
                        ),
                        name="payout_failure_fits_its_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("canceled_at__isnull", False), ("status", "canceled")),
                            models.Q(
                                models.Q(("status", "canceled"), _negated=True),
                                ("canceled_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="payout_cancel_fits_its_status",
                    ),
                ],
            },
            bases=(django_fsm.ConcurrentTransitionMixin, models.Model),
        ),
        migrations.CreateModel(
            name="BatchItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="payouts.payoutbatch",
                    ),
                ),
                (
                    "payout",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="batch_items",
                        to="payouts.payoutintent",
                    ),
                ),
                ("taken_back_at", models.DateTimeField(null=True)),
                ("take_back_reason", models.TextField(blank=True, default="")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("batch", "payout"), name="one_item_per_batch_and_payout"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SubmittedHash",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "payout",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="hashes",
                        to="payouts.payoutintent",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                ("environment", models.CharField(editable=False, max_length=7)),
                (
                    "chain",
                    models.CharField(
                        choices=[("tron", "Tron"), ("arbitrum", "Arbitrum One"), ("base", "Base")],
                        max_length=16,
                    ),
                ),
                ("tx_hash", models.CharField(max_length=255)),
                ("submitted_at", models.DateTimeField()),
                ("submitted_at_chain_time", models.DateTimeField()),
                ("submitted_by", models.CharField(max_length=40)),
                ("submitted_by_name", models.CharField(max_length=255)),
                ("reason", models.TextField(blank=True, default="")),
                ("declined_tx_hash", models.CharField(max_length=255, null=True)),
                ("watch_until", models.DateTimeField()),
                ("judged_change", models.DateTimeField(null=True)),
                ("look_again_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["organization", "environment", "chain", "tx_hash"],
                        name="submitted_by_hash",
                    ),
                    models.Index(
                        fields=["organization", "environment", "chain", "submitted_at"],
                        name="submitted_since",
                    ),
                    models.Index(
                        condition=models.Q(("closed_at__isnull", True)),
                        fields=["chain", "payout"],
                        name="submitted_still_open",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("payout", "tx_hash"), name="one_hash_once_per_payout"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Settlement",
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
                        "stl", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                (
                    "payout",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settlements",
                        to="payouts.payoutintent",
                    ),
                ),
                (
                    "chain",
                    models.CharField(
                        choices=[("tron", "Tron"), ("arbitrum", "Arbitrum One"), ("base", "Base")],
                        max_length=16,
                    ),
                ),
                ("tx_hash", models.CharField(max_length=255)),
                ("key", models.CharField(blank=True, default="", max_length=40)),
                ("ordinal", models.IntegerField()),
                ("log_index", models.BigIntegerField()),
                (
                    "token",
                    models.CharField(choices=[("USDT", "USDT"), ("USDC", "USDC")], max_length=16),
                ),
                ("contract", models.CharField(max_length=64)),
                ("from_address", models.CharField(max_length=64)),
                ("to_address", models.CharField(max_length=64)),
                ("amount_atomic", models.BigIntegerField()),
                ("block_number", models.BigIntegerField()),
                ("block_hash", models.CharField(max_length=80)),
                ("block_time", models.DateTimeField()),
                ("confirmations", models.BigIntegerField()),
                ("confirmed_at", models.DateTimeField()),
                ("detected_at", models.DateTimeField()),
                ("evidence", models.JSONField(default=dict)),
                (
                    "transfer",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="chainwatch.transfer",
                    ),
                ),
                ("suggestion", models.CharField(blank=True, default="", max_length=255)),
                (
                    "discrepancies",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("amount", "Amount"),
                                ("late_settlement", "Late Settlement"),
                                ("approval_mismatch", "Approval Mismatch"),
                            ],
                            max_length=32,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("resolved_at", models.DateTimeField(null=True)),
                ("resolved_by", models.CharField(blank=True, default="", max_length=40)),
                ("resolution", models.CharField(blank=True, default="", max_length=32)),
                ("resolution_note", models.TextField(blank=True, default="")),
                ("reversed_at", models.DateTimeField(null=True)),
                ("restored_at", models.DateTimeField(null=True)),
                (
                    "restored_transfer",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="chainwatch.transfer",
                    ),
                ),
            ],
            options={
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="settlement_list",
                    ),
                    models.Index(
                        condition=models.Q(("payout__isnull", True)),
                        fields=["organization", "environment", "block_time"],
                        name="settlement_unexpected",
                    ),
                    models.Index(
                        condition=models.Q(
                            models.Q(("discrepancies", []), _negated=True),
                            ("resolved_at__isnull", True),
                        ),
                        fields=["organization", "environment", "created_at"],
                        name="settlement_open_discrepancy",
                    ),
                    models.Index(
                        condition=models.Q(("reversed_at__isnull", False)),
                        fields=["organization", "environment", "created_at"],
                        name="settlement_reversed",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("payout__isnull", False), ("reversed_at__isnull", True)
                        ),
                        fields=["organization", "environment", "chain", "token", "created_at"],
                        include=("amount_atomic",),
                        name="settlement_money_out",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "environment", "chain", "tx_hash", "ordinal"),
                        name="one_claim_per_transfer",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_atomic__gt", 0)),
                        name="settlement_amount_is_positive",
                    ),
                ],
            },
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
                        "cmt", editable=False, max_length=40, primary_key=True, serialize=False
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
                ("text", models.TextField(editable=False)),
                ("author_id", models.CharField(editable=False, max_length=40)),
                ("author_name", models.CharField(editable=False, max_length=255)),
            ],
            options={
                "ordering": ("created_at", "id"),
            },
        ),
        migrations.CreateModel(
            name="PayoutAttachment",
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
                        "att", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                (
                    "payout",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attachments",
                        to="payouts.payoutintent",
                    ),
                ),
                ("name", models.CharField(editable=False, max_length=120)),
                ("media_type", models.CharField(editable=False, max_length=100)),
                ("size", models.PositiveIntegerField(editable=False)),
                ("sha256", models.CharField(editable=False, max_length=64)),
                ("author_id", models.CharField(editable=False, max_length=40)),
                ("author_name", models.CharField(editable=False, max_length=255)),
            ],
            options={
                "ordering": ("created_at", "id"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("payout", "sha256"), name="one_file_once_per_payout"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("size__gt", 0), ("size__lte", 5242880)),
                        name="attachment_size",
                    ),
                ],
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
            model_name="payoutintent",
            name="settlement",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="settled_payout",
                to="payouts.settlement",
            ),
        ),
        migrations.AddConstraint(
            model_name="payoutintent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("settled_at__isnull", False),
                        ("settlement__isnull", False),
                        ("status", "settled"),
                    ),
                    models.Q(
                        models.Q(("status", "settled"), _negated=True),
                        ("settled_at__isnull", True),
                        models.Q(
                            ("settlement__isnull", True),
                            ("status__in", ["failed", "canceled"]),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="payout_settlement_fits_its_status",
            ),
        ),
    ]
