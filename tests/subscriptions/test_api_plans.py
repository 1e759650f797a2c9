"""/v1/subscriptions/plans: offered, listed, changed, archived, refused."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from events.models import Event
from organizations.models import Organization
from subscriptions.models import Plan
from tests.conftest import Api, MakeApi
from tests.subscriptions.asking import PLANS, PRO, Json, a_plan, got, patched, posted, refused


@pytest.fixture
def client(acme: Organization, api: MakeApi) -> Api:
    return api(acme)


def test_a_plan_is_told_field_by_field(
    client: Api, acme: Organization, events_of: Callable[[str], list[str]]
) -> None:
    told = a_plan(client, description="All of it", trial_days=14, metadata={"sku": "p-1"})

    assert told == {
        "id": told["id"],
        "org_id": acme.id,
        "name": "Pro",
        "description": "All of it",
        "amount": 29.99,
        "currency": "USD",
        "token": "USDC",
        "interval": "monthly",
        "interval_count": 1,
        "trial_days": 14,
        "status": "active",
        "environment": "sandbox",
        "created_at": told["created_at"],
        "updated_at": told["updated_at"],
        "chain": "base",
        "amount_atomic": "29990000",
        "metadata": {"sku": "p-1"},
        "plan_id": told["id"],
        "amount_usd": 29.99,
    }
    assert got(client, f"{PLANS}/{told['id']}") == told
    assert events_of(told["id"]) == ["plan.created"]


@pytest.mark.parametrize(
    ("said", "meant"),
    [("day", "daily"), ("week", "weekly"), ("month", "monthly"), ("year", "yearly"),
     ("daily", "daily"), ("yearly", "yearly")],
)  # fmt: skip
def test_both_spellings_of_an_interval_are_read(client: Api, said: str, meant: str) -> None:
    assert a_plan(client, interval=said, interval_count=3)["interval"] == meant
    body = {name: value for name, value in PRO.items() if name != "interval"}
    assert posted(client, PLANS, {**body, "billing_interval": said})["interval"] == meant


def test_plans_are_listed_by_status(client: Api) -> None:
    plans = [a_plan(client, name=name) for name in ("One", "Two", "Three")]
    patched(client, f"{PLANS}/{plans[1]['id']}", {"status": "archived"})

    def names(**query: Any) -> list[str]:
        return [row["name"] for row in got(client, PLANS, **query)["data"]]

    assert names() == ["Three", "Two", "One"]
    assert names(status="archived") == ["Two"]
    assert names(status="active") == ["Three", "One"]
    page = got(client, PLANS, limit=2)
    assert names(limit=2, cursor=page["next_cursor"]) == ["One"]
    assert refused(client.get(PLANS, {"status": "gone"})) == (400, "invalid_field_value", "status")


def test_a_plan_is_archived_and_taken_back(
    client: Api, events_of: Callable[[str], list[str]]
) -> None:
    plan = a_plan(client)
    path = f"{PLANS}/{plan['id']}"

    told = patched(client, path, {"status": "archived", "name": "Old Pro", "description": "Gone"})
    again = patched(client, path, {"status": "archived"})
    back = patched(client, path, {"status": "active", "description": None})

    assert (told["status"], told["name"], told["description"]) == ("archived", "Old Pro", "Gone")
    assert again == told
    assert (back["status"], back["description"]) == ("active", None)
    assert events_of(plan["id"]) == ["plan.created", "plan.updated", "plan.updated"]
    event = Event.objects.filter(type="plan.updated").earliest("created_at")
    assert sorted(event.payload["data"]["changed"]) == ["description", "name", "status"]


@pytest.mark.parametrize(
    "body",
    [{"amount_usd": 5}, {"amount": 5}, {"interval": "yearly"}, {"interval_count": 2},
     {"trial_days": 1}, {"chain": "tron"}, {"token": "USDT"}],
)  # fmt: skip
def test_what_subscribers_agreed_to_never_changes(client: Api, body: Json) -> None:
    plan = a_plan(client)

    answer = client.patch(f"{PLANS}/{plan['id']}", {"name": "Cheaper", **body})

    assert refused(answer) == (400, "field_immutable", next(iter(body)))
    assert got(client, f"{PLANS}/{plan['id']}") == plan


def test_the_database_keeps_it_too(client: Api) -> None:
    plan = a_plan(client)

    with pytest.raises(IntegrityError), transaction.atomic():
        Plan.objects.filter(id=plan["id"]).update(amount_atomic=1)


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"name": None}, "missing_required_field", "name"),
        ({"name": ""}, "invalid_field_value", "name"),
        ({"name": "x" * 257}, "invalid_field_value", "name"),
        ({"description": "x" * 1025}, "invalid_field_value", "description"),
        ({"amount_usd": 0.001}, "amount_too_small", "amount_usd"),
        ({"amount_usd": "5"}, "invalid_field_value", "amount_usd"),
        ({"amount_usd": 10**13}, "amount_too_large", "amount_usd"),
        ({"interval": "hourly"}, "invalid_field_value", "interval"),
        ({"interval_count": 0}, "invalid_field_value", "interval_count"),
        ({"interval_count": 1001}, "invalid_field_value", "interval_count"),
        ({"trial_days": -1}, "invalid_field_value", "trial_days"),
        ({"trial_days": 1.5}, "invalid_field_value", "trial_days"),
        ({"chain": "solana"}, "invalid_chain", "chain"),
        ({"token": "DAI"}, "invalid_token", "token"),
        ({"metadata": {"a": 1}}, "invalid_field_value", "metadata"),
        ({"metadata": {"seed_phrase": "abandon"}}, "private_key_refused", "seed_phrase"),
    ],
)
def test_a_bad_plan_is_refused(client: Api, changes: Json, code: str, param: str) -> None:
    assert refused(client.post(PLANS, {**PRO, **changes})) == (400, code, param)
    assert not Plan.objects.exists()


def test_a_repeat_with_its_key_makes_one(client: Api) -> None:
    first: Any = client.post(PLANS, PRO, idempotency_key="pro")
    again: Any = client.post(PLANS, PRO, idempotency_key="pro")

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert Plan.objects.count() == 1


def test_in_live_a_chain_needs_a_node_and_the_organization_its_plan(
    acme: Organization, api: MakeApi
) -> None:
    client = api(acme, "live")
    assert refused(client.post(PLANS, PRO))[:2] == (400, "chain_not_configured")

    Organization.objects.filter(id=acme.id).update(plan="starter")

    assert refused(client.post(PLANS, PRO))[:2] == (403, "plan_required")
    assert refused(client.get(PLANS))[:2] == (403, "plan_required")


def test_without_the_scope_nothing_is_offered(acme: Organization, api: MakeApi) -> None:
    reader = api(acme, scopes=["subscriptions:read"])
    writer = api(acme, scopes=["subscriptions:write"])
    plan = a_plan(writer)

    assert refused(reader.post(PLANS, PRO))[:2] == (403, "insufficient_scope")
    assert refused(reader.patch(f"{PLANS}/{plan['id']}", {}))[:2] == (403, "insufficient_scope")
    assert refused(writer.get(PLANS))[:2] == (403, "insufficient_scope")
