"""The words of a payout's life: states, why it can fail, what is then known of the money."""

from django.db.models import TextChoices


class Status(TextChoices):
    DRAFT = "draft"
    APPROVED = "approved"
    PENDING_EXECUTION = "pending_execution"
    EXECUTED = "executed"
    VERIFYING = "verifying"
    SETTLED = "settled"
    FAILED = "failed"
    CANCELED = "canceled"


# Every edge there is. The database trigger (migration payouts_refuse_illegal_edges) holds the same.
EDGES: frozenset[tuple[Status, Status]] = frozenset(
    {
        (Status.DRAFT, Status.APPROVED),
        (Status.DRAFT, Status.CANCELED),
        (Status.APPROVED, Status.PENDING_EXECUTION),
        (Status.APPROVED, Status.EXECUTED),
        (Status.APPROVED, Status.DRAFT),
        (Status.APPROVED, Status.CANCELED),
        (Status.PENDING_EXECUTION, Status.APPROVED),
        (Status.PENDING_EXECUTION, Status.EXECUTED),
        (Status.PENDING_EXECUTION, Status.CANCELED),
        (Status.EXECUTED, Status.VERIFYING),
        (Status.EXECUTED, Status.FAILED),
        (Status.VERIFYING, Status.EXECUTED),
        (Status.VERIFYING, Status.SETTLED),
        (Status.VERIFYING, Status.FAILED),
    }
)


class ReferenceType(TextChoices):
    """What a payout's `reference_id` names."""

    CHECKOUT = "checkout"
    SUBSCRIPTION = "subscription"
    INVOICE = "invoice"
    MANUAL = "manual"


class Attention(TextChoices):
    """Why a verifying payout waits for a person, who finds it among the exceptions."""

    SOURCE_NOT_REGISTERED = "source_not_registered"
    CHOOSE_TRANSFER = "choose_transfer"


class Outcome(TextChoices):
    """What is known of the money of a failed payout."""

    PROVEN = "proven", "nothing moved"
    MOVED = "moved", "it moved, not as intended"
    UNKNOWN = "unknown", "nobody knows yet"


class FailureCode(TextChoices):
    TRANSACTION_REVERTED = "transaction_reverted"
    NO_TRANSFER = "no_transfer"
    RECIPIENT_MISMATCH = "recipient_mismatch"
    TOKEN_MISMATCH = "token_mismatch"  # noqa: S105  # a failure's name, no secret
    TRANSFER_PREDATES_PAYOUT = "transfer_predates_payout"
    TRANSFER_ALREADY_CLAIMED = "transfer_already_claimed"
    WRONG_CHAIN = "wrong_chain"
    FAILED_BY_HAND = "failed_by_hand"
    TRANSACTION_NOT_FOUND = "transaction_not_found"


OUTCOME_OF: dict[FailureCode, Outcome] = {
    FailureCode.TRANSACTION_REVERTED: Outcome.PROVEN,
    FailureCode.NO_TRANSFER: Outcome.PROVEN,
    FailureCode.RECIPIENT_MISMATCH: Outcome.MOVED,
    FailureCode.TOKEN_MISMATCH: Outcome.MOVED,
    FailureCode.TRANSFER_PREDATES_PAYOUT: Outcome.MOVED,
    FailureCode.TRANSFER_ALREADY_CLAIMED: Outcome.MOVED,
    FailureCode.WRONG_CHAIN: Outcome.MOVED,
    FailureCode.FAILED_BY_HAND: Outcome.MOVED,
    FailureCode.TRANSACTION_NOT_FOUND: Outcome.UNKNOWN,
}
