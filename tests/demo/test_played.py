"""manage.py demo: what stands there afterwards, and what a second run does."""

import shutil
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.db import transaction
from django.test import Client, override_settings
from pytest_django import DjangoDbBlocker

from approvals.models import Policy
from events.models import Event
from organizations.callers import caller_for_user
from organizations.models import ApiKey, Organization, User
from payouts.models import PayoutIntent, Recipient, RecipientAddress
from payouts.services import approve
from revenue.models import RevenueEvent
from subscriptions.models import Subscription
from tests.demo.playing import STATUSES, demo
from wallets.models import Wallet

pytestmark = pytest.mark.django_db

HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # those that every test has


@pytest.fixture(scope="module")
def once(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[dict[str, Any], Path]]:
    """The command's first run, played once for all: each test goes on from it, and is undone."""
    files = tmp_path_factory.mktemp("once")
    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(DATABASE_URL="", DATA_DIR=files, PASSWORD_HASHERS=HASHERS):
            told = demo()
        yield told, files
        transaction.set_rollback(True)


@pytest.fixture
def told(once: tuple[dict[str, Any], Path], embedded: Path) -> dict[str, Any]:
    """What the first run told; its files are this test's own."""
    told, files = once
    shutil.copytree(files, embedded, dirs_exist_ok=True)
    return deepcopy(told)


def test_there_is_a_payout_in_every_state_it_can_be_left_in(told: dict[str, Any]) -> None:
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


def test_whom_it_pays_and_who_must_agree_is_set_up(told: dict[str, Any]) -> None:
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


@pytest.mark.usefixtures("told")
def test_there_are_regulars_in_most_states_and_what_they_paid_is_booked() -> None:
    states = Counter(Subscription.objects.values_list("status", flat=True))
    assert states == {"active": 4, "trialing": 1, "paused": 1, "canceled": 1}
    assert Subscription.objects.filter(cancel_at_period_end=True).count() == 1
    lines = Counter(RevenueEvent.objects.values_list("event_type", flat=True))
    assert (lines["subscription_charged"], lines["refund"]) == (4, 1)
    assert lines["checkout_confirmed"] == 4
    assert lines["payout_settled"] == STATUSES["settled"]


def test_people_can_log_in_and_the_key_works(told: dict[str, Any]) -> None:
    roles = {person["role"]: person for person in told["people"]}
    assert set(roles) == {"preparer", "approver", "admin"}
    for person in told["people"]:
        assert authenticate(username=person["email"], password=person["password"]) is not None
    answer = Client().get("/v1/payouts", headers={"Authorization": f"Bearer {told['api_key']}"})
    assert answer.status_code == 200
    assert told["api_key"] in told["curl"]
    assert told["admin_url"].endswith("/admin/")
    assert any(roles["approver"]["password"] in line for line in told["lines"])


@pytest.mark.usefixtures("told")
def test_nobody_of_the_demonstration_approved_their_own() -> None:
    for payout in PayoutIntent.objects.exclude(approved_by=None):
        assert payout.created_by != payout.approved_by


def test_a_second_run_changes_nothing_and_tells_the_same(told: dict[str, Any]) -> None:
    first = told
    events = Event.objects.count()

    second = demo()

    assert (first.pop("is_new"), second.pop("is_new")) == (True, False)
    assert second == first
    assert Event.objects.count() == events
    assert Counter(PayoutIntent.objects.values_list("status", flat=True)) == STATUSES


@pytest.mark.usefixtures("told")
def test_what_people_did_since_is_left_alone() -> None:
    User.objects.filter(email="mara@acme.example").update(name="Mara Lind-Berg")
    Organization.objects.update(name="Renamed")

    told = demo()

    assert told["is_new"] is False
    assert Organization.objects.get().name == "Renamed"
    assert User.objects.get(email="mara@acme.example").name == "Mara Lind-Berg"


def test_new_credentials_end_the_old_ones(told: dict[str, Any]) -> None:
    old = told

    new = demo("--new-credentials")

    for before, after in zip(old["people"], new["people"], strict=True):
        assert authenticate(username=before["email"], password=before["password"]) is None
        assert authenticate(username=after["email"], password=after["password"]) is not None
    assert ApiKey.objects.filter(revoked_at=None).count() == 1
    headers = {"Authorization": f"Bearer {old['api_key']}"}
    assert Client().get("/v1/payouts", headers=headers).status_code == 401
