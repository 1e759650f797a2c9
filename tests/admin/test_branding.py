"""Branding in the admin: one form for each environment, seen before it is kept."""

import re

from checkouts import branding
from checkouts.models import Branding
from organizations.models import Organization, User
from tests.admin.conftest import Desk
from tests.admin.paying import BRANDING
from tests.admin.reading import text_of

LOOKS = {
    "merchant_name": "Acme Shop",
    "accent_color": "#7a1fa2",
    "support_url": "https://shop.example/help",
    "origins": "https://shop.example\r\nhttps://www.shop.example",
}


def fills(page: str) -> list[str]:
    """The colours of what the picture paints in the merchant's."""
    return re.findall(r'<rect data-preview="color" fill="([^"]*)"', page)


def test_at_first_it_bears_the_organizations_own_name(
    acme: Organization, ada: User, desk: Desk
) -> None:
    page = desk(ada, "sandbox").get(BRANDING)

    assert 'value="Acme GmbH"' in page.content.decode()
    assert fills(page.content.decode()) == ["#0f766e", "#0f766e"]
    assert "in sandbox. Each environment has its own." in text_of(page)


def test_it_is_kept_for_the_environment_one_stands_in_alone(
    acme: Organization, ada: User, desk: Desk
) -> None:
    answer = desk(ada, "sandbox").post(BRANDING, LOOKS, follow=True)

    row = Branding.objects.get()
    assert (row.environment, row.merchant_name, row.accent_color) == (
        "sandbox", "Acme Shop", "#7a1fa2",
    )  # fmt: skip
    assert row.origins == ["https://shop.example", "https://www.shop.example"]
    assert "The pages look like this from now on." in text_of(answer)
    assert branding.of(acme.id, "live").merchant_name == "Acme GmbH"
    assert 'value="Acme GmbH"' in desk(ada, "live").get(BRANDING).content.decode()


def test_what_is_typed_is_shown_before_it_is_kept(
    acme: Organization, ada: User, desk: Desk
) -> None:
    page = desk(ada, "sandbox").post(BRANDING, {**LOOKS, "preview": "1"}).content.decode()

    assert Branding.objects.count() == 0
    assert fills(page) == ["#7a1fa2", "#7a1fa2"]
    assert re.findall(r'<text data-preview="name"[^>]*>([^<]*)<', page) == ["Acme Shop"]
    assert re.findall(r'<text data-preview="initial"[^>]*>([^<]*)<', page) == ["A"]
    assert "have a contrast of 8.3:1" in page
    assert "hard to read" not in page


def test_what_cannot_be_read_is_shown_as_such_and_refused_at_its_field(
    acme: Organization, ada: User, desk: Desk
) -> None:
    client, pale = desk(ada, "sandbox"), {**LOOKS, "accent_color": "#ffe082"}

    shown = text_of(client.post(BRANDING, {**pale, "preview": "1"}))
    answer = client.post(BRANDING, pale)

    assert "have a contrast of 1.3:1, which is hard to read." in shown
    assert answer.status_code == 400
    assert "White letters on #ffe082 have a contrast of 1.3:1" in text_of(answer)
    assert Branding.objects.count() == 0


def test_a_colour_that_is_none_never_reaches_the_picture(
    acme: Organization, ada: User, desk: Desk
) -> None:
    bad = {**LOOKS, "accent_color": 'r"/><a', "preview": "1"}

    page = desk(ada, "sandbox").post(BRANDING, bad).content.decode()

    assert fills(page) == ["#0f766e", "#0f766e"]


def test_an_origin_that_is_none_is_refused_at_its_field(
    acme: Organization, ada: User, desk: Desk
) -> None:
    answer = desk(ada, "live").post(BRANDING, {**LOOKS, "origins": "shop.example"})

    assert answer.status_code == 400
    assert "is no origin. Write it as https://shop.example" in text_of(answer)
    assert 'value="Acme Shop"' in answer.content.decode()


def test_who_does_not_administer_sees_it_and_changes_nothing(
    acme: Organization, otto: User, desk: Desk
) -> None:
    client = desk(otto, "sandbox")

    page, answer = client.get(BRANDING), client.post(BRANDING, LOOKS)

    assert "Name Acme GmbH" in text_of(page)
    assert "Keep this" not in text_of(page)
    assert "Whoever administers the organization changes it." in text_of(page)
    assert answer.status_code == 403
    assert Branding.objects.count() == 0
