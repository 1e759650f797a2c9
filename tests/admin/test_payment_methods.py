"""Payment methods and payment links in the admin: made, changed, ended through their services."""

from decimal import Decimal
from typing import Any

import pytest

from checkouts.models import PaymentLink, PaymentMethod
from organizations.models import User
from tests.admin.conftest import Desk
from tests.admin.paying import LINKS, METHODS
from tests.admin.reading import act_of, page_of, text_of
from tests.checkouts.making import a_link, a_method, a_shared_method, a_wallet, event_types
from tests.payouts.making import People

EMPTY = {"min_amount_usd": "", "max_amount_usd": "", "tolerance_usd": "",
         "required_confirmations": "", "display_name": ""}  # fmt: skip


def form(wallet_id: str, **changes: str) -> dict[str, Any]:
    return {**EMPTY, "wallet_id": wallet_id, "token": "USDC", **changes}


def test_the_chain_is_the_wallets_and_the_rest_the_networks_own(
    people: People, mara: User, desk: Desk
) -> None:
    wallet = a_wallet(people.admin, "arbitrum")

    answer = desk(mara).post(f"{METHODS}new/", form(wallet.id))

    method = PaymentMethod.objects.get()
    assert answer["Location"] == page_of(method)
    assert (method.chain, method.token, method.wallet_id) == ("arbitrum", "USDC", wallet.id)
    assert (method.required_confirmations, method.tolerance_atomic) == (12, 0)
    assert (method.min_amount_atomic, method.max_amount_atomic) == (None, None)
    assert not method.is_default
    assert event_types(method.id) == ["payment_method.created"]


def test_amounts_are_exact_as_they_were_typed(people: People, mara: User, desk: Desk) -> None:
    wallet = a_wallet(people.admin)
    rules = {
        "min_amount_usd": "1,000.000001", "max_amount_usd": "20 000", "tolerance_usd": "0.5",
        "required_confirmations": "40", "display_name": "Shop", "is_default": "on",
    }  # fmt: skip

    desk(mara).post(f"{METHODS}new/", form(wallet.id, **rules))

    method = PaymentMethod.objects.get()
    assert method.min_amount_atomic == 1_000_000_001
    assert method.max_amount_atomic == 20_000_000_000
    assert method.tolerance_atomic == 500_000
    assert (method.required_confirmations, method.display_name) == (40, "Shop")
    assert method.is_default


def test_the_form_says_what_each_chain_asks_for_and_whose_wallet_is_on_which(
    people: People, mara: User, desk: Desk
) -> None:
    a_wallet(people.admin, "tron")

    page = text_of(desk(mara).get(f"{METHODS}new/"))

    assert "(Tron 19, Arbitrum One 12, Base 12)" in page
    assert "on Tron, extended key" in page


def test_without_a_wallet_it_leads_to_where_one_is_registered(
    people: People, mara: User, desk: Desk
) -> None:
    page = desk(mara).get(f"{METHODS}new/").content.decode()

    assert "There is no wallet yet that customers could pay to." in page
    assert 'href="/admin/wallets/wallet/new/"' in page


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ({"required_confirmations": "3"}, "Fewer than 12 confirmations are not taken on base."),
        ({"min_amount_usd": "10", "max_amount_usd": "5"}, "no amount would do."),
        ({"min_amount_usd": "0.1234567"}, "no more than 6 decimal places"),
        ({"tolerance_usd": "5"}, "must be less than the smallest amount that is taken"),
        ({"wallet_id": "wal_1"}, "Select a valid choice."),
        ({"display_name": "abandon " * 11 + "about"}, "seed phrase"),
    ],
)
def test_what_does_not_go_together_is_refused_at_its_field(
    people: People, mara: User, desk: Desk, rules: dict[str, str], says: str
) -> None:
    wallet = a_wallet(people.admin)

    answer = desk(mara).post(f"{METHODS}new/", {**form(wallet.id), **rules})

    assert says in text_of(answer)
    assert PaymentMethod.objects.count() == 0


def test_another_organizations_wallet_is_no_choice(
    people: People, strangers: People, mara: User, desk: Desk
) -> None:
    theirs = a_wallet(strangers.admin)

    answer = desk(mara).post(f"{METHODS}new/", form(theirs.id))

    assert answer.status_code == 200
    assert PaymentMethod.objects.count() == 0


def test_the_rules_are_changed_and_an_empty_field_is_no_rule(
    people: People, mara: User, desk: Desk
) -> None:
    method, client = (
        a_method(people.admin, min_amount_usd=Decimal(5), required_confirmations=40),
        desk(mara),
    )
    asked = client.get(act_of(method, "update")).content.decode()
    assert 'value="40"' in asked and 'value="5"' in asked

    client.post(act_of(method, "update"), {**EMPTY, "display_name": "Shop"})

    method.refresh_from_db()
    assert (method.min_amount_atomic, method.required_confirmations) == (None, 12)
    assert method.display_name == "Shop"
    assert event_types(method.id) == ["payment_method.created", "payment_method.updated"]


def test_the_default_moves(people: People, mara: User, desk: Desk) -> None:
    first = a_method(people.admin, is_default=True)
    second = a_method(people.admin, token="USDT")
    client = desk(mara)
    assert act_of(first, "set_default") not in client.get(page_of(first)).content.decode()

    client.post(act_of(second, "set_default"))

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.is_default, second.is_default) == (False, True)
    assert client.get(METHODS).content.decode().count(">default<") == 1


def test_disabling_asks_and_says_that_it_is_final(people: People, mara: User, desk: Desk) -> None:
    method, client = a_method(people.admin, display_name="Shop"), desk(mara)

    asked = client.get(act_of(method, "disable"))
    assert "Take no more payments by Shop. This is final: it is never enabled again" in text_of(
        asked
    )
    assert "button-danger" in asked.content.decode()
    method.refresh_from_db()
    assert method.status == "active"

    answer = client.post(act_of(method, "disable"), follow=True)
    method.refresh_from_db()
    assert method.status == "disabled"
    assert "Shop is disabled for good. Open checkouts go on." in text_of(answer)
    assert "/act/" not in answer.content.decode()


def test_a_disabled_one_is_not_changed(people: People, mara: User, desk: Desk) -> None:
    method, client = a_method(people.admin), desk(mara)
    client.post(act_of(method, "disable"))

    answer = client.post(act_of(method, "update"), {**EMPTY, "display_name": "Again"})

    assert answer.status_code == 400
    method.refresh_from_db()
    assert method.display_name is None


# --- links ---------------------------------------------------------------------------------------


def link_form(method: PaymentMethod, **changes: str) -> dict[str, str]:
    return {
        "amount_usd": "20", "payment_method_id": method.id, "description": "Donation",
        "expires_in_seconds": "", **changes,
    }  # fmt: skip


def test_a_link_is_made_and_its_address_is_there_to_copy(
    people: People, mara: User, desk: Desk
) -> None:
    method, client = a_method(people.admin), desk(mara)

    answer = client.post(f"{LINKS}new/", link_form(method), follow=True)

    link = PaymentLink.objects.get()
    assert (link.amount_atomic, link.description, link.expires_at) == (20_000_000, "Donation", None)
    url = f"http://localhost:8000/pay/{link.id}"
    assert f'data-copy="{url}"' in answer.content.decode()
    assert f'data-copy="{url}"' in client.get(LINKS).content.decode()
    assert event_types(link.id) == ["payment_link.created"]


def test_a_link_can_end_by_itself(people: People, mara: User, desk: Desk) -> None:
    method = a_method(people.admin)

    desk(mara).post(f"{LINKS}new/", link_form(method, expires_in_seconds="604800"))

    link = PaymentLink.objects.get()
    assert link.expires_at is not None
    assert (link.expires_at - link.created_at).days == 7


def test_a_refusal_of_the_amount_stands_at_its_field(
    people: People, mara: User, desk: Desk
) -> None:
    method = a_method(people.admin, min_amount_usd=Decimal(50))

    answer = desk(mara).post(f"{LINKS}new/", link_form(method))

    assert answer.status_code == 400
    assert "This payment method takes 50 USDC at least." in text_of(answer)
    assert PaymentLink.objects.count() == 0


def test_only_active_methods_are_offered(people: People, mara: User, desk: Desk) -> None:
    method, client = a_method(people.admin, display_name="Shop"), desk(mara)
    assert "Shop: USDC on Base" in text_of(client.get(f"{LINKS}new/"))

    client.post(act_of(method, "disable"))

    page = text_of(client.get(f"{LINKS}new/"))
    assert "Shop: USDC on Base" not in page
    assert "There is no payment method yet, which says what is taken" in page


def test_a_link_is_closed_and_says_so(people: People, mara: User, desk: Desk) -> None:
    link, client = a_link(people.admin), desk(mara)
    asked = text_of(client.get(act_of(link, "close")))
    assert "begin to pay 120.00 USDC on Base by this link any more. This is final" in asked

    answer = client.post(act_of(link, "close"), follow=True)

    link.refresh_from_db()
    assert link.closed_at is not None
    assert "The link is closed. Checkouts that it made go on." in text_of(answer)
    assert act_of(link, "close") not in answer.content.decode()


def test_a_link_of_a_disabled_method_says_why_nobody_can_pay_it(
    people: People, mara: User, desk: Desk
) -> None:
    link, client = a_link(people.admin), desk(mara)
    client.post(act_of(link.payment_method, "disable"))

    assert "not payable its payment method is disabled" in text_of(client.get(LINKS))


def test_a_link_is_found_by_its_id_and_by_its_address(
    people: People, mara: User, desk: Desk
) -> None:
    link, client = a_link(people.admin), desk(mara)
    a_link(people.admin)

    for term in (link.id, f"http://localhost:8000/pay/{link.id}"):
        page = client.get(LINKS, {"q": term}).content.decode()
        assert page.count("<tr class=") == 1
        assert page_of(link) in page


def test_the_list_says_where_each_is_paid_and_within_which_amounts(
    people: People, mara: User, desk: Desk
) -> None:
    a_shared_method(
        people.admin, min_amount_usd=Decimal(5), max_amount_usd=Decimal(500), display_name="Till"
    )

    page = text_of(desk(mara).get(METHODS))

    assert "Till USDC on Base 0xdE70" in page or "Till USDC on Base 0xde70" in page
    assert "one address 5.00 USDC to 500.00 USDC 12 active" in page
