"""A page in each of its looks: at a desk and on a phone, by day and by night."""

from playwright.sync_api import Page

from tests.browser.axe import violations
from tests.browser.conftest import picture

DESK, PHONE = 1280, 360
HEIGHTS = {DESK: 860, PHONE: 740}
LOOKS = (("desk", DESK, "light"), ("desk", DESK, "dark"), ("phone", PHONE, "light"),
         ("phone", PHONE, "dark"))  # fmt: skip
# axe takes longer than all else here, and these two have both sizes and both palettes.
READ = {("desk", "light"), ("phone", "dark")}
OUTSIDE, BAND = "region", "SANDBOX"  # it stands above every page of a sandbox, by intention


def width_of(page: Page) -> int:
    """How wide the page is; wider than its window, it has to be pushed aside to be read."""
    width: int = page.evaluate("document.documentElement.scrollWidth")
    return width


def looked_at(page: Page, name: str) -> list[str]:
    """What is wrong with the open page, a line each; a picture of each look, by its name.

    Wrong is what makes it wider than its window, and what axe complains of. The page is left at a
    desk, by day.
    """
    wrong: list[str] = []
    for device, width, scheme in LOOKS:
        _turn(page, width, scheme)
        picture(page, f"{name}-{device}-{scheme}")
        found = [f"it is {width_of(page)} wide"] if width_of(page) > width else []
        if (device, scheme) in READ:
            found += [each for each in violations(page) if not _is_the_band(each)]
        wrong += [f"{name}, {device}, {scheme}: {each}" for each in found]
    _turn(page, DESK, "light")
    return wrong


def all_looked_at(page: Page, paths: dict[str, str]) -> list[str]:
    """What is wrong with any of the pages at these paths, by the names they are given."""
    wrong: list[str] = []
    for name, path in paths.items():
        answer = page.goto(path)
        assert answer is not None, path
        assert answer.ok, path
        wrong += looked_at(page, name)
    return wrong


def _is_the_band(violation: str) -> bool:
    return violation.startswith(f"{OUTSIDE}:") and BAND in violation


def _turn(page: Page, width: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
