"""What an act on a payout can be refused for. Every message says what is so, then what to do."""

from billing.errors import InvalidRequest
from payouts.models.intents import PayoutIntent

# Per act: the code of its refusal, and which payouts it takes.
_NEEDED: dict[str, tuple[str, str]] = {
    "update": ("payout_not_draft", "Only a draft can be changed."),
    "approve": ("payout_not_draft", "Only a draft can be approved."),
    "reject": ("payout_not_draft", "Only a draft can be rejected."),
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
}


class IllegalTransition(InvalidRequest):
    """400: the payout is in a state from which this act does not lead."""

    def __init__(self, payout: PayoutIntent, act: str) -> None:
        code, needed = _NEEDED[act]
        state = str(payout.status).replace("_", " ")
        super().__init__(f"Payout {payout.id} is {state}. {needed}", code=code, param="status")


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

    def __init__(self, recipient: str, known: str) -> None:
        super().__init__(
            f"The recipient {recipient} looks like {known}, which you know, and is another one. "
            "Compare them character by character; to pay all the same, send "
            "confirm_lookalike: true.",
            param="recipient_address",
        )


class ChainNotConfigured(InvalidRequest):
    """400: in live, a chain whose transactions this installation could not see."""

    code = "chain_not_configured"

    def __init__(self, chain: str) -> None:
        super().__init__(
            f"No node of {chain} is configured, so nothing paid there could be verified. "
            f"Ask the operator to set {chain.upper()}_RPC_URLS, or choose another chain.",
            param="chain",
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


class ReasonMissing(InvalidRequest):
    """400: an act that must be explained, without a reason."""

    code = "missing_required_field"

    def __init__(self) -> None:
        super().__init__("This needs a reason. Say in a few words why.", param="reason")
