"""What is open, as work: what, how much, since when, what it looks like, where to resolve it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.admin.utils import quote
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.callers import Caller
from billing.chains import Chain, decimals
from billing.display import amount_html, copy_html
from billing.money import display
from payouts.admin.words import DIFFERENCES
from payouts.suggestions import suggestions_of
from reconciliation import open_work
from reconciliation.books import Discrepancy, Summary
from reconciliation.open_work import Open

MOST_SHOWN = 100  # of each kind
NOBODY = ("", "")
AGES = (
    (timedelta(days=30), "over a month", "red"),
    (timedelta(days=7), "over a week", "amber"),
)
LARGEST_FEE_PERCENT = 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the work somebody wants to see; empty means all of it."""

    whose: str = ""  # mine, nobody
    kind: str = ""  # unexpected, unknown, discrepancy, reversed
    chain: str = ""
    older_than: timedelta = timedelta()

    def wants(self, kind: str, chain: str, since: datetime, now: datetime) -> bool:
        """Whether such a thing is wanted, whosever it is.

        Without an age, whatever its time: blocks of a simulated chain may be ahead of the clock.
        """
        is_old = not self.older_than or since <= now - self.older_than
        return self.kind in ("", kind) and self.chain in ("", chain) and is_old

    def is_whose(self, owner_id: str, caller: Caller) -> bool:
        """Whether what this person owns, empty for nobody, is wanted."""
        return {"mine": owner_id == caller.actor_id, "nobody": not owner_id}.get(self.whose, True)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to look at. An address is empty where it is not resolved, or not matched."""

    what: str
    says: SafeString | str
    amount: SafeString
    chain: str
    since: datetime
    suggestion: str
    url: str
    is_urgent: bool
    owner: str = ""
    match_url: str = ""
    age: tuple[str, str] = ("", "")  # in words, and their tone; empty below a week


def work_items(caller: Caller, now: Summary, wanted: Wanted) -> tuple[list[Item], int]:
    """What is open: unexpected money first, then unknown outcomes, then differences.

    Returns at most MOST_SHOWN of each kind, and how many there are. Two queries, one where no
    money is unexpected.
    """
    at = timezone.now()
    found, owners = open_work.read(caller, now.discrepancies)
    asked = [
        each
        for each in found
        if wanted.wants(each.kind, each.chain, each.since, at)
        and wanted.is_whose(each.owner_id, caller)
    ]
    different = [
        one
        for one in now.discrepancies
        if wanted.wants(_kind(one), one.chain, one.opened_at, at)
        and wanted.is_whose(owners.get(one.settlement_id, NOBODY)[0], caller)
    ]
    stray = [each for each in asked if each.kind == "unexpected"]
    lost = [each for each in asked if each.kind == "unknown"]
    shown = stray[:MOST_SHOWN]
    made_of = suggestions_of([each.id for each in shown]) if shown else {}
    items = [
        *(_stray(each, made_of[each.id], at) for each in shown),
        *(_lost(each, at) for each in lost[:MOST_SHOWN]),
        *(
            _different(one, owners.get(one.settlement_id, NOBODY)[1], at)
            for one in different[:MOST_SHOWN]
        ),
    ]
    return items, len(asked) + len(different)


def resolve_url(settlement_id: str) -> str:
    """Where a settlement is resolved, its id quoted."""
    return reverse("admin:reconciliation_resolve", args=[quote(settlement_id)])


def exception_url(subject_id: str) -> str:
    """The page of one exception, the id of its settlement or payout quoted."""
    return reverse("admin:reconciliation_exception", args=[quote(subject_id)])


def _kind(one: Discrepancy) -> str:
    return "reversed" if "reversed" in one.kinds else "discrepancy"


def age_of(since: datetime, at: datetime) -> tuple[str, str]:
    """How old it is in words, and how much that should worry: nothing below a week."""
    return next(((words, tone) for old, words, tone in AGES if at - since > old), ("", ""))


def _stray(one: Open, made_of: str, at: datetime) -> Item:
    return Item(
        what="Money left with no payout behind it",
        says=format_html("to {}", copy_html(one.address, "address", whole=False)),
        amount=amount_html(one.amount_atomic, one.token, one.chain),
        chain=str(Chain(one.chain).label),
        since=one.since,
        suggestion=sentence_of(made_of),
        url=exception_url(one.id),
        is_urgent=True,
        owner=one.owner,
        match_url=_match_url(one),
        age=age_of(one.since, at),
    )


def _match_url(settlement: Open) -> str:
    """Where it is matched to the payout that it paid; not while its block is gone."""
    if settlement.is_gone:
        return ""
    return reverse("admin:payouts_settlement_match", args=[quote(settlement.id)])


def sentence_of(made_of: str) -> str:
    """A reading as a sentence; names in it keep their capitals."""
    words = f"it {made_of}" if made_of.startswith("fits") else made_of
    return f"{words[:1].upper()}{words[1:]}."


def _lost(one: Open, at: datetime) -> Item:
    return Item(
        what="Failed, and nobody knows whether the money moved",
        says=format_html("to {}", copy_html(one.address, "address", whole=False)),
        amount=amount_html(one.amount_atomic, one.token, one.chain),
        chain=str(Chain(one.chain).label),
        since=one.since,
        suggestion="Look for its transaction in the wallet before paying again.",
        url=exception_url(one.id),
        is_urgent=False,
        owner=one.owner,
        age=age_of(one.since, at),
    )


def _different(one: Discrepancy, owner: str, at: datetime) -> Item:
    places = decimals(one.chain, one.token)
    meant = display(one.expected_atomic, places)
    return Item(
        what=", ".join(DIFFERENCES.get(kind, kind) for kind in one.kinds).capitalize(),
        says=f"{meant} {one.token} was meant",
        amount=amount_html(one.actual_atomic, one.token, one.chain),
        chain=str(Chain(one.chain).label),
        since=one.opened_at,
        suggestion=reading_of(one),
        url=exception_url(one.settlement_id),
        is_urgent="reversed" in one.kinds,
        owner=owner,
        age=age_of(one.opened_at, at),
    )


def reading_of(one: Discrepancy) -> str:
    """What the difference looks like, in a sentence."""
    difference = one.actual_atomic - one.expected_atomic
    amount = display(abs(difference), decimals(one.chain, one.token))
    if "reversed" in one.kinds:
        return "Its block left the chain. It heals itself if the transaction is mined again."
    if difference > 0:
        return f"{amount} {one.token} more arrived than was meant."
    if difference < 0:
        percent = abs(difference) * 100 / one.expected_atomic
        less = f"{amount} {one.token} less arrived than was meant ({percent:.3g} %)."
        is_fee = percent <= LARGEST_FEE_PERCENT
        return f"{less} It looks like a fee that the token takes." if is_fee else less
    if "late_settlement" in one.kinds:
        return "The payout had ended when its money moved after all. Was it paid again since?"
    return "The money is right; what was approved says otherwise."
