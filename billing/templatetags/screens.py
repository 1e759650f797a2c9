"""Template tags of the screens: where the person stands, and the words of billing.display."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms, template
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.template import Context
from django.utils.safestring import SafeString

from billing import display
from billing.admin_context import Place, place_of

register = template.Library()

register.simple_tag(display.icon, name="icon")
register.simple_tag(display.amount_html, name="amount")
register.simple_tag(display.moment_html, name="moment")


@dataclass(frozen=True, slots=True)
class Cell:
    label: str
    css: str
    html: str | SafeString


@dataclass(frozen=True, slots=True)
class Row:
    pk: str
    url: str
    css: str
    obj: Any
    cells: list[Cell]


@register.simple_tag(takes_context=True)
def place(context: Context) -> Place | None:
    """Where the person stands; nothing on the log-in page."""
    request: HttpRequest | None = context.get("request")
    return place_of(request) if request is not None and hasattr(request, "session") else None


@register.simple_tag
def headers_of(cl: ChangeList) -> list[Cell]:
    """The heads of a list's columns."""
    return [_cell(cl, name, "") for name in _columns(cl)]


@register.simple_tag
def rows_of(cl: ChangeList) -> list[Row]:
    """The rows of a list, each cell with the label that heads it on a phone."""
    admin: Any = cl.model_admin
    return [
        Row(
            str(obj.pk),
            admin.url_of(obj),
            getattr(obj, "row_css", ""),
            obj,
            [_cell(cl, name, getattr(admin, name)(obj)) for name in _columns(cl)],
        )
        for obj in cl.result_list
    ]


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter of a list as a menu of links; `chosen` is the word of the active one.

    `form` asks for what no link says, such as two days; None where there is nothing to ask. `kept`
    is what the address says besides, which the form sends along.
    """

    title: str
    choices: list[Any]
    chosen: str
    is_active: bool
    form: forms.Form | None
    kept: list[tuple[str, str]]


@register.simple_tag
def filters_of(cl: ChangeList) -> list[Filter]:
    """The filters of a list. The first choice of each is `All`."""
    menus = []
    for spec in cl.filter_specs:
        if getattr(spec, "is_tabs", False):
            continue  # Drawn as tabs above.
        choices = list(spec.choices(cl))
        chosen = next((c for c in choices[1:] if c["selected"]), None)
        word = str(chosen["display"]) if chosen else ""
        asked = {"p", *spec.expected_parameters()}
        kept = [pair for pair in _address_of(cl) if pair[0] not in asked]
        title, form = str(spec.title).capitalize(), getattr(spec, "form", None)
        menus.append(Filter(title, choices, word, chosen is not None, form, kept))
    return menus


@register.simple_tag
def kept_of(cl: ChangeList) -> list[tuple[str, str]]:
    """What a search keeps of the address: the tab and the filters, not the page."""
    return [pair for pair in _address_of(cl) if pair[0] not in ("q", "p")]


@register.simple_tag
def page_url(cl: ChangeList, step: int) -> str:
    """The address of the page before (-1) or after (1) this one."""
    return cl.get_query_string({"p": cl.page_num + step})


@register.simple_tag
def is_filtered(cl: ChangeList) -> bool:
    """Whether a filter or a search hides rows; the tab one is in does not count."""
    return bool(cl.query) or any(each.is_active for each in filters_of(cl))


@register.filter
def span(form: forms.Form, name: str) -> str:
    """How wide a field stands: `third` or `half` where the form says so."""
    spans: dict[str, str] = getattr(form, "spans", {})
    return spans.get(name, "")


@register.filter
def initials(name: str) -> str:
    """`MK` of Mara Keller, for the small round mark beside her name."""
    words = [word for word in str(name).replace("@", " ").split() if word]
    return "".join(word[0] for word in words[:2]).upper()


@register.filter
def day(moment: datetime) -> str:
    """`21 Nov`, in the reader's zone."""
    return moment.strftime("%-d %b")


def _address_of(cl: ChangeList) -> list[tuple[str, str]]:
    return [(name, value) for name, values in cl.filter_params.items() for value in values]


def _columns(cl: ChangeList) -> list[str]:
    return [name for name in cl.list_display if isinstance(name, str) and name != "action_checkbox"]


def _cell(cl: ChangeList, name: str, value: str | SafeString | None) -> Cell:
    method = getattr(cl.model_admin, name)
    is_void = value in (None, "", display.NOTHING)
    css = f"{method.css} void" if is_void else method.css
    return Cell(method.short_description, css, display.NOTHING if is_void else value or "")
