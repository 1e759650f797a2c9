"""How a screen shows whom a payout is for: the name first, and all that is doubtful about it."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.admin import record_url
from billing.callers import Caller
from billing.display import absolute, address_html, difference_html, tag_html
from payouts.models import AddressStatus, PayoutIntent, Recipient, Status
from payouts.recipients import Standing, lookalikes, standings

CONTRACT = (
    "There is a contract at this address, not a plain account: a Safe, an exchange's deposit or "
    "a program that cannot give money back. Make sure that the recipient expects it there."
)
_UNPAID = (Status.DRAFT, Status.APPROVED, Status.PENDING_EXECUTION)


def standings_of(caller: Caller, payouts: Iterable[PayoutIntent]) -> dict[str, Standing]:
    """What is known of the recipient of each payout, by its id, in one query."""
    rows = {payout.id: (payout.chain, payout.recipient_address) for payout in payouts}
    found = standings(caller.organization_id, caller.environment, rows.values())
    return {payout_id: found[place] for payout_id, place in rows.items()}


def whom_html(payout: PayoutIntent, standing: Standing, *, whole: bool = False) -> SafeString:
    """The name, where the address book has one, and the address under it.

    A look-alike stands there whole, above the address that it could be mistaken for.
    """
    shown = address_html(payout.recipient_address, payout.chain, payout.environment, whole=whole)
    if standing.lookalike is not None and payout.status in _UNPAID:
        shown = likeness_html(payout.recipient_address, standing.lookalike)
    name = name_of(payout, standing)
    if not name:
        return shown
    return format_html('<span class="name">{}</span><span class="sub">{}</span>', name, shown)


def name_of(payout: PayoutIntent, standing: Standing) -> SafeString | str:
    """Who has the address in the book today; else who had it when the payout was made.

    What is only proposed lends its name to nothing: anybody could have proposed it.
    """
    recipient_id, name = standing.recipient_id, standing.recipient_name
    if standing.status != AddressStatus.APPROVED:
        recipient_id, name = payout.recipient_id, payout.recipient_name
    if recipient_id is None or name is None:
        return ""
    return format_html('<a href="{}">{}</a>', record_url(Recipient, recipient_id), name)


def doubts(payout: PayoutIntent, standing: Standing) -> list[SafeString]:
    """What speaks against paying it, while it is not paid: look-alike, cooling, a contract."""
    if payout.status not in _UNPAID:
        return []
    tags = []
    if standing.lookalike is not None:
        title = f"It only looks like {standing.lookalike}, which you know."
        tags.append(tag_html("look-alike", "danger", "warning", title))
    if standing.status == AddressStatus.PROPOSED:
        title = f"Proposed for {standing.recipient_name}, and nobody has approved that yet."
        tags.append(tag_html("not approved", "warning", "warning", title))
    if standing.is_cooling and standing.usable_at is not None:
        until = timezone.localtime(standing.usable_at).strftime("%-d %b, %H:%M")
        title = f"It is new in the address book, and waits until {absolute(standing.usable_at)}."
        tags.append(tag_html(f"cooling until {until}", "warning", "warning", title))
    if standing.is_contract:
        tags.append(tag_html("contract", "warning", "warning", CONTRACT))
    return tags


def cautions(payout: PayoutIntent, standing: Standing) -> list[str]:
    """What is to be read whole before it is paid."""
    return [CONTRACT] if standing.is_contract and payout.status in _UNPAID else []


def known_lookalikes(caller: Caller, address: str) -> list[str]:
    """What `address` could be mistaken for: paid before, in the book, or the organization's own."""
    return lookalikes(caller.organization_id, caller.environment, address)


def compared(address: str, known: str) -> dict[str, SafeString | str]:
    """Two addresses under each other in full, what differs marked."""
    return {
        "given": difference_html(address, known),
        "known": difference_html(known, address),
    }


def likenesses(caller: Caller, payout: PayoutIntent) -> list[dict[str, Any]]:
    """For the payout's page, while it is not paid: every known address it could be mistaken for."""
    if payout.status not in _UNPAID:
        return []
    address = payout.recipient_address
    return [compared(address, known) for known in known_lookalikes(caller, address)]


def likeness_html(address: str, known: str) -> SafeString:
    """The same in one cell of a list of facts."""
    pair = compared(address, known)
    return format_html(
        '<span class="pair"><code class="whole">{}</code><code class="whole">{}</code></span>',
        pair["given"],
        pair["known"],
    )
