import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import billing.exact_json
import billing.models


class Migration(migrations.Migration):
    replaces = [
        ("events", "0001_initial"),
        ("events", "0003_types"),
        ("events", "0004_webhook_types"),
        ("events", "0005_checkout_types"),
        ("events", "0006_desk_types"),
        ("events", "0007_seals"),
        ("events", "0009_audit_indexes"),
        ("events", "0010_revenue_types"),
        ("events", "0011_subscription_types"),
    ]

    initial = True

    dependencies = [
        ("organizations", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Event",
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
                        "evt", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("checkout.created", "Checkout Created"),
                            ("checkout.payment_detected", "Checkout Payment Detected"),
                            ("checkout.confirming", "Checkout Confirming"),
                            ("checkout.completed", "Checkout Completed"),
                            ("checkout.expired", "Checkout Expired"),
                            ("checkout.failed", "Checkout Failed"),
                            ("checkout.underpaid", "Checkout Underpaid"),
                            ("checkout.overpaid", "Checkout Overpaid"),
                            ("checkout.late_payment", "Checkout Late Payment"),
                            ("checkout.wrong_token", "Checkout Wrong Token"),
                            ("checkout.reorged", "Checkout Reorged"),
                            ("checkout.reversed", "Checkout Reversed"),
                            ("checkout.restored", "Checkout Restored"),
                            ("payment.unassigned", "Payment Unassigned"),
                            ("payment.resolved", "Payment Resolved"),
                            ("payout.created", "Payout Created"),
                            ("payout.updated", "Payout Updated"),
                            ("payout.approved", "Payout Approved"),
                            ("payout.rejected", "Payout Rejected"),
                            ("payout.canceled", "Payout Canceled"),
                            ("payout.pending_execution", "Payout Pending Execution"),
                            ("payout.approval_lapsed", "Payout Approval Lapsed"),
                            ("payout.taken_back", "Payout Taken Back"),
                            ("payout.executed", "Payout Executed"),
                            ("payout.verifying", "Payout Verifying"),
                            ("payout.reorged", "Payout Reorged"),
                            ("payout.settled", "Payout Settled"),
                            ("payout.failed", "Payout Failed"),
                            ("payout.stalled", "Payout Stalled"),
                            ("payout.replacement_found", "Payout Replacement Found"),
                            ("payout.discrepancy", "Payout Discrepancy"),
                            ("payout.approval_withdrawn", "Payout Approval Withdrawn"),
                            ("payout.commented", "Payout Commented"),
                            ("payout.file_attached", "Payout File Attached"),
                            ("payout_batch.downloaded", "Payout Batch Downloaded"),
                            ("payout_import.completed", "Payout Import Completed"),
                            ("policy.published", "Policy Published"),
                            ("approver_group.updated", "Approver Group Updated"),
                            ("recipient.created", "Recipient Created"),
                            ("recipient.updated", "Recipient Updated"),
                            ("recipient.approved", "Recipient Approved"),
                            ("recipient.rejected", "Recipient Rejected"),
                            ("recipient.archived", "Recipient Archived"),
                            ("settlement.unexpected", "Settlement Unexpected"),
                            ("settlement.reversed", "Settlement Reversed"),
                            ("settlement.restored", "Settlement Restored"),
                            ("settlement.matched", "Settlement Matched"),
                            ("settlement.resolved", "Settlement Resolved"),
                            ("exception.assigned", "Exception Assigned"),
                            ("exception.noted", "Exception Noted"),
                            ("period.closed", "Period Closed"),
                            ("export.made", "Export Made"),
                            ("adjustment.created", "Adjustment Created"),
                            ("customer.created", "Customer Created"),
                            ("customer.updated", "Customer Updated"),
                            ("payment_method.created", "Payment Method Created"),
                            ("payment_method.updated", "Payment Method Updated"),
                            ("payment_method.deleted", "Payment Method Deleted"),
                            ("payment_link.created", "Payment Link Created"),
                            ("payment_link.closed", "Payment Link Closed"),
                            ("branding.updated", "Branding Updated"),
                            ("plan.created", "Plan Created"),
                            ("plan.updated", "Plan Updated"),
                            ("entitlement.created", "Entitlement Created"),
                            ("entitlement.updated", "Entitlement Updated"),
                            ("entitlement.deleted", "Entitlement Deleted"),
                            ("renewal_settings.updated", "Renewal Settings Updated"),
                            ("subscription.created", "Subscription Created"),
                            ("subscription.updated", "Subscription Updated"),
                            ("subscription.activated", "Subscription Activated"),
                            ("subscription.renewal_due", "Subscription Renewal Due"),
                            ("subscription.renewal_failed", "Subscription Renewal Failed"),
                            ("subscription.renewed", "Subscription Renewed"),
                            ("subscription.past_due", "Subscription Past Due"),
                            ("subscription.paused", "Subscription Paused"),
                            ("subscription.resumed", "Subscription Resumed"),
                            ("subscription.canceled", "Subscription Canceled"),
                            ("subscription.expired", "Subscription Expired"),
                            ("webhook.created", "Webhook Created"),
                            ("webhook.updated", "Webhook Updated"),
                            ("webhook.enabled", "Webhook Enabled"),
                            ("webhook.disabled", "Webhook Disabled"),
                            ("webhook.deleted", "Webhook Deleted"),
                            ("webhook.rotated", "Webhook Rotated"),
                            ("webhook.rotation_confirmed", "Webhook Rotation Confirmed"),
                            ("webhook.redelivered", "Webhook Redelivered"),
                            ("webhook.test", "Webhook Test"),
                            ("wallet.created", "Wallet Created"),
                            ("wallet.updated", "Wallet Updated"),
                            ("api_key.created", "Api Key Created"),
                            ("api_key.revoked", "Api Key Revoked"),
                            ("member.added", "Member Added"),
                            ("member.changed", "Member Changed"),
                            ("member.removed", "Member Removed"),
                            ("member.logged_in", "Member Logged In"),
                            ("member.log_in_failed", "Member Log In Failed"),
                            ("member.logged_out", "Member Logged Out"),
                            ("member.two_factor_added", "Member Two Factor Added"),
                            ("member.two_factor_removed", "Member Two Factor Removed"),
                            ("organization.created", "Organization Created"),
                            ("organization.updated", "Organization Updated"),
                            ("organization.paused", "Organization Paused"),
                            ("organization.resumed", "Organization Resumed"),
                        ],
                        max_length=48,
                    ),
                ),
                ("resource_id", models.CharField(max_length=40)),
                ("checkout_id", models.CharField(max_length=40, null=True)),
                ("actor_id", models.CharField(max_length=40)),
                ("actor_name", models.CharField(max_length=120)),
                ("address", models.CharField(blank=True, default="", max_length=64)),
                ("payload", billing.exact_json.ExactJsonField()),
                ("sequence", models.BigIntegerField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["organization", "environment", "-created_at", "-id"],
                        name="event_list",
                    ),
                    models.Index(
                        fields=["resource_id", "-created_at", "-id"], name="event_of_resource"
                    ),
                    models.Index(
                        condition=models.Q(("checkout_id__isnull", False)),
                        fields=["checkout_id", "-created_at", "-id"],
                        name="event_of_checkout",
                    ),
                    models.Index(
                        fields=["organization", "environment", "actor_id", "-created_at", "-id"],
                        name="event_of_actor",
                    ),
                    models.Index(
                        fields=["organization", "environment", "type", "-created_at", "-id"],
                        name="event_of_type",
                    ),
                    models.Index(
                        condition=models.Q(("sequence__isnull", True)),
                        fields=["organization", "environment", "created_at", "id"],
                        name="event_without_sequence",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "environment", "sequence"),
                        name="one_event_per_sequence_number",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
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
                ("first_sequence", models.BigIntegerField()),
                ("last_sequence", models.BigIntegerField()),
                ("links", models.BinaryField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "environment", "first_sequence"),
                        name="one_seal_per_first_sequence",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("first_sequence__gte", 1),
                            ("last_sequence__gte", models.F("first_sequence")),
                        ),
                        name="a_seal_spans_at_least_one_event",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SealHead",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
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
                ("sequence", models.BigIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("begun_at", models.DateTimeField()),
                ("key_mark", models.CharField(max_length=16)),
                ("mac", models.CharField(max_length=64)),
                ("told_sequence", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "environment"), name="one_seal_head_per_environment"
                    )
                ],
            },
        ),
    ]
