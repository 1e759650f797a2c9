"""Nothing in the documentation points to nowhere."""

from pathlib import Path

import pytest

from tests.docs.pages import ROOT, anchors, links, pages


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    broken = [link for link in links(page) if not _leads_somewhere(page, link)]

    assert broken == []


def test_a_link_to_a_missing_page_or_heading_is_found() -> None:
    readme = ROOT / "README.md"

    assert not _leads_somewhere(readme, "docs/nowhere.md")
    assert not _leads_somewhere(readme, "docs/architecture.md#no-such-heading")
    assert _leads_somewhere(readme, "docs/architecture.md#floors")


def test_every_screenshot_is_shown_and_small() -> None:
    shown = {(page.parent / link).resolve() for page in pages() for link in links(page)}
    pictures = set((ROOT / "docs" / "screenshots").rglob("*.png"))

    assert sorted(each.name for each in pictures - shown) == []
    assert [each.name for each in pictures if each.stat().st_size > 120_000] == []


def _leads_somewhere(page: Path, link: str) -> bool:
    if link.startswith(("https://", "http://", "mailto:")):
        return True
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or anchor in anchors(target)
