"""Which customers a list asks for, and how many of the first it leaves out."""

from django.db.models import QuerySet
from django.http import QueryDict

from billing.callers import Caller
from billing.errors import InvalidRequest
from customers.models import Customer
from customers.searching import found
from customers.serializers import FILTERS

NAMES = ("search",)
MOST_OFFSET = 1_000_000


def customers(caller: Caller, query: QueryDict) -> QuerySet[Customer]:
    """Return the caller's customers that the query asks for. Raises ValidationError."""
    rows: QuerySet[Customer] = Customer.objects.visible_to(caller)
    if "search" not in query:
        return rows
    term = FILTERS.run_validation({"search": query["search"]})["search"]
    return found(rows, caller.organization_id, caller.environment.value, term)


def offset_of(query: QueryDict) -> int:
    """How many rows to leave out first: for programs that page so; `cursor` costs the same always.

    Raises InvalidRequest for what is no whole number up to a million, and beside a cursor.
    """
    text = query.get("offset", "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 7 and int(text) <= MOST_OFFSET):
        raise InvalidRequest(
            f"The offset must be a whole number from 0 to {MOST_OFFSET:,}. Further on, page by "
            "cursor.",
            param="offset",
        )
    if int(text) and "cursor" in query:
        raise InvalidRequest(
            "Give a cursor or an offset, not both: a cursor says where a page begins.",
            param="offset",
        )
    return int(text)
