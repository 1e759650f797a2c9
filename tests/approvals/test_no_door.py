"""No door lets whoever made a payout approve it, and there is no door beside those known here."""

import ast
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client
from pytest_django import Settings

from approvals.models import Approval
from billing.callers import ALL_SCOPES
from billing.chains import Environment
from organizations.callers import caller_for_key, caller_for_user
from organizations.models import Organization, User
from payouts import services
from payouts.models import PayoutIntent
from tests.admin.reading import QUEUE, act_of
from tests.conftest import MakeApi
from tests.house.code import name as name_of
from tests.house.code import product, tree
from tests.payouts.making import RECIPIENT, a_draft

OVERRULED = {"overrules": "possibly_already_paid", "override_reason": "I say so."}


@pytest.fixture(autouse=True)
def live(settings: Settings) -> None:
    settings.NETWORKS = {
        name: replace(row, rpc_urls=("http://127.0.0.1:9",))
        for name, row in settings.NETWORKS.items()
    }


def at_the_desk(user: User, environment: str) -> Client:
    client = Client()
    client.force_login(user)
    session = client.session
    session["environment"] = environment
    session.save()
    return client


def by_the_button(client: Client, payout: PayoutIntent) -> None:
    client.post(act_of(payout, "approve"))


def by_overruling(client: Client, payout: PayoutIntent) -> None:
    client.post(act_of(payout, "approve"), OVERRULED)


def in_bulk(client: Client, payout: PayoutIntent) -> None:
    client.post(f"{QUEUE}bulk/", {"act": "approve", "id": [payout.id], "confirmed": "1"})


def by_handing_over(client: Client, payout: PayoutIntent) -> None:
    client.post(act_of(payout, "hand_over"))
    client.post(f"{QUEUE}bulk/", {"act": "hand_over", "id": [payout.id], "confirmed": "1"})


def by_naming_a_hash(client: Client, payout: PayoutIntent) -> None:
    client.post(act_of(payout, "execute"), {"tx_hash": "0x" + "ab" * 32})


def by_simulating(client: Client, payout: PayoutIntent) -> None:
    client.post(act_of(payout, "simulate"), {"outcome": "settle"})


DOORS = [
    by_the_button, by_overruling, in_bulk, by_handing_over, by_naming_a_hash, by_simulating,
]  # fmt: skip


@pytest.mark.parametrize("environment", ["live", "sandbox"])
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("who", ["approver", "admin", "superuser"])
def test_no_page_of_the_admin_lets_the_maker_through(
    acme: Organization, jon: User, ada: User, root: User,
    who: str, door: Callable[[Client, PayoutIntent], None], environment: str,
) -> None:  # fmt: skip
    user = {"approver": jon, "admin": ada, "superuser": root}[who]
    caller = caller_for_user(user, acme, Environment(environment))
    payout = services.create(caller, a_draft(recipient_address=RECIPIENT))

    door(at_the_desk(user, environment), payout)

    assert PayoutIntent.objects.get(id=payout.id).status == "draft"
    assert not Approval.objects.exists()


@pytest.mark.parametrize("maker", ["the key", "another key of its issuer", "its issuer"])
@pytest.mark.parametrize("body", [{"status": "approved"}, {"status": "executed"}])
def test_no_call_of_the_api_lets_the_maker_through(
    acme: Organization, ada: User, api: MakeApi, maker: str, body: dict[str, str]
) -> None:
    client = api(acme, "live", ALL_SCOPES, issued_by=ada)
    other = api(acme, "live", ALL_SCOPES, issued_by=ada, name="another")
    callers = {
        "the key": client.caller,
        "another key of its issuer": caller_for_key(other.key),
        "its issuer": caller_for_user(ada, acme, "live"),
    }
    payout = services.create(callers[maker], a_draft(recipient_address=RECIPIENT))

    changed = client.patch(f"/v1/payouts/{payout.id}", body)
    executed = client.post(f"/v1/payouts/{payout.id}/execute", {"tx_hash": "0x" + "ab" * 32})
    handed_over = client.post("/v1/payouts/batches", {"payout_ids": [payout.id]})

    assert changed.status_code in (400, 403)
    assert [executed.status_code, handed_over.status_code] == [400, 400]
    assert PayoutIntent.objects.get(id=payout.id).status == "draft"
    assert not Approval.objects.exists()


def test_a_payout_becomes_approved_in_one_place_alone() -> None:
    """The transition is called by the act that asked approvals.decide, and by nobody else."""
    asked: dict[str, list[str]] = {"decide": [], "approve": []}
    for path in product():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                called = ast.unparse(node.func)
                if called in ("payout.approve", "intent.approve", "approvals.decide"):
                    asked[called.rpartition(".")[2]].append(name_of(path))

    assert asked == {"decide": ["payouts/acts/approve.py"], "approve": ["payouts/acts/approve.py"]}


def test_an_approval_is_written_in_one_place_alone() -> None:
    written = {
        name_of(path)
        for path in product()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in (
            "Approval", "Approval.objects.create", "Approval.objects.bulk_create",
        )
    }  # fmt: skip

    assert written == {"approvals/services.py"}
