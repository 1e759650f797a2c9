"""How the hosted pages write amounts, names and times, in the language that is active.

Whatever is written into a sentence is isolated where a language is written from right to left, so
that `49.99 USDT` never turns around.
"""

from datetime import datetime

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, get_language_bidi, gettext

from billing.chains import Chain, decimals
from billing.money import display

# Where a comma is the decimal sign, a comma between thousands would be misread.
_COMMA_LANGUAGES = frozenset({"en", "zh-hans"})
_THIN = "\u202f"
_ISOLATED, _LTR_ISOLATED, _END = "\u2068", "\u2066", "\u2069"


def amount(amount_atomic: int, token: str, chain: str) -> str:
    """`12,500.00 USDT`, unbreakable; the point is the decimal sign everywhere, as in wallets."""
    return ltr(f"{figure(amount_atomic, token, chain)}\u00a0{token}")


def figure(amount_atomic: int, token: str, chain: str) -> str:
    """`12,500.00`, all six decimals only where they differ from two."""
    shown = display(amount_atomic, decimals(chain, token))
    return shown if get_language() in _COMMA_LANGUAGES else shown.replace(",", _THIN)


def ltr(text: str) -> str:
    """Keep numbers, addresses and names of tokens from left to right in Arabic."""
    return f"{_LTR_ISOLATED}{text}{_END}" if get_language_bidi() else text


def isolated(name: str) -> str:
    """A name in whatever script, which must not turn the sentence around it."""
    return f"{_ISOLATED}{name}{_END}" if get_language_bidi() or not name.isascii() else name


def network_name(chain: str) -> str:
    return str(Chain(chain).label)


def clock(seconds: int) -> str:
    """`29:41`, and `23:59:59` where there are hours: the same in every language."""
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def countdown(seconds: int, until: datetime, now: datetime) -> SafeString:
    """The time that is left and when it ends, marked for the page's script, which goes on."""
    sentence = escape(gettext("%(clock)s left to pay, until %(time)s"))
    parts = {
        "clock": format_html(
            '<span role="timer" data-clock><bdi dir="ltr">{}</bdi></span>', clock(seconds)
        ),
        "time": format_html(
            '<time datetime="{}" data-local>{}</time>',
            until.isoformat(timespec="seconds"),
            utc(until, now),
        ),
    }
    return mark_safe(sentence % parts)  # noqa: S308  # the sentence is escaped, the parts are safe


def utc(moment: datetime, now: datetime) -> str:
    """`14:32 UTC`, with its day where that is not today's. The page's script says it local."""
    day = "" if moment.date() == now.date() else f"{moment:%Y-%m-%d} "
    return ltr(f"{day}{moment:%H:%M} UTC")
