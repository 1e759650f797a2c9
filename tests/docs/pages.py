"""The pages of the documentation, and what stands in them."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
INTEGRATORS, CHECKOUTS, SUBSCRIPTIONS, OPERATORS, ERRORS = (
    DOCS / f"{n}.md" for n in ("integrators", "checkouts", "subscriptions", "operators", "errors")
)

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|<img[^>]+src=\"([^\"]+)\"")


def pages() -> list[Path]:
    return [README, *sorted(DOCS.rglob("*.md"))]


def snippets(page: Path, language: str) -> str:
    """All fenced blocks of a language, in order, as one program."""
    return "\n".join(body for name, body in _FENCE.findall(page.read_text()) if name == language)


def links(page: Path) -> Iterator[str]:
    """Every link and image of a page, those in code left out."""
    prose = _FENCE.sub("", page.read_text())
    for link, image in _LINK.findall(prose):
        yield link or image


def anchors(page: Path) -> set[str]:
    """The names that a page's headings can be linked by, made as the forges make them."""
    found = re.findall(r"^#+ (.*)$", _FENCE.sub("", page.read_text()), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", h.replace("`", "")).strip().lower().replace(" ", "-") for h in found
    }


def first_cells(page: Path, heading: str) -> list[str]:
    """The words in backticks that begin the rows of the tables under a heading."""
    section = page.read_text().split(f"\n{heading}\n", 1)[1]
    section = re.split(r"^## ", section, maxsplit=1, flags=re.MULTILINE)[0]
    rows = re.findall(r"^\| (`(?:[^|\\]|\\.)*) \|", section, re.MULTILINE)
    return [word for row in rows for word in re.findall(r"`([^`]+)`", row)]
