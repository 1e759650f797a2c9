"""What a rule and a limit say, as they are asked for, and whether that can be. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

from approvals.models import CreatedVia, LimitScope, Outcome, RecipientIs
from approvals.models.policies import LONGEST_WINDOW_H, SHORTEST_WINDOW_H
from billing.chains import Chain, Token
from billing.errors import InvalidRequest

# The words of payouts, which this app does not know; a test holds the two to each other.
REFERENCE_TYPES = ("manual", "invoice", "checkout", "subscription")
LONGEST_NAME = 80
MOST_NEEDED = 20


@dataclass(frozen=True, slots=True)
class RuleTerms:
    """One rule as a person wrote it. Amounts are atomic; `group_id` None is anybody."""

    name: str
    chains: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    min_atomic: int | None = None
    max_atomic: int | None = None
    recipient_is: str = RecipientIs.ANY.value
    reference_types: tuple[str, ...] = ()
    created_via: str = CreatedVia.ANY.value
    outcome: str = Outcome.APPROVALS.value
    needed: int = 1
    group_id: str | None = None
    people_only: bool = False

    @property
    def columns(self) -> dict[str, object]:
        """What is stored. A rule that blocks asks nothing of anybody."""
        blocks = self.outcome == Outcome.BLOCK
        return {
            "name": self.name.strip(),
            "chains": list(self.chains),
            "tokens": list(self.tokens),
            "min_atomic": self.min_atomic,
            "max_atomic": self.max_atomic,
            "recipient_is": self.recipient_is,
            "reference_types": list(self.reference_types),
            "created_via": self.created_via,
            "outcome": self.outcome,
            "needed": 0 if blocks else self.needed,
            "group_id": None if blocks else self.group_id,
            "people_only": self.people_only and not blocks,
        }

    def require_sense(self) -> None:
        """Raise InvalidRequest, naming the field, where the rule could never be meant so."""
        _require_name(self.name)
        _require_known(self.chains, Chain.values, "chains")
        _require_known(self.tokens, Token.values, "tokens")
        _require_known(self.reference_types, REFERENCE_TYPES, "reference_types")
        _require_known([self.recipient_is], RecipientIs.values, "recipient_is")
        _require_known([self.created_via], CreatedVia.values, "created_via")
        _require_known([self.outcome], Outcome.values, "outcome")
        low, high = self.min_atomic, self.max_atomic
        if low is not None and high is not None and low > high:
            raise InvalidRequest("The least amount is above the most.", param="max_amount")
        if self.outcome == Outcome.APPROVALS and not 1 <= self.needed <= MOST_NEEDED:
            raise InvalidRequest(f"A rule asks 1 to {MOST_NEEDED} approvals.", param="needed")


@dataclass(frozen=True, slots=True)
class LimitTerms:
    """One limit as a person wrote it. `chain` and `token` are empty where any counts."""

    name: str
    scope: str
    amount_atomic: int
    window_h: int
    chain: str = ""
    token: str = ""

    @property
    def columns(self) -> dict[str, object]:
        """What is stored."""
        return {
            "name": self.name.strip(),
            "scope": self.scope,
            "chain": self.chain,
            "token": self.token,
            "amount_atomic": self.amount_atomic,
            "window_h": self.window_h,
        }

    def require_sense(self) -> None:
        """Raise InvalidRequest, naming the field, where the limit could never be meant so."""
        _require_name(self.name)
        _require_known([self.scope], LimitScope.values, "scope")
        _require_known([self.chain], ["", *Chain.values], "chain")
        _require_known([self.token], ["", *Token.values], "token")
        if self.amount_atomic <= 0:
            raise InvalidRequest("A limit is above zero. To stop all, block.", param="amount")
        if not SHORTEST_WINDOW_H <= self.window_h <= LONGEST_WINDOW_H:
            raise InvalidRequest("A window has 1 hour to 31 days.", param="window_h")


def _require_name(name: str) -> None:
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        raise InvalidRequest(f"Give it a name of up to {LONGEST_NAME} characters.", param="name")


def _require_known(words: Collection[str], known: Collection[str], param: str) -> None:
    if unknown := [word for word in words if word not in known]:
        raise InvalidRequest(f"No such word: {unknown[0]}. {', '.join(known)}.", param=param)
