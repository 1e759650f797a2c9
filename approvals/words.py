"""Rules and limits as sentences: what a person reads is what decides."""

from datetime import timedelta

from approvals.models import CreatedVia, Limit, LimitScope, Outcome, RecipientIs, Rule
from billing.chains import Chain, Token, decimals
from billing.money import display

PLACES = decimals(Chain.BASE, Token.USDC)  # of every token on every chain
_RECIPIENTS = {
    RecipientIs.KNOWN: "to a known recipient",
    RecipientIs.NEW: "to a new recipient",
    RecipientIs.ADDRESS_BOOK: "to a recipient of the address book",
}
_MAKERS = {
    CreatedVia.PERSON: "made by a person",
    CreatedVia.KEY: "made by an API key",
    CreatedVia.IMPORT: "made by an import",
}
_SCOPES = {
    LimitScope.ORGANIZATION: "of all payouts together",
    LimitScope.RECIPIENT: "to each recipient",
    LimitScope.APPROVER: "by each approver",
}


def amount_of(amount_atomic: int) -> str:
    """`12,500.00`, in token units."""
    return display(amount_atomic, PLACES)


def conditions_words(rule: Rule) -> str:
    """What the rule is about: `USDT on Tron of 1,000.00 or more to a new recipient`."""
    tokens = _either(rule.tokens) or "Any token"
    chains = _either([str(Chain(chain).label) for chain in rule.chains])
    parts = [tokens, f"on {chains}" if chains else "", _range(rule)]
    parts.append(_RECIPIENTS.get(RecipientIs(rule.recipient_is), ""))
    if rule.reference_types:
        parts.append(f"for {_either(rule.reference_types)}")
    parts.append(_MAKERS.get(CreatedVia(rule.created_via), ""))
    said = " ".join(part for part in parts if part)
    return "Every payout" if said == "Any token" else said


def outcome_words(rule: Rule) -> str:
    """What the rule asks: `2 approvals of Finance, people only`."""
    if rule.outcome == Outcome.BLOCK:
        return "is blocked"
    who = f"of {rule.group}" if rule.group is not None else "of anybody who may approve"
    many = "1 approval" if rule.needed == 1 else f"{rule.needed} approvals"
    keys = ", by people alone" if rule.people_only else ""
    return f"asks {many} {who}{keys}"


def rule_words(rule: Rule) -> str:
    """The whole rule as one sentence, without its number and name."""
    return f"{conditions_words(rule)} {outcome_words(rule)}"


def limit_words(limit: Limit) -> str:
    """What the limit allows: `10,000.00 USDT on Tron in 24 hours, by each approver`."""
    token = limit.token or "of any token"
    chain = f"on {Chain(limit.chain).label}" if limit.chain else ""
    what = " ".join(part for part in (amount_of(limit.amount_atomic), token, chain) if part)
    return f"{what} in {window_words(limit.window_h)}, {_SCOPES[LimitScope(limit.scope)]}"


def window_words(hours: int) -> str:
    """`1 hour`, `36 hours`, `7 days`."""
    if hours % 24 or hours == 24:
        return "1 hour" if hours == 1 else f"{hours} hours"
    return f"{hours // 24} days"


def lapse_words(span: timedelta) -> str:
    """The time after which an approval lapses."""
    return window_words(int(span.total_seconds() // 3600))


def _range(rule: Rule) -> str:
    low, high = rule.min_atomic, rule.max_atomic
    if low is not None and high is not None:
        return f"of {amount_of(low)} to {amount_of(high)}"
    if low is not None:
        return f"of {amount_of(low)} or more"
    return f"of at most {amount_of(high)}" if high is not None else ""


def _either(words: list[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} or {words[-1]}"
