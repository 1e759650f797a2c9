"""How a screen writes an amount, an address, a time, a state: each in one way, everywhere.

Every function here returns safe HTML. The rules are those of docs/screens.md: tabular figures,
the whole of whatever is shortened one focus away, a state told by word and shape.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from billing.chains import Chain, Environment, decimals, network
from billing.money import display

NOTHING = format_html('<span class="hint">{}</span>', "–")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class State:
    """A state as a person sees it: its word, its colour's name, its shape (`icons.svg#state-…`)."""

    word: str
    tone: str
    shape: str
    is_struck: bool = False


def icon(name: str, label: str = "") -> SafeString:
    """One picture of `icons.svg`; with `label` a screen reader says it, without it is ornament."""
    href = f"{static('billing/icons.svg')}#{name}"
    if not label:
        return format_html('<svg class="icon" aria-hidden="true"><use href="{}"></use></svg>', href)
    return format_html(
        '<svg class="icon" role="img" aria-label="{}"><use href="{}"></use></svg>', label, href
    )


def amount_html(amount_atomic: int, token: str, chain: str) -> SafeString:
    """`12,500.00 USDT`, all six decimals only where they differ from two."""
    return format_html(
        '<span class="amount">{}<span class="token">{}</span></span>',
        display(amount_atomic, decimals(chain, token)),
        token,
    )


def amount_words(amount_atomic: int, token: str, chain: str) -> str:
    """The same for a sentence: `4,210.00 USDT on Tron`."""
    return f"{display(amount_atomic, decimals(chain, token))} {token} on {Chain(chain).label}"


def short(text: str) -> str:
    """`TXyz12…abC789`: first six and last six; what is hardly longer stays whole."""
    head = 8 if text.startswith("0x") else 6
    return text if len(text) <= head + 9 else f"{text[:head]}…{text[-6:]}"


def address_html(address: str, chain: str, environment: str, *, whole: bool = False) -> SafeString:
    """An address in a fixed-width face, with a copy button and, in live, its explorer's page."""
    link = network(chain).address_url(address) if environment == Environment.LIVE else ""
    return _copyable(address, "address", link, chain, whole=whole)


def hash_html(tx_hash: str, chain: str, environment: str, *, whole: bool = False) -> SafeString:
    """A transaction hash, in the same dress. The sandbox's chains are on no explorer."""
    link = network(chain).transaction_url(tx_hash) if environment == Environment.LIVE else ""
    return _copyable(tx_hash, "hash", link, chain, whole=whole)


def copy_html(text: str, what: str, *, whole: bool = True) -> SafeString:
    """Any other identifier that people carry elsewhere."""
    return _copyable(text, what, "", "", whole=whole)


def _copyable(text: str, what: str, link: str, chain: str, *, whole: bool) -> SafeString:
    shown = short(text)
    code = (
        format_html('<code class="whole">{}</code>', text)
        if whole or shown == text
        else format_html(
            '<code class="short" tabindex="0" data-full="{}" aria-label="{}">{}</code>',
            text,
            text,
            shown,
        )
    )
    copy = format_html(
        '<button type="button" class="tool needs-js" data-copy="{}" aria-label="Copy {}"'
        ' title="Copy {}">{}</button>',
        text,
        what,
        what,
        icon("copy"),
    )
    explorer = (
        format_html(
            '<a class="tool" href="{}" target="_blank" rel="noopener noreferrer"'
            ' aria-label="Open {} in the explorer of {}" title="Explorer">{}</a>',
            link,
            what,
            Chain(chain).label,
            icon("out"),
        )
        if link
        else SafeString()
    )
    return format_html('<span class="address">{}{}{}</span>', code, copy, explorer)


def ago(moment: datetime, now: datetime) -> str:
    """`4 min ago`, `in 2 days`; under ten seconds it is `just now`."""
    seconds = (now - moment).total_seconds()
    words = _span(abs(seconds))
    if abs(seconds) < 10:
        return "just now"
    return f"{words} ago" if seconds > 0 else f"in {words}"


def _span(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{int(seconds)} s"
    if seconds < _HOUR:
        return f"{int(seconds // _MINUTE)} min"
    if seconds < 2 * _DAY:
        return f"{int(seconds // _HOUR)} h"
    return f"{int(seconds // _DAY)} days"


def span_words(span: timedelta) -> str:
    """How long: `41 min`, `3 h`, `2 days`."""
    return _span(span.total_seconds())


def absolute(moment: datetime) -> str:
    """`21 Nov 2025, 09:42:07 CET`, in the reader's zone (the one that the page activated)."""
    local = timezone.localtime(moment)
    return local.strftime("%-d %b %Y, %H:%M:%S ") + (local.tzname() or "")


def moment_html(moment: datetime | None) -> SafeString:
    """A time as a distance, the absolute one on focus; nothing is written as a dash."""
    if moment is None:
        return NOTHING
    return _time_html(moment, ago(moment, timezone.now()))


def mined_html(block_time: datetime) -> SafeString:
    """The time of a block as a distance.

    The clocks of chains may run ahead of ours, and that of the sandbox by days: then it is `just
    now`, for nothing was mined in times to come. The absolute time is told as the block has it.
    """
    now = timezone.now()
    return _time_html(block_time, ago(min(block_time, now), now))


def due_html(due: datetime | None, *, is_open: bool) -> SafeString:
    """When it is due; what is open past its time says `overdue`, in red and in words."""
    now = timezone.now()
    if due is None or not is_open or due > now:
        return moment_html(due)
    late = _time_html(due, f"overdue by {span_words(now - due)}")
    return format_html('<span class="overdue">{}</span>', late)


def _time_html(moment: datetime, words: str) -> SafeString:
    return format_html(
        '<time class="moment" tabindex="0" datetime="{}" data-full="{}">{}</time>',
        moment.isoformat(),
        absolute(moment),
        words,
    )


def state_html(state: State, note: str | SafeString = "") -> SafeString:
    """A state's word and shape, and beside it what is to be known of it (`0 of 1`)."""
    struck = " state-struck" if state.is_struck else ""
    chip = format_html(
        '<span class="state state-{}{}">{}<b>{}</b></span>',
        state.tone,
        struck,
        icon(f"state-{state.shape}"),
        state.word,
    )
    if not note:
        return chip
    return format_html(
        '<span class="state-line">{} <span class="hint">{}</span></span>', chip, note
    )


def bar_html(done: int, of: int, label: str) -> SafeString:
    """`7 / 19` and a thin bar."""
    done = min(max(done, 0), of)
    return format_html(
        "<span>{} / {}</span>"
        ' <progress class="bar" max="{}" value="{}" aria-label="{}"></progress>',
        done,
        of,
        of,
        done,
        label,
    )


def tag_html(text: str, tone: str = "", shape: str = "", title: str = "") -> SafeString:
    """A small word beside another: `new`, `first payment`, `look-alike`."""
    return format_html(
        '<span class="tag{}" title="{}">{}{}</span>',
        f" tag-{tone}" if tone else "",
        title,
        icon(shape) if shape else "",
        text,
    )


def joined(parts: list[SafeString], separator: str = " ") -> SafeString:
    """Parts that belong in one cell."""
    return format_html_join(separator, "{}", ((part,) for part in parts if part))


def difference_html(address: str, known: str) -> SafeString:
    """`address` in full, each character that differs from `known` at its place marked."""
    ours, theirs = address, known
    if address.startswith("0x"):  # Of these the case is only a checksum.
        ours, theirs = address.lower(), known.lower()
    pieces = []
    for at, character in enumerate(address):
        same = ours[at : at + 1] == theirs[at : at + 1]
        pieces.append(format_html("{}" if same else "<mark>{}</mark>", character))
    return format_html_join("", "{}", ((piece,) for piece in pieces))


def zone(name: str) -> ZoneInfo:
    """The organization's zone; a name that this machine does not know reads as UTC."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError):  # A page is still right in UTC, and says so beside each time.
        return ZoneInfo("UTC")
