"""A checkout as its page shows it: every value ready, so that the template only places them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode, urlsplit

from django.utils.safestring import SafeString

from billing.chains import Environment, decimals, network
from billing.money import display
from checkouts.answers import polling_interval_ms
from checkouts.branding import Looks
from checkouts.hosted import qr, wording, writing
from checkouts.hosted.leading import Leads
from checkouts.hosted.stages import ON_ITS_WAY, TO_PAY, Stage, Standing, standing_of
from checkouts.models import Checkout

_SHORT_AMOUNT, _LONG_AMOUNT = 9, 13  # characters, of which the page makes three sizes
_TOLD_AT_MINUTES = (10, 5, 1)
_GOOD = frozenset({Stage.CONFIRMED})
_BAD = frozenset({Stage.REVERSED, Stage.UNDERPAID})
_CLOSED = frozenset({Stage.EXPIRED, Stage.CANCELED, Stage.FAILED})
_ON_HOLD = frozenset({Stage.UNDONE, Stage.TIME_UP})


@dataclass(frozen=True, slots=True)
class Figure:
    """An amount as large type: `tail` are the digits after the cents, which are easily missed."""

    head: str
    tail: str
    token: str

    @property
    def size(self) -> str:
        length = len(self.head) + len(self.tail)
        if length <= _SHORT_AMOUNT:
            return "short"
        return "middle" if length <= _LONG_AMOUNT else "long"


@dataclass(frozen=True, slots=True)
class ToPay:
    """What a wallet must be told. `amount` is as a wallet takes it: digits and a point."""

    amount: Figure
    exactly: str  # of a shared address, why the last digit matters; else empty
    address: tuple[str, str, str]  # its beginning, middle and end
    qr: SafeString
    wallet_link: str
    wallet_qr: SafeString | None
    is_tronlink: bool
    is_shared: bool
    countdown: SafeString
    ring_left: int  # hundredths of the time there was
    seconds_in_all: int
    announcements: tuple[tuple[int, str], ...]  # (seconds left, what to say then)


@dataclass(frozen=True, slots=True)
class Shown:
    """All that the page of one checkout shows."""

    id: str
    stage: Stage
    tone: str  # wait, hold, move, good, bad, closed: what the state's picture and colour are
    version: str
    heading: str
    text: str
    notes: tuple[str, ...]
    figure: Figure
    is_rest: bool  # a part has come, and the figure is what is still missing
    chain: str
    token_on_network: str
    only_this: str
    to_pay: ToPay | None
    progress: str
    progress_of: tuple[int, int] | None
    usually_takes: str
    tx_hash: str
    explorer: str
    explorer_name: str
    back_url: str
    is_paid: bool
    refresh_s: int
    refreshes: str


def shown(checkout: Checkout, looks: Looks, now: datetime, *, leads: Leads) -> Shown:
    """Gather what the page shows. Its deposit address must be loaded."""
    standing = standing_of(checkout, now)
    said = wording.said_of(checkout, standing, looks.merchant_name)
    is_rest = standing.stage == Stage.PART
    # The largest type is never another amount than the one to send.
    asked = standing.missing_atomic if is_rest else checkout.amount_atomic
    return Shown(
        id=checkout.id,
        stage=standing.stage,
        tone=_tone(standing.stage),
        version=standing.version,
        heading=said.heading,
        text=said.text,
        notes=tuple(wording.notes_of(checkout, standing, looks.merchant_name)),
        figure=figure(asked, checkout.token, checkout.chain, is_exact=_is_shared(checkout)),
        is_rest=is_rest,
        chain=checkout.chain,
        token_on_network=wording.token_on_network(checkout.token, checkout.chain),
        only_this=wording.only_this(checkout.token, checkout.chain),
        to_pay=_to_pay(checkout, standing, now) if standing.stage in TO_PAY else None,
        progress=wording.progress(standing),
        progress_of=_progress(standing),
        usually_takes=wording.usually_takes(_seconds_to_confirm(checkout)),
        tx_hash=checkout.tx_hash or "",
        explorer=_explorer(checkout),
        explorer_name=writing.ltr(urlsplit(network(checkout.chain).explorer).netloc),
        back_url=_back_url(checkout, standing, leads),
        is_paid=standing.stage in _GOOD,
        refresh_s=standing.refresh_s,
        refreshes=wording.refreshes(standing.refresh_s),
    )


def status_json(checkout: Checkout, now: datetime) -> dict[str, object]:
    """What the page's script asks for again and again: nothing that the page does not show."""
    standing = standing_of(checkout, now)
    return {
        "checkout_id": checkout.id,
        "status": checkout.status,
        "stage": standing.stage.value,
        "version": standing.version,
        "received": writing.amount(standing.received_atomic, checkout.token, checkout.chain),
        "received_atomic": str(standing.received_atomic),
        "confirmations": standing.confirmations,
        "required_confirmations": standing.required,
        "progress": wording.progress(standing),
        "seconds_left": standing.seconds_left,
        "polling_interval_ms": polling_interval_ms(checkout),
    }


def figure(amount_atomic: int, token: str, chain: str, *, is_exact: bool = False) -> Figure:
    """An amount for large type; of an exact one the digits after the cents are told apart."""
    return _figure(writing.figure(amount_atomic, token, chain), token, is_exact=is_exact)


def _figure(shown: str, token: str, *, is_exact: bool) -> Figure:
    whole, _, fraction = shown.partition(".")
    cents = 2 if is_exact else len(fraction)
    return Figure(f"{whole}.{fraction[:cents]}", fraction[cents:], token)


def _plain(amount_atomic: int, checkout: Checkout) -> str:
    """As a wallet takes it: no mark stands between thousands."""
    return display(amount_atomic, decimals(checkout.chain, checkout.token)).replace(",", "")


def _is_shared(checkout: Checkout) -> bool:
    return checkout.deposit_address.extended_key_id is None


def _to_pay(checkout: Checkout, standing: Standing, now: datetime) -> ToPay:
    missing, address = standing.missing_atomic, checkout.address
    is_shared = _is_shared(checkout)
    link = qr.wallet_link(checkout, missing)
    # The eye compares beginnings and ends, and both of an address are shown stronger.
    begin = 8 if address.startswith("0x") else 6
    return ToPay(
        amount=_figure(_plain(missing, checkout), checkout.token, is_exact=is_shared),
        exactly=wording.exactly(missing, checkout.token, checkout.chain) if is_shared else "",
        address=(address[:begin], address[begin:-6], address[-6:]),
        qr=qr.svg(address),
        wallet_link=link,
        wallet_qr=qr.svg(link) if link.startswith("ethereum:") else None,
        is_tronlink=link.startswith("tronlink"),
        is_shared=is_shared,
        countdown=writing.countdown(standing.seconds_left, checkout.expires_at, now),
        ring_left=min(standing.seconds_left * 100 // standing.seconds_in_all, 100),
        seconds_in_all=standing.seconds_in_all,
        announcements=tuple(
            (minutes * 60, wording.minutes_left(minutes)) for minutes in _TOLD_AT_MINUTES
        ),
    )


def _tone(stage: Stage) -> str:
    for tone, stages in {
        "good": _GOOD,
        "bad": _BAD,
        "closed": _CLOSED,
        "hold": _ON_HOLD,
        "move": ON_ITS_WAY,
    }.items():
        if stage in stages:
            return tone
    return "wait"


def _progress(standing: Standing) -> tuple[int, int] | None:
    if standing.stage not in ON_ITS_WAY:
        return None
    return standing.confirmations, standing.required


def _seconds_to_confirm(checkout: Checkout) -> int:
    return checkout.required_confirmations * network(checkout.chain).block_time_ms // 1000


def _explorer(checkout: Checkout) -> str:
    """The transaction's page; the sandbox's chains are on no explorer."""
    if checkout.tx_hash is None or checkout.environment == Environment.SANDBOX:
        return ""
    return network(checkout.chain).transaction_url(checkout.tx_hash)


def _back_url(checkout: Checkout, standing: Standing, leads: Leads) -> str:
    """Where the customer may go from here; a payment on its way leads nowhere yet."""
    if standing.stage in ON_ITS_WAY:
        return ""
    if standing.stage in _GOOD:
        return _with_id(leads.success_url, checkout.id)
    return leads.cancel_url


def _with_id(url: str, checkout_id: str) -> str:
    """Name the checkout to the merchant's page, beside what its URL says already."""
    if not url:
        return ""
    parts = urlsplit(url)
    named: Mapping[str, str] = {"checkout_id": checkout_id}
    query = "&".join(part for part in (parts.query, urlencode(named)) if part)
    return parts._replace(query=query).geturl()
