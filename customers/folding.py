"""Texts as they are compared: case aside, in every alphabet.

Folded here and stored, since what a database takes for a small letter depends on its locale: one
that was made with the locale C knows those of ASCII alone.
"""

from typing import Any
from unicodedata import normalize

from django.db import models


def folded(text: str) -> str:
    """Return the text as equals of it are written: `ADA@BÜCHER.example` as `ada@bücher.example`."""
    return normalize("NFC", normalize("NFC", text).casefold())


class FoldedField(models.TextField[str | None, str | None]):
    """The folded text of another field of the row, set whenever that is written."""

    def __init__(self, of: str, **options: Any) -> None:
        self.of = of
        super().__init__(**{**options, "editable": False})

    def deconstruct(self) -> Any:
        name, path, arguments, options = super().deconstruct()
        del options["editable"]
        return name, path, [self.of, *arguments], options

    def pre_save(self, model_instance: models.Model, add: bool) -> str | None:
        text = getattr(model_instance, self.of)
        value = None if text is None else folded(text)
        setattr(model_instance, self.attname, value)
        return value
