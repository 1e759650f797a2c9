"""The pause switch: who may turn it, what it stops, and that nothing slips past it."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from django.db import OperationalError, connection, transaction

from billing.callers import Caller
from billing.errors import BillingError
from events.models import Event
from organizations.models import Organization, User
from organizations.services import pause, require_running, resume
from payouts import services as payouts
from tests.payouts.making import People, make_payout, reload

WHY = "A phone was stolen"


@pytest.fixture
def live() -> None:
    """Nothing is asked of a node here."""


@pytest.fixture
def people(live: None, acme: Organization, mara: User, jon: User, otto: User, ada: User) -> People:
    return People.of(acme, "sandbox", mara, jon, otto, ada)


@pytest.mark.parametrize(
    ("who", "may_pause", "may_resume"),
    [("preparer", False, False), ("operator", False, False), ("approver", True, False),
     ("admin", True, True)],
)  # fmt: skip
def test_many_may_stop_and_few_may_go_on(
    people: People, acme: Organization, who: str, may_pause: bool, may_resume: bool
) -> None:
    caller: Caller = getattr(people, who)
    for act, may in (
        (partial(pause, caller, WHY), may_pause),
        (partial(resume, caller), may_resume),
    ):
        if may:
            act()
            continue
        with pytest.raises(BillingError) as refused:
            act()
        assert refused.value.code == "insufficient_scope"
    acme.refresh_from_db()
    assert (acme.paused_at is not None) is (may_pause and not may_resume)


def test_both_environments_are_told_who_and_why(people: People, acme: Organization) -> None:
    pause(people.approver, WHY)
    pause(people.admin, "Another reason")
    resume(people.admin)
    resume(people.admin)

    rows = Event.objects.filter(resource_id=acme.id, type__startswith="organization.").exclude(
        type="organization.created"
    )
    told = [(e.environment, e.type, e.payload["data"]["pause_reason"], e.actor_name) for e in rows]
    assert sorted(told) == [
        ("live", "organization.paused", f"{WHY}.", "Jon"),
        ("live", "organization.resumed", None, "Ada"),
        ("sandbox", "organization.paused", f"{WHY}.", "Jon"),
        ("sandbox", "organization.resumed", None, "Ada"),
    ]


def test_while_paused_nothing_is_approved_or_handed_over(
    people: People, as_person: Callable[..., Caller]
) -> None:
    draft, approved = make_payout(people, "draft"), make_payout(people, "approved")
    pause(people.approver, WHY)

    for act in (
        partial(payouts.approve, people.admin, draft.id),
        partial(payouts.hand_over, people.operator, [approved.id]),
        partial(payouts.update, people.admin, draft.id, {"status": "approved"}),
    ):
        with pytest.raises(BillingError) as refused:
            act()
        assert (refused.value.status, refused.value.code) == (403, "organization_paused")
        assert refused.value.message == (
            f"Jon paused all payments: {WHY}. Nothing is approved or handed over until an admin "
            "resumes them."
        )
    assert (reload(draft).status, reload(approved).status) == ("draft", "approved")
    assert payouts.reject(people.approver, draft.id, "No.").status == "draft"
    assert payouts.cancel(people.preparer, draft.id).status == "canceled"
    resume(people.admin)
    assert payouts.hand_over(people.operator, [approved.id]).id.startswith("bat_")


def test_a_pause_needs_a_reason(people: People, acme: Organization) -> None:
    with pytest.raises(BillingError) as refused:
        pause(people.approver, "  ")

    assert refused.value.param == "reason"
    acme.refresh_from_db()
    assert acme.paused_at is None


def test_another_organization_goes_on(
    people: People, zoe: User, zenith: Organization, as_person: Callable[..., Caller]
) -> None:
    pause(people.admin, WHY)

    with transaction.atomic():
        require_running(as_person(zoe, zenith))


@pytest.mark.django_db(transaction=True)
def test_pausing_waits_for_what_is_being_approved_so_nothing_follows_it(people: People) -> None:
    payout = make_payout(people, "draft")
    approved, may_commit = threading.Event(), threading.Event()

    def approve_slowly() -> None:
        try:
            with transaction.atomic():
                payouts.approve(people.approver, payout.id)
                approved.set()
                assert may_commit.wait(10)
        finally:
            connection.close()

    slow = threading.Thread(target=approve_slowly)
    slow.start()
    assert approved.wait(10)
    with pytest.raises(OperationalError, match="lock timeout"):
        pause_without_patience(people.admin)
    may_commit.set()
    slow.join()

    pause(people.admin, WHY)
    assert reload(payout).status == "approved"


@transaction.atomic
def pause_without_patience(caller: Caller) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '100ms'")
    pause(caller, WHY)


def test_a_key_that_may_approve_may_stop_too(people: People, acme: Organization) -> None:
    key = replace(people.approver, actor_id="key_1", issued_by=None)

    assert pause(key, WHY).paused_by == "key_1"
