"""billingio 2.0.0 as it lies on the package index, unmodified, against a live server."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from organizations.models import Organization
from tests.conftest import MakeApi
from tests.house.code import ROOT

SECOND = Path(sys.prefix) / "clients" / "billingio-2.0.0"

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_second_client_understands_customers_subscriptions_and_revenue(
    acme: Organization, api: MakeApi, live_server: LiveServer
) -> None:
    command = [sys.executable, "-m", "tests.subscriptions.client_2"]
    done = subprocess.run(
        [*command, f"{live_server.url}/v1", api(acme).secret],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(SECOND)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert Path(told["file"]).is_relative_to(SECOND)
    assert_customers(told)
    assert_subscriptions(told)
    assert_entitlements(told)
    assert_revenue(told)


def assert_customers(told: Mapping[str, Any]) -> None:
    customer, renamed = told["customer"], told["renamed"]
    assert (customer["email"], customer["metadata"]) == ("ada@example.com", {"tier": "gold"})
    assert (renamed["email"], renamed["metadata"]) == ("ada@king.example", {"tier": "iron"})
    assert told["is_got"]
    assert told["customers"] == ["Ada King"]
    assert told["twice"] == "customer_exists"


def assert_subscriptions(told: Mapping[str, Any]) -> None:
    plan, better, subscription = told["plan"], told["better"], told["subscription"]
    assert (plan["amount_usd"], plan["interval"], plan["chain"]) == (29.99, "monthly", "base")
    assert (plan["interval_count"], plan["metadata"]) == (3, {"shelf": "top"})
    assert (better["name"], better["metadata"]) == ("Pro 2", {"shelf": "1"})
    assert (told["plans"], told["archived"]) == (["Pro 2"], "archived")
    assert subscription["customer_id"] == told["customer"]["customer_id"]
    assert (subscription["plan_id"], subscription["status"]) == (plan["plan_id"], "active")
    assert subscription["metadata"] == {"seat": "7"}
    renewal = told["renewal"]
    assert (renewal["plan_id"], renewal["amount_usd"]) == (plan["plan_id"], 29.99)
    assert renewal["subscription_id"] == subscription["subscription_id"]
    assert told["paused"] == "paused"
    assert told["canceled"]["status"] == "canceled"
    assert told["canceled"]["cancelled_at"] is not None
    assert (told["subscriptions"], told["none"]) == (["canceled"], 0)
    assert (told["retry"], told["plan_change"]) == ("renewal_not_failed", "field_immutable")


def assert_entitlements(told: Mapping[str, Any]) -> None:
    subscription_id = told["subscription"]["subscription_id"]
    assert told["entitlement"]["subscription_id"] == subscription_id
    assert (told["entitlements"], told["deleted"]) == ([["5"], "7"], 0)
    assert told["checked"] == {
        "has_access": True,
        "feature_key": "seats",
        "subscription_id": subscription_id,
        "value": "7",
    }
    assert (told["unknown"]["has_access"], told["unknown"]["value"]) == (False, "false")


def assert_revenue(told: Mapping[str, Any]) -> None:
    kinds = ["credit", "debit", "refund", "chargeback"]
    made, lines, accounts = told["adjustments"], told["lines"], told["accounts"]
    assert [(each["type"], each["reason"]) for each in made] == [(k, f"a {k}") for k in kinds]
    assert [each["amount_usd"] for each in made] == [40.1, 3.05, 2, 1]
    about = ("customer", told["customer"]["customer_id"])
    assert {(each["source_type"], each["source_id"]) for each in made} == {about}
    assert all(each["metadata"] == {"by": "hand"} for each in made)
    assert (told["bare"]["amount_usd"], told["bare"]["source_id"]) == (0.01, "order 7")
    assert told["listed"] == ["credit", *reversed(kinds)]
    assert told["refunds"] == [made[2]["adjustment_id"]]
    # Newest first, each from an adjustment.
    assert [line["type"] for line in lines] == [
        "adjustment_credit", "chargeback", "refund", "adjustment_debit", "adjustment_credit",
    ]  # fmt: skip
    assert [line["source_id"] for line in lines][1:] == [
        each["adjustment_id"] for each in reversed(made)
    ]
    assert {(line["source_type"], line["currency"]) for line in lines} == {("adjustment", "USD")}
    assert told["of_checkouts"] == 0
    assert (accounts["total_revenue_usd"], accounts["total_fees_usd"]) == (0, 0)
    assert accounts["net_revenue_usd"] == 34.06
    assert (told["long_ago"]["net_revenue_usd"], told["long_ago"]["period_start"]) == (
        0, "2020-01-01T00:00:00Z",
    )  # fmt: skip
