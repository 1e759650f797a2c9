"""What an approval or a policy can be refused for."""

from datetime import datetime

from approvals.models import Limit, Policy
from approvals.words import amount_of, limit_words
from billing.errors import Forbidden, InvalidRequest
from billing.times import iso


class BlockedByPolicy(Forbidden):
    """403: a rule says that such a payment is approved by nobody."""

    code = "blocked_by_policy"

    def __init__(self, rule: str, version: int) -> None:
        super().__init__(
            f"{rule[:1].upper()}{rule[1:]} of policy version {version} blocks this payout. Cancel "
            "it, or ask whoever administers the policies."
        )


class LimitExceeded(Forbidden):
    """403: with this one, more would be approved in the window than the limit allows.

    `frees_at` is when enough of the window has passed, None where the amount alone is too much.
    """

    code = "limit_exceeded"

    def __init__(
        self, limit: Limit, *, used_atomic: int, asked_atomic: int, frees_at: datetime | None
    ) -> None:
        when = (
            "It is more than the limit by itself."
            if frees_at is None
            else f"It fits again at {iso(frees_at)}, if nothing else is approved before."
        )
        super().__init__(
            f"The limit “{limit.name}” allows {limit_words(limit)}. {amount_of(used_atomic)} are "
            f"approved already and this asks {amount_of(asked_atomic)}. {when}"
        )
        self.used_atomic, self.asked_atomic = used_atomic, asked_atomic
        self.frees_at = frees_at


class WouldNotCount(Forbidden):
    """403: the rule asks the approval of others than this caller."""

    code = "approval_would_not_count"


class PolicyCannotBeMet(InvalidRequest):
    """400: a rule that asks more approvals than there are people who may give them."""

    code = "policy_cannot_be_met"


class PolicyChanged(InvalidRequest):
    """400: the draft is no longer the one that the person looked at."""

    code = "policy_changed"

    def __init__(self, policy: Policy) -> None:
        super().__init__(
            f"{policy.edited_by_name} changed the draft meanwhile. Look at it again, then publish.",
            param="revision",
        )


class NothingToWithdraw(InvalidRequest):
    """400: the caller has given no approval that counts."""

    code = "nothing_to_withdraw"

    def __init__(self, subject_id: str) -> None:
        super().__init__(
            f"You have given no approval of {subject_id} that counts. Each takes back their own; "
            "to send a draft back, reject it."
        )
