"""The words of the hosted pages: found in the source, and written into each language's catalog.

python -m tests.checkouts.catalogs           # after a sentence changed: updates and compiles
python -m tests.checkouts.catalogs --check   # says what is missing, writes nothing
"""

import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent.parent
# Every hosted page speaks from one catalog, so that what two of them say is said the same.
CODE = (ROOT / "checkouts", ROOT / "subscriptions" / "hosted")
TEMPLATES = (ROOT / "templates" / "checkouts", ROOT / "templates" / "subscriptions")
LOCALE = ROOT / "checkouts" / "locale"
LANGUAGES = ("ar", "es", "pt", "ru", "tr", "zh_Hans")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


def source() -> Catalog:
    """Every text that the source marks for translation, in the order it is read."""
    found = Catalog(charset="utf-8")
    for place, line, message, comments, context in _messages():
        found.add(
            message, locations=[(place, line)], auto_comments=comments, context=context or None
        )
    return found


def stored(language: str) -> Catalog:
    """A language's catalog as it is kept."""
    with po_path(language).open("rb") as file:
        return read_po(file, locale=language, domain="django")


def compiled(catalog: Catalog) -> bytes:
    """What gettext reads at run time."""
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def po_path(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def mo_path(language: str) -> Path:
    return po_path(language).with_suffix(".mo")


def texts(message: Message) -> tuple[str, ...]:
    """The text and, of one that counts, its plural."""
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def translations(message: Message) -> tuple[str, ...]:
    """Its translations: one, or one for each plural form."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def lacking(language: str) -> list[str]:
    """The texts that the language has no sure translation of."""
    catalog = stored(language)
    return [
        texts(message)[0]
        for message in source()
        if message.id and not _is_translated(catalog.get(message.id, message.context))
    ]


def update(language: str) -> None:
    """Bring a language's catalog up to the source, and compile it. Nothing is guessed."""
    fresh, old = source(), stored(language) if po_path(language).exists() else None
    catalog = Catalog(
        locale=language,
        domain="django",
        charset="utf-8",
        header_comment="# The hosted pages. Brought up to date by tests/checkouts/catalogs.py.",
        project="billing",
        version="hosted pages",
        last_translator="none",
        language_team="none",
        msgid_bugs_address="none",
        # Kept, so that what did not change is written as it was.
        creation_date=old.creation_date if old is not None else None,
        fuzzy=False,
    )
    for message in fresh:
        if message.id:
            known = old.get(message.id, message.context) if old is not None else None
            catalog.add(
                message.id,
                known.string if known is not None else "",
                locations=message.locations,
                context=message.context,
            )
    po_path(language).parent.mkdir(parents=True, exist_ok=True)
    with po_path(language).open("wb") as file:
        write_po(file, catalog, width=100, include_lineno=False, omit_header=False)
    mo_path(language).write_bytes(compiled(stored(language)))


def _messages() -> Iterator[tuple[str, int, Any, list[str], str | None]]:
    code = (path for place in CODE for path in sorted(place.rglob("*.py")))
    templates = (path for place in TEMPLATES for path in sorted(place.rglob("*.html")))
    for path in [*code, *templates]:
        method: Any = "python" if path.suffix == ".py" else _from_template
        with path.open("rb") as file:
            for line, message, comments, context in extract(method, file, keywords=KEYWORDS):
                yield str(path.relative_to(ROOT)), line, message, comments, context


def _from_template(
    file: IO[bytes], keywords: Any, comment_tags: Any, options: Any
) -> Iterable[Any]:
    """Read a Django template: Django writes its tags as calls, one beside the other."""
    calls = templatize(file.read().decode())
    # What is between the calls is blanked out, and means nothing to a reader of Python.
    lines = "\n".join(line.strip() for line in calls.splitlines())
    return extract_python(io.BytesIO(lines.encode()), KEYWORDS, [], {"encoding": "utf-8"})


def _is_translated(message: Message | None) -> bool:
    return message is not None and not message.fuzzy and all(translations(message))


def main(arguments: list[str]) -> int:
    if "--check" not in arguments:
        for language in LANGUAGES:
            update(language)
    wanting = {language: lacking(language) for language in LANGUAGES}
    for language, missing in wanting.items():
        for text in missing:
            print(f"{language}: {text}")
    return 1 if any(wanting.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
