"""Keys, members, wallets and the organization: made and changed through their services."""

import re

import pytest
from django.test import Client

from events.models import Event
from organizations import services
from organizations.models import ApiKey, Membership, Organization, User
from tests.admin.conftest import Desk
from tests.admin.reading import act_of, page_of, text_of
from tests.payouts.making import RECIPIENT
from wallets.models import Wallet

KEYS = "/admin/organizations/apikey/"
MEMBERS = "/admin/organizations/membership/"
WALLETS = "/admin/wallets/wallet/"


def types_of(resource_id: str) -> list[str]:
    found = Event.objects.filter(resource_id=resource_id).order_by("created_at", "id")
    return list(found.values_list("type", flat=True))


def new_key(**changes: object) -> dict[str, object]:
    return {
        "name": "shop backend",
        "environment": "sandbox",
        "scopes": ["payouts:read", "payouts:write"],
        **changes,
    }


def test_a_secret_is_shown_once_and_never_again(acme: Organization, ada: User, desk: Desk) -> None:
    client = desk(ada, "sandbox")

    answer = client.post(f"{KEYS}new/", new_key(expires_in_days="30"))

    secret = re.search(r"sk_test_[0-9A-Za-z]{32}", answer.content.decode())
    key = ApiKey.objects.get()
    assert secret is not None
    assert "no-store" in answer["Cache-Control"]
    assert key.last_four == secret.group()[-4:]
    assert (key.name, key.environment, key.issued_by_id) == ("shop backend", "sandbox", ada.id)
    assert sorted(key.scopes) == ["payouts:read", "payouts:write"]
    assert key.expires_at is not None
    for path in (KEYS, page_of(key)):
        assert secret.group() not in client.get(path).content.decode()
    assert secret.group() not in str(list(Event.objects.values_list("payload", flat=True)))


def test_the_form_leaves_approving_out_unless_it_is_asked_for(ada: User, desk: Desk) -> None:
    page = desk(ada, "sandbox").get(f"{KEYS}new/").content.decode()

    box = re.search(r'<input[^>]*value="payouts:approve"[^>]*>', page)
    assert box is not None
    assert "checked" not in box.group()


def test_a_key_is_revoked_with_a_button(acme: Organization, ada: User, desk: Desk) -> None:
    key, secret = services.issue_api_key(acme, "sandbox", name="old shop")
    client = desk(ada, "sandbox")

    assert "old shop" in text_of(client.get(act_of(key, "revoke")))
    client.post(act_of(key, "revoke"))

    assert ApiKey.objects.get(id=key.id).revoked_at is not None
    assert types_of(key.id) == ["api_key.created", "api_key.revoked"]
    assert "revoked" in text_of(client.get(KEYS))
    asked = Client().get("/v1/payouts", headers={"Authorization": f"Bearer {secret}"})
    assert asked.status_code == 401


def test_a_new_member_gets_a_first_password_that_is_shown_once(
    acme: Organization, ada: User, desk: Desk
) -> None:
    client = desk(ada)

    answer = client.post(
        f"{MEMBERS}new/", {"email": "Nia@Example.com", "name": "Nia", "role": "approver"}
    )

    nia = User.objects.get(email="nia@example.com")
    shown = re.search(r'<code id="secret">([^<]{16})</code>', answer.content.decode())
    assert shown is not None
    assert nia.check_password(shown.group(1))
    assert Membership.objects.get(user=nia, organization=acme).role == "approver"
    assert types_of(nia.id) == ["member.added"]
    assert shown.group(1) not in client.get(MEMBERS).content.decode()


def test_a_person_who_has_a_log_in_keeps_it(
    acme: Organization, ada: User, zoe: User, desk: Desk
) -> None:
    before = zoe.password

    desk(ada).post(f"{MEMBERS}new/", {"email": zoe.email, "name": "", "role": "viewer"})

    zoe.refresh_from_db()
    assert zoe.password == before
    assert Membership.objects.get(user=zoe, organization=acme).role == "viewer"


def test_a_role_is_changed_and_a_member_removed(
    acme: Organization, ada: User, mara: User, desk: Desk
) -> None:
    membership = Membership.objects.get(user=mara, organization=acme)
    client = desk(ada)

    client.post(act_of(membership, "change_role"), {"role": "operator"})
    assert Membership.objects.get(user=mara).role == "operator"

    client.post(act_of(membership, "remove"))
    assert not Membership.objects.filter(user=mara).exists()
    assert types_of(mara.id) == ["member.added", "member.changed", "member.removed"]


@pytest.mark.parametrize("act", ["change_role", "remove"])
def test_nobody_locks_themselves_out(acme: Organization, ada: User, desk: Desk, act: str) -> None:
    membership = Membership.objects.get(user=ada, organization=acme)

    answer = desk(ada).post(act_of(membership, act), {"role": "viewer"})

    assert answer.status_code == 400
    assert "This is you." in text_of(answer)
    assert Membership.objects.get(user=ada).role == "admin"


def test_a_wallet_is_registered_and_made_no_source(
    acme: Organization, otto: User, desk: Desk
) -> None:
    client = desk(otto, "sandbox")

    client.post(
        f"{WALLETS}new/",
        {"chain": "base", "address": RECIPIENT, "name": "Treasury", "is_source": "on"},
    )
    wallet = Wallet.objects.get()
    assert (wallet.name, wallet.address, wallet.is_source) == ("Treasury", RECIPIENT, True)

    client.post(act_of(wallet, "update"), {"name": "Old treasury"})
    wallet.refresh_from_db()
    assert (wallet.name, wallet.is_source) == ("Old treasury", False)
    assert types_of(wallet.id) == ["wallet.created", "wallet.updated"]


def test_a_wallet_that_is_there_already_is_refused_at_its_field(
    acme: Organization, otto: User, desk: Desk
) -> None:
    client = desk(otto, "sandbox")
    form = {"chain": "base", "address": RECIPIENT, "name": "Treasury"}
    client.post(f"{WALLETS}new/", form)

    answer = client.post(f"{WALLETS}new/", form)

    assert answer.status_code == 400
    assert "This address is already registered on this chain." in text_of(answer)
    assert Wallet.objects.count() == 1


def test_the_organization_is_changed_by_its_admin(
    acme: Organization, ada: User, desk: Desk
) -> None:
    desk(ada).post(
        act_of(acme, "update"),
        {"name": "Acme AG", "plan": "scale", "keys_may_self_approve": "on"},
    )

    acme.refresh_from_db()
    assert (acme.name, acme.plan, acme.keys_may_self_approve) == ("Acme AG", "scale", True)
