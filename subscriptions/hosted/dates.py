"""Days as the customer's page writes them: in words, by the clocks of the subscription's zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as formatted
from django.utils.translation import get_language, gettext

# As each language writes a day in a sentence, and so that no two readers take it for unlike days.
_DAYS = {
    "en": "j F Y",
    "es": r"j \d\e F \d\e Y",
    "pt": r"j \d\e F \d\e Y",
    "zh-hans": "Y年n月j日",
    "ru": "j E Y",
    "tr": "j F Y",
    "ar": "j F Y",
}
# Where months are written small, and Django's own words are not.
_SMALL = frozenset({"es", "pt", "ru"})


def day(moment: datetime, zone: str) -> str:
    """`22 November 2026`, unbreakable."""
    language = get_language() or "en"
    words = formatted(moment.astimezone(ZoneInfo(zone)), _DAYS.get(language, _DAYS["en"]))
    return (words.lower() if language in _SMALL else words).replace(" ", "\u00a0")


def day_and_time(moment: datetime, zone: str) -> str:
    """`22 November 2026, 14:32`."""
    return f"{day(moment, zone)}, {moment.astimezone(ZoneInfo(zone)):%H:%M}"


def span(start: datetime, end: datetime, zone: str) -> str:
    """`22 November 2026 to 22 December 2026`: the second day is when the next one begins."""
    return gettext("%(start)s to %(end)s") % {"start": day(start, zone), "end": day(end, zone)}
