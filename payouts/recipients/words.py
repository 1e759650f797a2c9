"""What people write about a recipient: trimmed, bounded, and free of secrets."""

from collections.abc import Iterable, Mapping
from typing import Any

from billing.errors import InvalidRequest
from billing.private_keys import refuse_private_keys_in_words

LONGEST_NAME, LONGEST_NOTE, LONGEST_TAG, MOST_TAGS = 120, 2_000, 40, 20
LONGEST_REFERENCE = 255


def read(given: Mapping[str, Any]) -> dict[str, Any]:
    """What people wrote, without white space around it. Raises where it is too long or a secret."""
    values = {name: value.strip() for name, value in given.items() if isinstance(value, str)}
    if "tags" in given:
        values["tags"] = tags_of(given["tags"])  # type: ignore[assignment]  # the one list
    if "name" in values and not values["name"]:
        raise InvalidRequest("A recipient needs a name.", param="name")
    for name, most in (
        ("name", LONGEST_NAME),
        ("note", LONGEST_NOTE),
        ("reference", LONGEST_REFERENCE),
    ):
        if len(values.get(name, "")) > most:
            raise InvalidRequest(f"This can have at most {most:,} characters.", param=name)
    refuse_private_keys_in_words(values)
    return values


def tags_of(tags: Iterable[str]) -> list[str]:
    """Tags in small letters, each once, in order. Raises where one is too long or too many are."""
    kept = sorted({tag.strip().lower() for tag in tags} - {""})
    if len(kept) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in kept):
        raise InvalidRequest(
            f"A recipient has at most {MOST_TAGS} tags of at most {LONGEST_TAG} characters.",
            param="tags",
        )
    return kept
