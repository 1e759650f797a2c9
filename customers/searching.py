"""Finding customers by what is remembered of them: part of an address, a name, an id of one's own.

An index answers (customers.grams): a term of three characters and more is found anywhere in the
e-mail address, the name or the external id, a shorter one where one of them begins so; case aside.
"""

from django.db.models import BooleanField, Func, Q, QuerySet, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from customers.folding import folded
from customers.grams import TEXTS, grams_of_row, grams_of_term
from customers.models import Customer

LONGEST_TERM = 256
_SHORTEST_ANYWHERE = 3


def found(
    rows: QuerySet[Customer], organization_id: str, environment: str, term: str
) -> QuerySet[Customer]:
    """Those of `rows`, of this organization and environment, that `term` finds; all for none."""
    if not term:
        return rows
    term = folded(term)
    pieces = grams_of_term(organization_id, environment, term)
    # The pieces may stand in a row apart from each other, so that its texts are looked at too.
    return rows.alias(grams=grams_of_row()).filter(Q(grams__contains=pieces) & _holds(term))


def _holds(term: str) -> Q:
    """Whether one of the texts has the term in it, told by the database as the index has it."""
    either = Q()
    wanted = Value(term)
    for text in TEXTS:
        if len(term) >= _SHORTEST_ANYWHERE:
            either |= Q(GreaterThan(StrIndex(text, wanted), 0))
        else:
            begins = Func(text, wanted, function="starts_with", output_field=BooleanField())
            either |= Q(begins)
    return either
