"""Branding: what an organization may write on pages on which strangers pay."""

from collections.abc import Callable
from typing import Any

import pytest

from billing.callers import Caller
from billing.errors import BillingError, InsufficientScope, InvalidRequest
from checkouts import branding
from checkouts.models import Branding
from events.models import Event
from organizations.models import Organization, User
from tests.checkouts.making import at_once, caller_of


@pytest.fixture
def admin(as_person: Callable[..., Caller], acme: Organization, ada: User) -> Caller:
    return as_person(ada, acme)


def told(caller: Caller) -> list[dict[str, Any]]:
    rows = Event.objects.filter(type="branding.updated", organization=caller.organization_id)
    return [row.payload["data"] for row in rows.order_by("created_at")]


def test_without_one_the_pages_bear_the_organization_s_name(acme: Organization) -> None:
    assert branding.of(acme.id, "live") == branding.Looks("Acme GmbH", "#0f766e", "", ())


def test_it_is_kept_for_one_environment_and_told(admin: Caller, acme: Organization) -> None:
    row = branding.update(
        admin,
        merchant_name="  Acme   Shop ",
        accent_color="#7C2D12",
        support_url="https://acme.example/help",
        allowed_origins=[
            "https://Shop.Example:443",
            "http://localhost:3000",
            "https://shop.example",
        ],
    )

    assert branding.of(acme.id, "sandbox") == branding.Looks(
        "Acme Shop",
        "#7c2d12",
        "https://acme.example/help",
        ("https://shop.example", "http://localhost:3000"),
    )
    assert branding.of(acme.id, "live").merchant_name == "Acme GmbH"
    (event,) = told(admin)
    assert event.items() >= branding.branding_json(row).items()


def test_what_is_not_given_stays_and_the_same_again_is_no_news(admin: Caller) -> None:
    branding.update(admin, merchant_name="Acme", support_url="mailto:help@acme.example")

    row = branding.update(admin, merchant_name="Acme")
    assert row.support_url == "mailto:help@acme.example"
    assert len(told(admin)) == 1

    assert branding.update(admin, support_url="").support_url == ""
    assert len(told(admin)) == 2


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("merchant_name", "   ", "Give a name of 1 to 120 characters"),
        ("merchant_name", "x" * 121, "Give a name of 1 to 120 characters"),
        ("merchant_name", "Acme \u202egro.live", "cannot be seen or turns the text around"),
        ("merchant_name", "Ac\u200bme", "cannot be seen"),
        ("accent_color", "teal", "# and six hexadecimal digits"),
        ("accent_color", "#fff", "# and six hexadecimal digits"),
        ("accent_color", "#0f766e;}", "# and six hexadecimal digits"),
        ("accent_color", "#ffcc00", "White letters on #ffcc00 have a contrast of 1.5"),
        ("accent_color", "#777777", "White letters on #777777 have a contrast of 4.48:1"),
        ("support_url", "http://acme.example", "In live this URL begins with https://"),
        ("support_url", "javascript:alert(1)", "It must begin with https:// and a host"),
        ("support_url", "mailto:a@b.example?bcc=c@d.example", "with one e-mail address"),
        ("support_url", "mailto:", "with one e-mail address"),
        ("support_url", "https://me:pw@acme.example", "Leave out the user and password"),
        (
            "allowed_origins",
            ["https://shop.example/cart"],
            "'https://shop.example/cart' is no orig",
        ),
        ("allowed_origins", ["https://*.example"], "there are no wildcards"),
        ("allowed_origins", [f"https://{n}.example" for n in range(21)], "At most 20 origins"),
    ],
)
def test_what_would_mislead_is_refused_in_words(
    admin: Caller, field: str, value: Any, said: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        branding.update(admin, **{field: value})

    assert said in refused.value.message
    assert refused.value.param == field.removeprefix("allowed_")
    assert Branding.objects.count() == 0
    assert told(admin) == []


def test_a_name_in_any_script_is_a_name(admin: Caller) -> None:
    for name in ("متجر أكمي", "فروشگاه می‌فروشم", "阿克米商店", "Müller & Söhne", "👩‍🍳 Bakery"):
        assert branding.update(admin, merchant_name=name).merchant_name == name


def test_a_secret_pasted_into_it_is_not_kept(admin: Caller) -> None:
    with pytest.raises(BillingError) as refused:
        branding.update(admin, merchant_name="ab" * 32)

    assert refused.value.code == "private_key_refused"


@pytest.mark.parametrize(
    ("color", "contrast"),
    [("#000000", 21.0), ("#ffffff", 1.0), ("#0f766e", 5.47), ("#767676", 4.54), ("#777777", 4.48)],
)
def test_the_contrast_is_that_of_the_guidelines(color: str, contrast: float) -> None:
    assert branding.contrast_with_white(color) == pytest.approx(contrast, abs=0.01)


def test_in_live_an_origin_is_https(
    as_person: Callable[..., Caller], acme: Organization, ada: User
) -> None:
    live = as_person(ada, acme, "live")

    with pytest.raises(InvalidRequest) as refused:
        branding.update(live, allowed_origins=["http://shop.example"])

    assert refused.value.code == "invalid_origin"


def test_only_who_administers_the_organization_may(
    as_person: Callable[..., Caller], acme: Organization, otto: User
) -> None:
    for caller in (as_person(otto, acme), caller_of(acme)):
        with pytest.raises(InsufficientScope):
            branding.update(caller, merchant_name="Acme")


@pytest.mark.django_db(transaction=True)
def test_two_first_ones_at_the_same_time_make_one_row(admin: Caller) -> None:
    answers = at_once(
        [lambda name=name: branding.update(admin, merchant_name=name) for name in ("One", "Two")]  # type: ignore[misc]
    )

    assert all(isinstance(answer, Branding) for answer in answers), answers
    assert Branding.objects.count() == 1
    assert len(told(admin)) == 2
