"""PayoutIntent: one payment that shall be made, and its transitions."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django_fsm import ConcurrentTransitionMixin, FSMField

from billing.chains import Chain, Token, network
from billing.models import IdField, Tenanted
from billing.transitions import moves
from payouts.models.imports import CameByImport
from payouts.models.recipients import NamesRecipient
from payouts.models.settlements import Settlement
from payouts.states import Attention, FailureCode, Outcome, ReferenceType, Status

_OWNER = ("organization", "environment")


class PayoutIntent(ConcurrentTransitionMixin, NamesRecipient, CameByImport, Tenanted):
    """What an organization is going to pay, to whom, and how far it has come.

    Written by payouts.services and payouts.verifying alone. The database refuses to change a money
    field, a status but along an edge of product.md section 3, and to delete a row.
    """

    id = IdField("po")

    # --- the money: never changes -------------------------------------------------------------
    recipient_address = models.CharField(max_length=64, editable=False)
    recipient_key = models.CharField(max_length=8, editable=False)  # addresses.lookalike_key
    chain = models.CharField(max_length=16, choices=Chain, editable=False)
    token = models.CharField(max_length=16, choices=Token, editable=False)
    contract = models.CharField(max_length=64, editable=False)  # as pinned when it was created
    amount_atomic = models.BigIntegerField(editable=False)
    currency = models.CharField(max_length=3, default="USD", editable=False)

    # --- what people say about it -------------------------------------------------------------
    description = models.CharField(max_length=512, null=True, blank=True)
    reference_type = models.CharField(
        max_length=16, choices=ReferenceType, default=ReferenceType.MANUAL
    )
    reference_id = models.CharField(max_length=255, null=True, blank=True)
    due_date = models.DateTimeField(null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    external_id = models.CharField(max_length=255, null=True, blank=True)
    retry_of = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="retries", editable=False
    )
    warnings = models.JSONField(default=list, blank=True)  # sentences, fixed at create
    created_by = models.CharField(max_length=40, editable=False)  # usr_…, key_… or system
    created_by_name = models.CharField(max_length=255, editable=False)
    created_by_issuer = models.CharField(max_length=40, default="", editable=False)  # of the key

    # --- its state ----------------------------------------------------------------------------
    status = FSMField(
        max_length=17, choices=Status.choices, default=Status.DRAFT.value, protected=True
    )
    # A copy of the valid approvals for answers: [{approved_by, name, approved_at, digest}].
    approvals = models.JSONField(default=list, blank=True)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.CharField(max_length=40, null=True)  # null in the contract
    approval_digest = models.CharField(max_length=64, default="", blank=True)
    batch = models.ForeignKey(
        "payouts.PayoutBatch", null=True, on_delete=models.PROTECT, related_name="payouts"
    )
    executed_at = models.DateTimeField(null=True)
    expected_tx_hash = models.CharField(max_length=255, null=True)  # null in the contract
    # What took its transaction's place (same sender, nonce and transfer), proposed to a person.
    proposed_tx_hash = models.CharField(max_length=255, null=True)
    # Of its transaction, while that is in a block. The hash tells when it is mined elsewhere.
    block_number = models.BigIntegerField(null=True)
    block_hash = models.CharField(max_length=80, default="", blank=True)
    confirmations = models.BigIntegerField(null=True)  # as of its settlement or failure
    attention = models.CharField(max_length=32, choices=Attention, default="", blank=True)
    stalled_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)  # answered as verified_at too
    settlement = models.OneToOneField(
        Settlement, null=True, on_delete=models.PROTECT, related_name="settled_payout"
    )
    failed_at = models.DateTimeField(null=True)
    failure_code = models.CharField(max_length=32, choices=FailureCode, default="", blank=True)
    failure_reason = models.TextField(null=True)  # null in the contract
    outcome = models.CharField(max_length=8, choices=Outcome, default="", blank=True)
    canceled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "environment", "external_id"],
                condition=Q(external_id__isnull=False),
                name="one_payout_per_external_id",
            ),
            models.CheckConstraint(
                condition=Q(amount_atomic__gt=0), name="payout_amount_is_positive"
            ),
            models.CheckConstraint(condition=Q(currency="USD"), name="payout_currency_is_usd"),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="payout_status_is_known"
            ),
            models.CheckConstraint(
                condition=(
                    Q(approved_at__isnull=True, approved_by__isnull=True, approval_digest="")
                    & Q(status__in=["draft", "canceled"])
                )
                | (
                    Q(approved_at__isnull=False, approved_by__isnull=False)
                    & ~Q(approval_digest="")
                    & ~Q(status="draft")
                ),
                name="payout_approval_fits_its_status",
            ),
            models.CheckConstraint(
                condition=Q(
                    executed_at__isnull=False,
                    expected_tx_hash__isnull=False,
                    status__in=["executed", "verifying", "settled", "failed"],
                )
                | Q(
                    executed_at__isnull=True,
                    expected_tx_hash__isnull=True,
                    status__in=["draft", "approved", "pending_execution", "canceled"],
                ),
                name="payout_hash_fits_its_status",
            ),
            models.CheckConstraint(
                condition=(Q(batch__isnull=False) | ~Q(status="pending_execution"))
                & (Q(batch__isnull=True) | ~Q(status__in=["draft", "approved"])),
                name="payout_batch_fits_its_status",
            ),
            models.CheckConstraint(
                condition=(Q(block_number__isnull=False) | ~Q(status="verifying"))
                & (Q(attention="") | Q(status="verifying"))
                & (Q(stalled_at__isnull=True) | Q(status="executed"))
                & (Q(proposed_tx_hash__isnull=True) | Q(status="executed")),
                name="payout_watch_fits_its_status",
            ),
            models.CheckConstraint(
                condition=Q(status="settled", settled_at__isnull=False, settlement__isnull=False)
                | (
                    ~Q(status="settled")
                    & Q(settled_at__isnull=True)
                    & (Q(settlement__isnull=True) | Q(status__in=["failed", "canceled"]))
                ),
                name="payout_settlement_fits_its_status",
            ),
            models.CheckConstraint(
                condition=Q(status="failed", failed_at__isnull=False, failure_reason__isnull=False)
                & ~Q(failure_code="")
                & ~Q(outcome="")
                | ~Q(status="failed")
                & Q(
                    failed_at__isnull=True, failure_reason__isnull=True, failure_code="", outcome=""
                ),
                name="payout_failure_fits_its_status",
            ),
            models.CheckConstraint(
                condition=Q(status="canceled", canceled_at__isnull=False)
                | ~Q(status="canceled") & Q(canceled_at__isnull=True),
                name="payout_cancel_fits_its_status",
            ),
        ]
        indexes: ClassVar = [
            # Serves: GET /v1/payouts and the admin's list, newest first.
            models.Index(*_OWNER, F("created_at").desc(), F("id").desc(), name="payout_list"),
            # Serves: the same lists filtered by status, and reconciliation's unmatched payouts.
            models.Index(
                "organization",
                "environment",
                "status",
                F("created_at").desc(),
                F("id").desc(),
                name="payout_list_by_status",
            ),
            # Serves: equal payouts at create: one probe, however often a recipient is paid.
            models.Index(
                fields=[*_OWNER, "recipient_address", "amount_atomic", "created_at"],
                name="payout_by_recipient_amount",
            ),
            # Serves: whether a recipient was paid, and its look-alikes, at create and in lists.
            models.Index(
                fields=[*_OWNER, "recipient_key", "recipient_address", "chain"],
                condition=Q(status="settled"),
                name="payout_paid_addresses",
            ),
            # Serves: the same reference named again, at create; filter reference_id.
            models.Index(
                fields=[*_OWNER, "reference_id"],
                condition=Q(reference_id__isnull=False),
                name="payout_by_reference",
            ),
            # Serves: the payouts of an import, on its page and in the queue.
            models.Index(
                fields=["payout_import"],
                condition=Q(payout_import__isnull=False),
                name="payout_by_import",
            ),
            # Serves: the admin's exceptions and possible duplicates, among many that failed.
            models.Index(
                "organization",
                "environment",
                F("created_at").desc(),
                F("id").desc(),
                condition=Q(outcome__in=["moved", "unknown"]),
                name="payout_money_astray",
            ),
            # Serves: payouts.verifying, what is on its way (few rows at any time).
            models.Index(
                fields=["executed_at"],
                condition=Q(status__in=["executed", "verifying"]),
                name="payout_on_its_way",
            ),
            # Serves: services.lapse, the oldest approvals first.
            models.Index(
                fields=["approved_at"], condition=Q(status="approved"), name="payout_to_lapse"
            ),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def verified_at(self) -> datetime | None:
        """The contract's name for `settled_at`."""
        return self.settled_at

    @property
    def required_confirmations(self) -> int:
        return network(self.chain).confirmations

    @property
    def scope(self) -> str:
        """Which network of chainwatch it lives on: the live one, or its organization's own."""
        return "" if self.environment == "live" else self.organization_id

    @property
    def watch_key(self) -> str:
        """In the sandbox a hash is keyed per payout, so that a reused string settles again."""
        return "" if self.environment == "live" else self.id

    # --- transitions: set the fields of their state, nothing else -------------------------------

    @moves(Status.DRAFT, Status.APPROVED)
    def approve(self, *, at: datetime, by: str, digest: str) -> None:
        self.approved_at, self.approved_by, self.approval_digest = at, by, digest

    @moves(Status.DRAFT, Status.DRAFT)
    def reject(self) -> None:
        self.approvals = []

    @moves([Status.DRAFT, Status.APPROVED, Status.PENDING_EXECUTION], Status.CANCELED)
    def cancel(self, *, at: datetime) -> None:
        self.canceled_at = at

    @moves(Status.APPROVED, Status.PENDING_EXECUTION)
    def hand_over(self, *, batch_id: str) -> None:
        self.batch_id = batch_id

    @moves(Status.APPROVED, Status.DRAFT)
    def lapse(self) -> None:
        self.approved_at = self.approved_by = None
        self.approval_digest, self.approvals = "", []

    @moves(Status.PENDING_EXECUTION, Status.APPROVED)
    def take_back(self) -> None:
        self.batch = None

    @moves([Status.APPROVED, Status.PENDING_EXECUTION], Status.EXECUTED)
    def execute(self, *, at: datetime, tx_hash: str) -> None:
        self.executed_at, self.expected_tx_hash = at, tx_hash

    @moves([Status.EXECUTED, Status.VERIFYING], Status.EXECUTED)
    def replace_hash(self, *, at: datetime, tx_hash: str) -> None:
        self.executed_at, self.expected_tx_hash = at, tx_hash
        self.block_number, self.block_hash = None, ""
        self.attention, self.stalled_at, self.proposed_tx_hash = "", None, None

    @moves(Status.EXECUTED, Status.VERIFYING)
    def verify(self, *, block_number: int, block_hash: str) -> None:
        self.block_number, self.block_hash = block_number, block_hash
        self.stalled_at = self.proposed_tx_hash = None

    @moves(Status.VERIFYING, Status.EXECUTED)
    def reorg(self) -> None:
        self.block_number, self.block_hash, self.attention = None, "", ""

    @moves(Status.VERIFYING, Status.SETTLED)
    def settle(self, *, at: datetime, settlement: Settlement) -> None:
        self.settled_at, self.settlement, self.attention = at, settlement, ""
        self.expected_tx_hash = settlement.tx_hash
        self.block_number, self.block_hash = settlement.block_number, settlement.block_hash
        self.confirmations = settlement.confirmations

    @moves([Status.EXECUTED, Status.VERIFYING], Status.FAILED)
    def fail(self, *, at: datetime, code: FailureCode, reason: str, outcome: Outcome) -> None:
        self.failed_at, self.failure_code, self.failure_reason = at, code.value, reason
        self.outcome, self.attention = outcome.value, ""
        self.stalled_at = self.proposed_tx_hash = None
