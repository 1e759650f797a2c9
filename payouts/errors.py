"""What an act on a payout can be refused for. Every message says what is so, then what to do."""

from billing.errors import BillingError, InvalidRequest
from payouts.models.intents import PayoutIntent

# Per act: the code of its refusal, and which payouts it takes.
_NEEDED: dict[str, tuple[str, str]] = {
    "update": ("payout_not_draft", "Only a draft can be changed."),
    "approve": ("payout_not_draft", "Only a draft can be approved."),
    "reject": ("payout_not_draft", "Only a draft can be rejected."),
    "withdraw_approval": (
        "payout_not_approved",
        "Only the approval of a draft or an approved payout can be withdrawn. What is handed over "
        "must be taken back first.",
    ),
    "cancel": ("payout_not_draft", "Only a draft can be canceled here."),
    "cancel_in_admin": (
        "payout_not_draft",
        "Only a draft, an approved or a handed-over payout without a hash can be canceled.",
    ),
    "hand_over": ("payout_not_approved", "Only an approved payout can be handed over."),
    "take_back": (
        "payout_not_pending_execution",
        "Only a handed-over payout without a hash can be taken back.",
    ),
    "execute": (
        "payout_not_executable",
        "Only an approved or a handed-over payout takes a hash.",
    ),
    "replace_hash": (
        "payout_not_executed",
        "Only the hash of an executed or verifying payout can be replaced.",
    ),
    "fail_by_hand": (
        "payout_not_executed",
        "Only an executed or verifying payout can be failed by hand.",
    ),
    "match_draft": ("payout_not_approved", "It must be approved before money can pay it."),
    "match_by_hand": (
        "payout_not_matchable",
        "Only one that waits to be paid or for a choice, or that failed or was canceled and has no "
        "settlement, can be matched by hand. Where a hash was named already, replace the hash.",
    ),
}


class IllegalTransition(InvalidRequest):
    """400: the payout is in a state from which this act does not lead."""

    def __init__(self, payout: PayoutIntent, act: str) -> None:
        code, needed = _NEEDED[act]
        state = str(payout.status).replace("_", " ")
        super().__init__(f"Payout {payout.id} is {state}. {needed}", code=code, param="status")


class ProposalWithdrawn(InvalidRequest):
    """400: what was proposed in place of the payout's hash is proposed no longer."""

    code = "proposal_withdrawn"

    def __init__(self, payout: PayoutIntent) -> None:
        super().__init__(
            f"That hash is no longer proposed for payout {payout.id}: its transaction left the "
            "chain, pays another payout by now, or somebody decided about it. Look at the payout "
            "again.",
            param="tx_hash",
        )


class PossibleDuplicate(InvalidRequest):
    """400: an equal payout failed and its money moved, or nobody knows whether it did."""

    code = "possible_duplicate"

    def __init__(self, earlier_id: str, outcome: str) -> None:
        known = "its money moved" if outcome == "moved" else "whether its money moved is unknown"
        super().__init__(
            f"Payout {earlier_id} has the same recipient, token and amount, failed, and {known}. "
            "Look at it first; to pay all the same, send confirm_duplicate: true.",
            param="confirm_duplicate",
        )


class LookalikeAddress(InvalidRequest):
    """400: the recipient begins and ends like an address that is known, and is another."""

    code = "lookalike_address"

    def __init__(self, recipient: str, known: str, *, param: str = "recipient_address") -> None:
        super().__init__(
            f"The recipient {recipient} looks like {known}, which you know, and is another one. "
            "Compare them character by character; to pay all the same, send "
            "confirm_lookalike: true.",
            param=param,
        )


class UnsupportedCurrency(InvalidRequest):
    """400: a currency other than USD."""

    code = "unsupported_currency"

    def __init__(self) -> None:
        super().__init__("The only currency is USD: one token is one dollar.", param="currency")


class ExternalIdTaken(InvalidRequest):
    """400: another payout of the organization has this external id."""

    code = "external_id_taken"

    def __init__(self, external_id: str) -> None:
        super().__init__(
            f"Another payout has the external_id {external_id}. Use that payout, or another id.",
            param="external_id",
        )


class PossiblyAlreadyPaid(InvalidRequest):
    """400: money that fits this payout has left, and no payout claims it."""

    code = "possibly_already_paid"

    def __init__(self, payout_id: str, what: str) -> None:
        super().__init__(
            f"Payout {payout_id} may be paid already: {what}. Look at it first; in the admin, "
            "going on is possible with a reason.",
            param="status",
        )


class TransferClaimed(InvalidRequest):
    """400: another payout was paid by this transfer."""

    code = "transfer_claimed"

    def __init__(self, transfer_id: str, payout_id: str | None = None) -> None:
        by = payout_id or "another payout"
        super().__init__(
            f"Transfer {transfer_id} pays {by} already. Choose another one.", param="transfer_id"
        )


class TransferNotFinal(InvalidRequest):
    """400: the transfer is not final yet, or it left the chain."""

    code = "transfer_not_final"

    def __init__(self, transfer_id: str) -> None:
        super().__init__(
            f"Transfer {transfer_id} can still leave the chain, or has left it. "
            "Wait until its block is final.",
            param="transfer_id",
        )


class TransferDoesNotFit(InvalidRequest):
    """400: the transfer cannot have paid this payout, whatever a person says."""

    code = "transfer_does_not_fit"

    def __init__(self, payout_id: str, why: str) -> None:
        super().__init__(
            f"This transfer cannot pay {payout_id}: {why}. Choose another one, or say in the books "
            "what became of this money.",
            param="transfer_id",
        )


class ReasonMissing(InvalidRequest):
    """400: an act that must be explained, without a reason."""

    code = "missing_required_field"

    def __init__(self) -> None:
        super().__init__("This needs a reason. Say in a few words why.", param="reason")


class BatchVoided(BillingError):
    """410: a payout was taken back from the batch or canceled, so its files are none any more."""

    status = 410
    code = "batch_voided"

    def __init__(self, batch_id: str) -> None:
        super().__init__(
            f"The files of batch {batch_id} are void: a payout of it was taken back or canceled. "
            "Destroy the copies that you have and sign none of them. Take the other payouts back "
            "too, then hand over what shall be paid in a new batch."
        )


class ApprovalMismatch(InvalidRequest):
    """400: what would be signed is not what was approved. Somebody changed rows by hand."""

    code = "approval_mismatch"

    def __init__(self, batch_id: str, what: str) -> None:
        super().__init__(
            f"Batch {batch_id} is not written: {what} is not what was approved and handed over. "
            "Sign nothing of it, and have an administrator look at the database."
        )


class AlreadyExecuted(InvalidRequest):
    """400: a file that would pay again what was paid, or is on its way."""

    code = "batch_already_executed"

    def __init__(self, payout: PayoutIntent, file: str) -> None:
        state = str(payout.status).replace("_", " ")
        super().__init__(
            f"{file} is given out no more: payout {payout.id} of it is {state}, and signing the "
            "file would pay it again. Take back what is left, and hand it over in a new batch."
        )


class NotWritable(InvalidRequest):
    """400: the sandbox takes addresses of an impossible form, which no contract can be told of."""

    code = "address_not_writable"

    def __init__(self, file: str, address: str) -> None:
        super().__init__(
            f"{file} cannot be written: {address} is an address of no chain, which the sandbox "
            "alone takes. Take another format, or pay an address that live would take too."
        )
