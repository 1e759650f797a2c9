"""The pieces of three characters that a customer is found by, as expressions of the database.

The two functions are made by the first migration, of nothing but what PostgreSQL itself has: the
embedded one comes without pg_trgm.
"""

from django.contrib.postgres.fields import ArrayField
from django.db.models import Func, TextField, Value

TEXTS = ("folded_email", "folded_name", "folded_external_id")


def grams_of_row() -> Func:
    """The pieces of a row's texts, each with its organization and environment: one index for all.

    Built anew for each use: Django resolves an expression where it stands.
    """
    return Func(
        "organization_id",
        "environment",
        *TEXTS,
        function="customers_grams",
        output_field=ArrayField(TextField()),
    )


def grams_of_term(organization_id: str, environment: str, term: str) -> Func:
    """The pieces that a row must have where `term`, folded and not empty, stands in it.

    Of one and of two characters it is the piece of a text that begins so.
    """
    return Func(
        Value(organization_id),
        Value(environment),
        Value(term),
        function="customers_term_grams",
        output_field=ArrayField(TextField()),
    )
