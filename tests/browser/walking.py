"""A page as somebody walks through it: at each stop a look at a desk and on a phone."""

from playwright.sync_api import Download, Locator, Page, ViewportSize, expect

from organizations.models import User
from tests.browser.axe import violations
from tests.browser.conftest import Reader, picture

DESK = ViewportSize(width=1280, height=860)
PHONE = ViewportSize(width=390, height=844)
PATIENCE_MS = 60_000
TALLEST = {"desk": 1_150, "phone": 1_400}  # of a picture: what stands below says no more


class Walk:
    """One person's browser. `look` holds the page to what every page must be, and pictures it."""

    def __init__(self, reader: Reader, user: User, complaints: list[str]) -> None:
        self.page: Page = reader(user)
        self.page.set_default_timeout(PATIENCE_MS)  # fifty approvals are one click
        self._complaints = complaints

    def look(self, name: str) -> None:
        """Note where the page is wider than the window, or keeps anybody from reading or using it.

        All faults of a walk are told together at its end, for it is long.
        """
        for size, viewport in (("phone", PHONE), ("desk", DESK)):
            self.page.set_viewport_size(viewport)
            wide = self.page.evaluate("document.documentElement.scrollWidth")
            found = violations(self.page)
            self.page.evaluate("window.scrollTo(0, 0)")
            high = self.page.evaluate("document.documentElement.scrollHeight")
            self.page.set_viewport_size({**viewport, "height": min(high, TALLEST[size])})
            picture(self.page, f"day/{name}-{size}", is_whole=False)
            if wide > viewport["width"]:
                found.append(f"it is {wide} wide")
            self._complaints += [f"{name} {size}: {each}" for each in found]

    def go(self, path: str) -> None:
        answer = self.page.goto(path)
        assert answer is not None and answer.ok, path

    def press(self, button: str) -> None:
        """Press what opens another page, or this one anew, and wait until it is there.

        A click alone returns while the old page is still shown.
        """
        self._open_by(self.page.get_by_role("button", name=button))

    def follow(self, link: str) -> None:
        self._open_by(self.page.get_by_role("link", name=link).first)

    def confirm(self) -> None:
        """Press the one button of a page that shows what is about to happen."""
        self._open_by(self.page.locator("#act-form button[type=submit]"))

    def open_first(self) -> None:
        """Open the first row of a list."""
        self._open_by(self.page.locator(".rows a.to").first)

    def _open_by(self, what: Locator) -> None:
        with self.page.expect_navigation():
            what.click()

    def sees(self, *texts: str) -> None:
        for text in texts:
            expect(self.page.get_by_text(text).first).to_be_visible(timeout=PATIENCE_MS)

    def download(self, role: str, name: str) -> tuple[str, bytes]:
        """Press what gives out a file; return the file's name and content."""
        with self.page.expect_download() as taking:
            self.page.get_by_role(role, name=name).click()  # type: ignore[arg-type]  # a role
        taken: Download = taking.value
        return taken.suggested_filename, taken.path().read_bytes()
