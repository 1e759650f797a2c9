"""What other parts show on a customer's page: their checkouts, their subscriptions.

This floor knows none of those parts. Each brings its own section when its admin is loaded:

    add_section(checkouts_of)
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.safestring import SafeString

from customers.models import Customer

Cells = list[tuple[str, str, str | SafeString]]  # label, css class, what stands in the cell


@dataclass(frozen=True, slots=True)
class Section:
    """A table below the facts, newest rows first; `url` leads to all of them, where there are more.

    Without rows its two empty texts stand there: what will appear, and how it gets here.
    """

    title: str
    rows: list[Cells]
    empty_title: str
    empty_text: str
    url: str = ""


# One or two queries; None where the reader may not see any of it.
SectionOf = Callable[[HttpRequest, Customer], Section | None]

_sections: list[SectionOf] = []


def add_section(section_of: SectionOf) -> None:
    """Show this on every customer's page, below what was added before."""
    _sections.append(section_of)


def sections_of(request: HttpRequest, customer: Customer) -> list[Section]:
    """Every section that the reader may see."""
    found = (section_of(request, customer) for section_of in _sections)
    return [section for section in found if section is not None]
