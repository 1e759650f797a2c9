"""Confirming an import: all drafts and their events or none, once, whoever else is at work."""

import threading
from functools import partial

import pytest
from django.db import connection, connections, transaction

from billing.errors import BillingError, InsufficientScope, NotFound
from events.models import Event
from organizations.models import Organization, User
from payouts import services
from payouts.importing import acts
from payouts.models import PayoutImportFile, PayoutIntent
from tests.payouts.importing.files import GOOD, csv_of, many
from tests.payouts.importing.making import (
    codes_of,
    confirmed_all,
    cut,
    nothing_is_there,
    started,
    waiting,
)
from tests.payouts.making import OTHER_RECIPIENT, People, a_draft
from tests.payouts.replaying import assert_replays
from tests.payouts.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 5


def test_a_confirmed_file_becomes_drafts_that_a_create_could_have_made(people: People) -> None:
    imported = started(people, many(20))
    assert nothing_is_there()

    done = acts.confirm(people.preparer, imported.id)

    payouts = list(PayoutIntent.objects.order_by("amount_atomic"))
    assert [payout.external_id for payout in payouts] == [f"ext_{n}" for n in range(1, 21)]
    assert {p.created_by for p in payouts} == {people.preparer.actor_id}
    assert {p.payout_import_id for p in payouts} == {imported.id}
    for payout in payouts:
        assert_replays(payout.id)
    told = Event.objects.get(type="payout_import.completed")
    assert (told.resource_id, told.payload["data"]["payouts"]) == (imported.id, 20)
    assert done.state == "done"
    assert not PayoutImportFile.objects.exists()


def test_an_import_says_the_same_event_as_a_create(people: People) -> None:
    imported = started(people, csv_of(f"{GOOD},500"))
    acts.confirm(people.preparer, imported.id)
    other = services.create(people.preparer, a_draft(recipient_address=OTHER_RECIPIENT))
    (mine,) = PayoutIntent.objects.exclude(id=other.id)

    ours, theirs = (Event.objects.get(resource_id=p.id) for p in (mine, other))

    assert ours.payload.keys() == theirs.payload.keys()
    assert ours.payload["data"].keys() == theirs.payload["data"].keys()
    assert (ours.actor_id, ours.actor_name) == (theirs.actor_id, theirs.actor_name)


def test_who_confirms_cannot_approve_and_the_policy_is_told_of_the_import(people: People) -> None:
    acts.confirm(people.admin, started(people, csv_of(f"{GOOD},500")).id)
    (payout,) = PayoutIntent.objects.all()

    assert services.facts_of(payout).created_via == "import"
    with pytest.raises(BillingError) as refusal:
        services.approve(people.admin, payout.id)
    assert refusal.value.code == "self_approval"
    services.approve(people.approver, payout.id)


def test_one_bad_line_refuses_all(people: People) -> None:
    imported = started(people, csv_of(f"{GOOD},1", f"{GOOD},x", f"{GOOD},2"))

    with pytest.raises(BillingError) as refusal:
        confirmed_all(people, imported)

    assert refusal.value.code == "import_has_errors"
    assert nothing_is_there()


def test_a_warning_is_confirmed_once_for_all(people: People) -> None:
    imported = started(people, csv_of(f"{GOOD},1", f"{GOOD},1"))

    with pytest.raises(BillingError) as refusal:
        acts.confirm(people.preparer, imported.id)
    assert refusal.value.code == "import_not_confirmed"
    assert nothing_is_there()
    confirmed_all(people, imported)

    assert PayoutIntent.objects.count() == 2
    assert sorted(len(p.warnings) for p in PayoutIntent.objects.all()) == [0, 1]


def test_a_doubt_that_nobody_has_seen_is_not_confirmed(people: People) -> None:
    imported = started(people, csv_of(f"{GOOD},500"))
    services.create(people.preparer, a_draft())

    with pytest.raises(BillingError) as refusal:
        confirmed_all(people, imported)

    assert refusal.value.code == "import_not_confirmed"
    assert codes_of(imported) == ["same_amount"]
    confirmed_all(people, imported)
    assert PayoutIntent.objects.count() == 2


def test_an_import_is_done_once_and_the_same_file_is_told(people: People) -> None:
    content = csv_of(f"{GOOD},500")
    imported = started(people, content)
    acts.confirm(people.preparer, imported.id)

    for act in (acts.confirm, acts.abandon):
        with pytest.raises(BillingError) as refusal:
            act(people.preparer, imported.id)
        assert refusal.value.code == "import_closed"
    again = started(people, content)
    assert codes_of(again) == ["same_file", "same_amount"]
    acts.abandon(people.preparer, again.id)
    assert not PayoutImportFile.objects.exists()


def test_an_import_belongs_to_its_organization_and_needs_the_scope(
    people: People, strangers: People, acme: Organization, vera: User
) -> None:
    viewer = People.of(acme, "live", *[vera] * 4)
    imported = started(people, csv_of(f"{GOOD},500"))

    for act in (acts.confirm, acts.abandon):
        with pytest.raises(NotFound):
            act(strangers.admin, imported.id)
        with pytest.raises(InsufficientScope):
            act(viewer.admin, imported.id)
    with pytest.raises(InsufficientScope):
        started(viewer, csv_of(f"{GOOD},500"))


def test_of_two_imports_with_the_same_external_ids_exactly_one_wins(people: People) -> None:
    for number in range(ROUNDS):
        first = 1 + number * 100
        both = [started(people, many(100, first=first)) for _ in range(2)]

        answers = at_once([partial(acts.confirm, people.preparer, each.id) for each in both])

        assert sorted(answers) == ["done", "import_has_errors"]
        assert PayoutIntent.objects.count() == 100 * (number + 1)


def test_an_import_and_a_bulk_create_of_the_same_ids_never_wait_in_a_circle(
    people: People,
) -> None:
    for number in range(ROUNDS):
        first = 1 + number * 300
        imported = started(people, many(300, first=first))
        drafts = [a_draft(external_id=f"ext_{n}") for n in reversed(range(first, first + 300))]

        answers = at_once(
            [
                partial(acts.confirm, people.preparer, imported.id),
                partial(services.create_many, people.preparer, drafts),
            ]
        )

        assert answers in (["done", "done"], ["import_has_errors", "done"])
        ids = PayoutIntent.objects.filter(external_id__in=[d.external_id for d in drafts])
        assert ids.count() == 300


def test_an_import_confirmed_twice_at_once_is_done_once(people: People) -> None:
    for number in range(ROUNDS):
        # Without external ids, so that the row's lock alone stands against it.
        imported = started(people, plain(number))

        answers = at_once([partial(acts.confirm, people.preparer, imported.id)] * 4)

        assert sorted(answers) == ["done", *["import_closed"] * 3]
        assert PayoutIntent.objects.count() == 100 * (number + 1)


def plain(number: int) -> bytes:
    """A hundred lines without ids of their own."""
    return csv_of(*(f"{GOOD},{1_000 * number + n}.5" for n in range(1, 101)))


def test_of_two_equal_imports_the_second_sees_the_first(people: People) -> None:
    for number in range(ROUNDS):
        both = [started(people, plain(number)) for _ in range(2)]

        answers = at_once([partial(acts.confirm, people.preparer, each.id) for each in both])

        assert sorted(answers) == ["done", "import_not_confirmed"]


def test_a_create_between_check_and_insert_is_found_and_named(people: People) -> None:
    """The create holds the external id uncommitted, so that the check cannot see it."""
    imported = started(people, many(10))
    answers: list[str] = []

    def run() -> None:
        answers.extend(at_once([partial(acts.confirm, people.preparer, imported.id)]))

    with transaction.atomic():
        services.create(people.preparer, a_draft(external_id="ext_4"))
        thread = threading.Thread(target=run)
        thread.start()
        waiting('COPY "payouts_payoutintent"')
    thread.join()

    assert answers == ["import_has_errors"]
    assert PayoutIntent.objects.count() == 1
    (line,) = imported.found.all()
    assert (line.number, line.findings[0]["code"]) == (5, "external_id_taken")


def test_what_is_killed_in_the_middle_leaves_nothing_and_is_taken_up(people: People) -> None:
    """The drafts are in, the events are not: the connection is cut just there."""
    imported = started(people, many(200))
    answers: list[str] = []

    def run() -> None:
        answers.extend(at_once([partial(acts.confirm, people.preparer, imported.id)]))

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE events_event IN ACCESS EXCLUSIVE MODE")
        thread = threading.Thread(target=run)
        thread.start()
        cut(waiting('COPY "events_event"'))
    thread.join()

    assert "AdminShutdown" in answers[0] or "OperationalError" in answers[0]
    assert nothing_is_there()
    connections.close_all()
    acts.confirm(people.preparer, imported.id)
    assert PayoutIntent.objects.count() == 200
