"""manage.py demo: everything once, whatever happens to it meanwhile."""

import json
import os
import signal
import stat
import time
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import connection
from django.test import Client

from approvals.models import Policy
from billing.locks import advisory_lock
from events.models import Event
from organizations.callers import caller_for_user
from organizations.demonstration.place import load
from organizations.models import ApiKey, Organization, User
from payouts.models import PayoutIntent, Recipient, RecipientAddress
from payouts.services import approve
from revenue.models import RevenueEvent
from subscriptions.models import Subscription
from wallets.models import Wallet

pytestmark = pytest.mark.django_db

STATUSES = {
    "draft": 4,
    "approved": 1,
    "pending_execution": 2,
    "executed": 2,
    "settled": 5,
    "failed": 2,
    "canceled": 1,
}


@pytest.fixture(autouse=True)
def _embedded(settings: Any, tmp_path: Path) -> None:
    """As `make run` has it: nothing set but a place for files."""
    settings.DATABASE_URL = ""
    settings.DATA_DIR = tmp_path


def demo(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("demo", "--json", *arguments, stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


def test_there_is_a_payout_in_every_state_it_can_be_left_in() -> None:
    told = demo()

    organization = Organization.objects.get()
    assert told["organization"] == organization.id
    assert organization.name == "Acme Demo"
    assert Counter(PayoutIntent.objects.values_list("status", flat=True)) == STATUSES
    assert set(PayoutIntent.objects.values_list("environment", flat=True)) == {"sandbox"}
    assert Wallet.objects.filter(is_source=True).count() == 3
    assert PayoutIntent.objects.filter(failure_code="transaction_reverted").count() == 1
    assert PayoutIntent.objects.filter(failure_code="recipient_mismatch").count() == 1
    assert Event.objects.filter(type="payout.discrepancy").count() == 1
    assert Event.objects.filter(type="settlement.unexpected").count() == 1


def test_whom_it_pays_and_who_must_agree_is_set_up() -> None:
    told = demo()

    addresses = RecipientAddress.objects.values_list("status", flat=True)
    assert Counter(addresses) == {"approved": 7, "proposed": 1}
    named = PayoutIntent.objects.exclude(recipient_id=None)
    assert {payout.recipient_name for payout in named} == set(
        Recipient.objects.filter(addresses__status="approved").values_list("name", flat=True)
    )
    policy = Policy.objects.get()
    assert (policy.status, policy.rules.get().needed) == ("published", 2)
    large = PayoutIntent.objects.get(amount_atomic__gte=20_000_000_000)
    admin = User.objects.get(email=told["people"][1]["email"])
    caller = caller_for_user(admin, Organization.objects.get(), "sandbox")
    assert approve(caller, large.id).status == "draft"


def test_there_are_regulars_in_most_states_and_what_they_paid_is_booked() -> None:
    demo()

    states = Counter(Subscription.objects.values_list("status", flat=True))
    assert states == {"active": 4, "trialing": 1, "paused": 1, "canceled": 1}
    assert Subscription.objects.filter(cancel_at_period_end=True).count() == 1
    lines = Counter(RevenueEvent.objects.values_list("event_type", flat=True))
    assert (lines["subscription_charged"], lines["refund"]) == (4, 1)
    assert lines["checkout_confirmed"] == 4
    assert lines["payout_settled"] == STATUSES["settled"]


def test_people_can_log_in_and_the_key_works() -> None:
    told = demo()

    roles = {person["role"]: person for person in told["people"]}
    assert set(roles) == {"preparer", "approver", "admin"}
    for person in told["people"]:
        assert authenticate(username=person["email"], password=person["password"]) is not None
    answer = Client().get("/v1/payouts", headers={"Authorization": f"Bearer {told['api_key']}"})
    assert answer.status_code == 200
    assert told["api_key"] in told["curl"]
    assert told["admin_url"].endswith("/admin/")
    assert any(roles["approver"]["password"] in line for line in told["lines"])


def test_nobody_of_the_demonstration_approved_their_own() -> None:
    demo()

    for payout in PayoutIntent.objects.exclude(approved_by=None):
        assert payout.created_by != payout.approved_by


def test_a_second_run_changes_nothing_and_tells_the_same() -> None:
    first = demo()
    events = Event.objects.count()

    second = demo()

    assert (first.pop("is_new"), second.pop("is_new")) == (True, False)
    assert second == first
    assert Event.objects.count() == events
    assert Counter(PayoutIntent.objects.values_list("status", flat=True)) == STATUSES


def test_what_people_did_since_is_left_alone() -> None:
    demo()
    User.objects.filter(email="mara@acme.example").update(name="Mara Lind-Berg")
    Organization.objects.update(name="Renamed")

    told = demo()

    assert told["is_new"] is False
    assert Organization.objects.get().name == "Renamed"
    assert User.objects.get(email="mara@acme.example").name == "Mara Lind-Berg"


def test_log_ins_are_kept_for_this_user_alone(tmp_path: Path) -> None:
    told = demo()

    path = tmp_path / "demo.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["api_key"] == told["api_key"]


def test_with_a_database_of_your_own_they_are_told_once_and_not_kept(
    settings: Any, tmp_path: Path
) -> None:
    settings.DATABASE_URL = "postgresql://db.example/billing"

    first, second = demo(), demo()

    assert first["api_key"] is not None
    assert second["api_key"] is None
    assert [person["password"] for person in second["people"]] == [None, None, None]
    assert list(tmp_path.iterdir()) == []


def test_new_credentials_end_the_old_ones() -> None:
    old = demo()

    new = demo("--new-credentials")

    for before, after in zip(old["people"], new["people"], strict=True):
        assert authenticate(username=before["email"], password=before["password"]) is None
        assert authenticate(username=after["email"], password=after["password"]) is not None
    assert ApiKey.objects.filter(revoked_at=None).count() == 1
    headers = {"Authorization": f"Bearer {old['api_key']}"}
    assert Client().get("/v1/payouts", headers=headers).status_code == 401


def test_the_log_ins_of_another_database_are_not_told(tmp_path: Path) -> None:
    left = {"organization_id": "org_other", "people": [], "api_key": "sk_test_left_behind"}
    (tmp_path / "demo.json").write_text(json.dumps(left))

    told = demo()

    assert told["api_key"] != "sk_test_left_behind"
    assert len(told["people"]) == 3


@pytest.mark.django_db(transaction=True)
def test_one_loads_at_a_time() -> None:
    child, _ = _forked_until(lambda: Organization.objects.exists())
    try:
        with pytest.raises(SystemExit) as ended:
            demo()
        assert ended.value.code == 2
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("payouts", [0, 6, 16])
def test_a_run_killed_in_the_middle_is_taken_up_by_the_next(payouts: int) -> None:
    _killed_after(payouts)
    _until(_lock_is_free)
    assert PayoutIntent.objects.count() == payouts

    told = demo()

    assert told["is_new"] is True
    assert told["api_key"] is not None
    assert Organization.objects.get().name == "Acme Demo"
    assert Counter(PayoutIntent.objects.values_list("status", flat=True)) == STATUSES
    assert ApiKey.objects.filter(revoked_at=None).count() == 1
    created = Event.objects.filter(type="payout.created")
    assert created.count() == created.values("resource_id").distinct().count() == 17
    assert Event.objects.filter(type="payout.rejected").count() == 1


def _killed_after(payouts: int) -> None:
    """Run the command in a child process that is killed as it inserts one payout more."""
    connection.close()  # A connection shared with a child would end for both.
    child = os.fork()
    if child == 0:

        def killing(execute: Any, sql: str, *arguments: Any) -> Any:
            # A recipient of the address book has the statement run twice, so rows are counted.
            is_next = "INSERT INTO payouts_payoutintent" in sql
            if is_next and PayoutIntent.objects.count() == payouts:
                os.kill(os.getpid(), signal.SIGKILL)
            return execute(sql, *arguments)

        with connection.execute_wrapper(killing), advisory_lock("demo"):
            load()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the command came to its end"


def _forked_until(reached: Any) -> tuple[int, bool]:
    """Start the command in a child process and return once `reached`; whether it had ended."""
    connection.close()  # A connection shared with a child would end for both.
    child = os.fork()
    if child == 0:
        with advisory_lock("demo"):
            load()
        os._exit(0)
    while not reached():
        if os.waitpid(child, os.WNOHANG)[0]:
            return child, True
        time.sleep(0.002)
    return child, False


def _lock_is_free() -> bool:
    """A killed session's locks go when the server notices."""
    with advisory_lock("demo") as is_ours:
        return is_ours


def _until(reached: Any) -> None:
    deadline = time.monotonic() + 10
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)
