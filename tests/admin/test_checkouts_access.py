"""Whose pages of being paid one sees, and what each role does there."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Model

from checkouts.models import Branding, Checkout, Payment, PaymentLink, PaymentMethod
from organizations.models import User
from tests.admin.conftest import Desk
from tests.admin.paying import (
    BRANDING,
    CHECKOUTS,
    LINKS,
    METHODS,
    PAYMENTS,
    a_checkout,
    an_expired,
    paid,
)
from tests.admin.reading import act_of, page_of, text_of
from tests.checkouts.making import a_link, a_method, a_wallet, an_xpub, reload
from tests.payouts.making import People

ROLES = ["viewer", "preparer", "approver", "operator", "admin", "superuser"]
WRITE = {"preparer", "approver", "operator", "admin", "superuser"}
RULES = {"display_name": "Shop", "required_confirmations": "", "min_amount_usd": "",
         "max_amount_usd": "", "tolerance_usd": ""}  # fmt: skip


def a_way(people: People, number: int = 1) -> PaymentMethod:
    """A payment method on a wallet whose key nobody else has registered."""
    wallet = a_wallet(people.admin, xpub=an_xpub(number))
    return a_method(people.admin, wallet=wallet, display_name=f"way {number}")


def a_pending(people: People, number: int = 1) -> Checkout:
    order = {"metadata": {"order_id": f"order-{number}"}}
    return a_checkout(people.admin, payment_method_id=a_way(people, number).id, **order)


def a_late_one(people: People, number: int = 1) -> Payment:
    checkout = an_expired(people.admin, payment_method_id=a_way(people, number).id)
    return paid(checkout, at=checkout.deadline + timedelta(hours=3))


def a_page(people: People, number: int = 1) -> PaymentLink:
    return a_link(people.admin, payment_method_id=a_way(people, number).id, description="Donation")


ROWS = [a_way, a_pending, a_late_one, a_page]


# --- strangers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("make", ROWS)
def test_a_row_of_another_organization_is_not_found(
    people: People, strangers: People, ada: User, zoe: User, desk: Desk,
    make: Callable[[People], Model],
) -> None:  # fmt: skip
    row = make(strangers)

    assert desk(ada).get(page_of(row)).status_code == 404
    assert desk(zoe).get(page_of(row)).status_code == 200


@pytest.mark.parametrize("make", ROWS)
def test_a_row_of_the_other_environment_is_not_found(
    people: People, ada: User, desk: Desk, make: Callable[[People], Model]
) -> None:
    row = make(people)

    assert desk(ada, "sandbox").get(page_of(row)).status_code == 404
    assert desk(ada, "live").get(page_of(row)).status_code == 200


@pytest.mark.parametrize(
    ("make", "act"),
    [
        (a_pending, "cancel"), (a_pending, "fail"), (a_pending, "simulate"),
        (a_late_one, "resolve"), (a_way, "update"), (a_way, "set_default"), (a_way, "disable"),
        (a_page, "close"),
    ],
)  # fmt: skip
def test_no_act_reaches_anothers_row(
    people: People, strangers: People, ada: User, desk: Desk,
    make: Callable[[People], Model], act: str,
) -> None:  # fmt: skip
    row = make(strangers)
    before = type(row)._default_manager.filter(pk=row.pk).values().get()

    answer = desk(ada).post(act_of(row, act), {"reason": "mine", "note": "mine", **RULES})

    assert answer.status_code == 404
    assert type(row)._default_manager.filter(pk=row.pk).values().get() == before


def test_no_list_and_no_search_shows_anothers_rows(
    people: People, strangers: People, ada: User, desk: Desk
) -> None:
    pending, late, link = a_pending(strangers, 1), a_late_one(strangers, 2), a_page(strangers, 3)
    mine = a_pending(people, 4)
    client = desk(ada)

    for path in (CHECKOUTS, PAYMENTS, f"{PAYMENTS}?tab=all", METHODS, LINKS, "/admin/"):
        page = text_of(client.get(path))
        assert "order-1" not in page and "Donation" not in page and "way 1" not in page, path
    assert "order-4" in text_of(client.get(CHECKOUTS))
    terms = (pending.id, pending.address, "order-1", late.tx_hash, link.payment_method_id)
    for term in terms:
        for path in (CHECKOUTS, PAYMENTS):
            found = client.get(path, {"q": term}).content.decode()
            assert found.count("<tr class=") == 0, (path, term)
    assert mine.organization_id != pending.organization_id


def test_branding_of_another_organization_is_neither_seen_nor_changed(
    people: People, strangers: People, ada: User, zoe: User, desk: Desk
) -> None:
    looks = {"merchant_name": "Zenith Shop", "accent_color": "#7a1fa2"}
    desk(zoe).post(BRANDING, looks)

    page = desk(ada).get(BRANDING).content.decode()
    desk(ada).post(BRANDING, {**looks, "merchant_name": "Acme Shop"})

    assert "Zenith" not in page
    names = Branding.objects.order_by("merchant_name").values_list("merchant_name", flat=True)
    assert list(names) == ["Acme Shop", "Zenith Shop"]


# --- roles ---------------------------------------------------------------------------------------


@pytest.fixture
def staff(
    people: People, vera: User, mara: User, jon: User, otto: User, ada: User, root: User
) -> dict[str, User]:
    return {
        "viewer": vera, "preparer": mara, "approver": jon, "operator": otto, "admin": ada,
        "superuser": root,
    }  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_everybody_reads(people: People, staff: dict[str, User], desk: Desk, role: str) -> None:
    late, link = a_late_one(people, 1), a_page(people, 2)
    assert late.checkout is not None
    client = desk(staff[role])

    rows = [page_of(row) for row in (late, late.checkout, link, link.payment_method)]
    for path in (CHECKOUTS, PAYMENTS, METHODS, LINKS, BRANDING, *rows):
        assert client.get(path).status_code == 200, path


def outcome(row: Model) -> Any:
    """What an act changes of the row: its status, or when it ended, or what became of it."""
    fresh: Any = type(row)._default_manager.get(pk=row.pk)
    if isinstance(fresh, Payment):
        return fresh.resolution
    if isinstance(fresh, PaymentLink):
        return fresh.closed_at is not None
    if isinstance(fresh, PaymentMethod):
        return (fresh.status, fresh.is_default, fresh.display_name)
    return fresh.status


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("make", "act", "answers", "end"),
    [
        (a_pending, "cancel", {}, "expired"),
        (a_pending, "fail", {"reason": "withdrawn"}, "failed"),
        (a_late_one, "resolve", {"resolution": "accepted", "note": "delivered"}, "accepted"),
        (a_way, "update", RULES, ("active", False, "Shop")),
        (a_way, "set_default", {}, ("active", True, "way 1")),
        (a_way, "disable", {}, ("disabled", False, "way 1")),
        (a_page, "close", {}, True),
    ],
)
def test_an_act_is_done_by_those_who_may_and_by_nobody_else(
    people: People, staff: dict[str, User], desk: Desk,
    make: Callable[[People], Model], act: str, answers: dict[str, Any], end: Any, role: str,
) -> None:  # fmt: skip
    row = make(people)
    before, client = outcome(row), desk(staff[role])

    answer = client.post(act_of(row, act), answers)

    if role in WRITE:
        assert answer.status_code == 302, text_of(answer)
        assert answer["Location"] == page_of(row)
        assert outcome(row) == end
    else:
        assert answer.status_code == 403
        assert outcome(row) == before
        assert "/act/" not in client.get(page_of(row)).content.decode()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("path", [f"{METHODS}new/", f"{LINKS}new/"])
def test_new_ones_are_made_by_those_who_may(
    staff: dict[str, User], desk: Desk, role: str, path: str
) -> None:
    client = desk(staff[role])

    assert client.get(path).status_code == (200 if role in WRITE else 403)
    assert client.post(path, {}).status_code == (200 if role in WRITE else 403)


@pytest.mark.parametrize("role", ROLES)
def test_branding_is_changed_by_admins_alone(
    people: People, staff: dict[str, User], desk: Desk, role: str
) -> None:
    looks = {"merchant_name": "Acme Shop", "accent_color": "#7a1fa2"}

    answer = desk(staff[role]).post(BRANDING, looks)

    assert answer.status_code == (302 if role in ("admin", "superuser") else 403)


# --- ids that the admin would unquote ------------------------------------------------------------


def under(row: Model, id_: str) -> Any:
    """The same row once more under another id: a fresh one, since ids never change."""
    row.pk, row._state.adding = id_, True
    row.save(force_insert=True)
    return row


def test_every_page_and_button_reaches_an_id_that_looks_quoted(
    people: People, mara: User, desk: Desk
) -> None:
    client = desk(mara)
    late = a_late_one(people)
    checkout = under(a_pending(people, 4), "co_25a1b2c3d4e5f60718293a4b")
    link = under(a_page(people, 2), "pl_25a1b2c3d4e5f60718293a4b")
    method = under(a_way(people, 3), "pm_25a1b2c3d4e5f60718293a4b")
    # The same transfer can be no second payment.
    late.tx_hash, late.checkout = "0x" + "cd" * 32, checkout
    payment = under(late, "pay_25a1b2c3d4e5f60718293a4b")

    assert page_of(checkout) == "/admin/checkouts/checkout/co_5F25a1b2c3d4e5f60718293a4b/change/"
    for path, row in (
        (CHECKOUTS, checkout), (LINKS, link), (METHODS, method), (f"{PAYMENTS}?tab=all", payment),
    ):  # fmt: skip
        assert page_of(row) in client.get(path).content.decode()
        assert row.id in client.get(page_of(row)).content.decode()
    shown = client.get(page_of(checkout)).content.decode()
    assert act_of(payment, "resolve") in shown and page_of(payment) in shown
    for row, act, answers in (
        (payment, "resolve", {"resolution": "refunded", "note": "sent back"}),
        (link, "close", {}), (method, "disable", {}),
    ):  # fmt: skip
        assert client.get(act_of(row, act)).status_code == 200
        assert client.post(act_of(row, act), answers).status_code == 302
    assert client.get(act_of(checkout, "cancel")).status_code == 200
    assert client.post(act_of(checkout, "fail"), {"reason": "no"}).status_code == 302
    assert reload(checkout).status == "failed"


@pytest.mark.parametrize(
    "path",
    [
        f"{CHECKOUTS}?q=%00", f"{CHECKOUTS}?status=%00", f"{CHECKOUTS}?from=%00",
        f"{CHECKOUTS}?work=nothing", f"{CHECKOUTS}?q=%22%5C=%7B%7D", f"{CHECKOUTS}?q==",
        f"{CHECKOUTS}%00/change/", f"{CHECKOUTS}co_1/change/", f"{CHECKOUTS}?p=0",
        f"{PAYMENTS}?q=%00", f"{PAYMENTS}?tab=nowhere", f"{PAYMENTS}%00/act/resolve/",
        f"{LINKS}?q=/", f"{METHODS}?chain=nowhere", "/admin/checkouts/",
        f"{BRANDING}brand_1/change/",
    ],
)  # fmt: skip
def test_nothing_malformed_breaks_a_page(people: People, ada: User, desk: Desk, path: str) -> None:
    a_pending(people)

    assert desk(ada).get(path, follow=True).status_code in (200, 404)
