"""What is open, as work: what, how much, since when, what it looks like, where to resolve it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.admin.utils import quote
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.callers import Caller
from billing.chains import Chain, decimals
from billing.display import amount_html, copy_html
from billing.money import display
from payouts.admin.words import DIFFERENCES
from payouts.models import Outcome, PayoutIntent, Settlement, Status
from payouts.suggestions import suggestions
from reconciliation.books import Discrepancy, Summary
from reconciliation.models import Case

MOST_READ = 1_000  # of each kind; the newest
MOST_SHOWN = 100  # of each kind
LARGEST_FEE_PERCENT = 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the work somebody wants to see; empty means all of it."""

    whose: str = ""  # mine, nobody
    kind: str = ""  # unexpected, unknown, discrepancy, reversed
    chain: str = ""
    older_than: timedelta = timedelta()

    def wants(self, kind: str, chain: str, since: datetime, now: datetime) -> bool:
        """Whether such a thing is wanted, whosever it is."""
        is_kind = self.kind in ("", kind)
        return is_kind and self.chain in ("", chain) and since <= now - self.older_than


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


Open = Settlement | PayoutIntent | Discrepancy


def work_items(caller: Caller, now: Summary, wanted: Wanted) -> tuple[list[Item], int]:
    """What is open: unexpected money first, then unknown outcomes, then differences.

    Returns at most MOST_SHOWN of each kind, and how many there are.
    """
    at = timezone.now()
    found: list[list[Open]] = [
        list(_unexpected(caller, wanted, at)),
        list(_unknown(caller, wanted, at)),
        [
            one
            for one in now.discrepancies
            if wanted.wants(_kind(one), one.chain, one.opened_at, at)
        ],
    ]
    cases = _cases([each for kind in found for each in kind])
    kinds = [[each for each in kind if _is_theirs(each, cases, wanted, caller)] for kind in found]
    shown = [each for kind in kinds for each in kind[:MOST_SHOWN]]
    stray = [each for each in shown if isinstance(each, Settlement)]
    made_of = suggestions(stray) if stray else {}
    items = [_item(each, cases, made_of) for each in shown]
    return items, sum(map(len, kinds))


def resolve_url(settlement_id: str) -> str:
    """Where a settlement is resolved, its id quoted."""
    return reverse("admin:reconciliation_resolve", args=[quote(settlement_id)])


def exception_url(subject_id: str) -> str:
    """The page of one exception, the id of its settlement or payout quoted."""
    return reverse("admin:reconciliation_exception", args=[quote(subject_id)])


def _kind(one: Discrepancy) -> str:
    return "reversed" if "reversed" in one.kinds else "discrepancy"


def _unexpected(caller: Caller, wanted: Wanted, at: datetime) -> Iterable[Settlement]:
    if wanted.kind not in ("", "unexpected"):
        return []
    rows = Settlement.objects.visible_to(caller).filter(
        payout__isnull=True, resolved_at__isnull=True, block_time__lte=at - wanted.older_than
    )
    rows = rows.filter(chain=wanted.chain) if wanted.chain else rows
    return rows.order_by("-block_time")[:MOST_READ]


def _unknown(caller: Caller, wanted: Wanted, at: datetime) -> Iterable[PayoutIntent]:
    if wanted.kind not in ("", "unknown"):
        return []
    rows = PayoutIntent.objects.visible_to(caller).filter(
        status=Status.FAILED,
        outcome=Outcome.UNKNOWN,
        settlement__isnull=True,
        failed_at__lte=at - wanted.older_than,
    )
    rows = rows.filter(chain=wanted.chain) if wanted.chain else rows
    found: Iterable[PayoutIntent] = rows.order_by("-created_at", "-id")[:MOST_READ]
    return found


def _id(one: Open) -> str:
    return one.settlement_id if isinstance(one, Discrepancy) else str(one.pk)


def _cases(found: Iterable[Open]) -> Mapping[str, Case]:
    """Whose each is, by the id of what it is about. One query."""
    ids = [_id(each) for each in found]
    if not ids:
        return {}
    of_them = Q(settlement_id__in=ids) | Q(payout_id__in=ids)
    return {case.subject_id: case for case in Case.objects.filter(of_them).select_related("owner")}


def _is_theirs(one: Open, cases: Mapping[str, Case], wanted: Wanted, caller: Caller) -> bool:
    case = cases.get(_id(one))
    owner = case.owner_id if case else None
    return {"mine": owner == caller.actor_id, "nobody": owner is None}.get(wanted.whose, True)


def _item(one: Open, cases: Mapping[str, Case], made_of: Mapping[str, str]) -> Item:
    case = cases.get(_id(one))
    owner = str(case.owner) if case and case.owner else ""
    if isinstance(one, Settlement):
        return _stray(one, owner, made_of[one.id])
    return _different(one, owner) if isinstance(one, Discrepancy) else _lost(one, owner)


def _stray(one: Settlement, owner: str, made_of: str) -> Item:
    return Item(
        what="Money left with no payout behind it",
        says=format_html("to {}", copy_html(one.to_address, "address", whole=False)),
        amount=amount_html(one.amount_atomic, one.token, one.chain),
        chain=str(Chain(one.chain).label),
        since=one.block_time,
        suggestion=sentence_of(made_of),
        url=exception_url(one.pk),
        is_urgent=True,
        owner=owner,
        match_url=_match_url(one),
    )


def _match_url(settlement: Settlement) -> str:
    """Where it is matched to the payout that it paid; not while its block is gone."""
    if settlement.reversed_at is not None:
        return ""
    return reverse("admin:payouts_settlement_match", args=[quote(settlement.pk)])


def sentence_of(made_of: str) -> str:
    """A reading as a sentence; names in it keep their capitals."""
    words = f"it {made_of}" if made_of.startswith("fits") else made_of
    return f"{words[:1].upper()}{words[1:]}."


def _lost(one: PayoutIntent, owner: str) -> Item:
    return Item(
        what="Failed, and nobody knows whether the money moved",
        says=format_html("to {}", copy_html(one.recipient_address, "address", whole=False)),
        amount=amount_html(one.amount_atomic, one.token, one.chain),
        chain=str(Chain(one.chain).label),
        since=one.failed_at or one.updated_at,
        suggestion="Look for its transaction in the wallet before paying again.",
        url=exception_url(one.pk),
        is_urgent=False,
        owner=owner,
    )


def _different(one: Discrepancy, owner: str) -> Item:
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
