"""billingio 2.0.0 as it lies on the package index, unmodified, against a live server."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from organizations.models import Organization
from tests.conftest import MakeApi
from tests.house.code import ROOT

SECOND = Path(sys.prefix) / "clients" / "billingio-2.0.0"

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_second_client_understands_customers_and_subscriptions(
    acme: Organization, api: MakeApi, live_server: LiveServer
) -> None:
    command = [sys.executable, "-m", "tests.subscriptions.client_2"]
    done = subprocess.run(
        [*command, f"{live_server.url}/v1", api(acme).secret],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(SECOND)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert Path(told["file"]).is_relative_to(SECOND)
    customer, plan, subscription = told["customer"], told["plan"], told["subscription"]
    assert (customer["email"], customer["metadata"]) == ("ada@example.com", {"tier": "gold"})
    assert told["is_got"]
    assert told["customers"] == ["Ada King"]
    assert (plan["amount_usd"], plan["interval"], plan["chain"]) == (29.99, "monthly", "base")
    assert (told["plans"], told["better"]) == (["Pro 2"], "Pro 2")
    assert subscription["customer_id"] == customer["customer_id"]
    assert (subscription["plan_id"], subscription["status"]) == (plan["plan_id"], "active")
    (renewal,) = told["renewals"]
    assert (renewal["plan_id"], renewal["amount_usd"]) == (plan["plan_id"], 29.99)
    assert renewal["subscription_id"] == subscription["subscription_id"]
    assert (told["canceled"], told["subscriptions"]) == ("canceled", ["canceled"])
    assert told["entitlements"] == ["5", "7", 0]
    assert told["checked"] == {
        "has_access": True,
        "feature_key": "seats",
        "subscription_id": subscription["subscription_id"],
        "value": "7",
    }
