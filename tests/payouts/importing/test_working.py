"""The worker's part of an import: what is long is checked and created by it, whoever dies."""

import threading
from functools import partial

import pytest
from django.db import connection, connections, transaction

from billing.errors import BillingError
from events.models import Event
from payouts import services
from payouts.importing import acts
from payouts.importing.working import MOST_TRIES, SHORT_LINES, check_now, work_due
from payouts.models import PayoutImport, PayoutImportFile, PayoutIntent
from tests.payouts.importing.files import GOOD, TITLES, csv_of, many
from tests.payouts.importing.making import cut, nothing_is_there, started, waiting
from tests.payouts.making import OTHER_RECIPIENT, People, a_draft
from tests.payouts.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
LONG = 2_500


def state_of(imported: PayoutImport) -> str:
    imported.refresh_from_db()
    return imported.state


def long_one(people: People) -> PayoutImport:
    imported = started(people, many(LONG))
    assert (imported.state, imported.lines) == ("read", 0)
    return imported


def test_a_long_file_is_checked_and_created_by_the_worker(people: People) -> None:
    imported = long_one(people)
    with pytest.raises(BillingError) as refusal:
        acts.confirm(people.preparer, imported.id)
    assert refusal.value.code == "import_closed"

    assert work_due() == 1
    assert state_of(imported) == "checked"
    assert (imported.lines, imported.lines_checked, imported.lines_wrong) == (LONG, LONG, 0)
    assert work_due() == 0
    acts.confirm(people.preparer, imported.id)
    assert state_of(imported) == "importing"
    assert nothing_is_there()
    assert work_due() == 1

    assert state_of(imported) == "done"
    assert imported.closed_by == people.preparer.actor_id
    made = PayoutIntent.objects.values_list("created_by", "payout_import")
    assert [*set(made)] == [(people.preparer.actor_id, imported.id)]
    assert PayoutIntent.objects.count() == LONG
    told = Event.objects.get(type="payout_import.completed")
    assert told.actor_id == people.preparer.actor_id


def test_how_far_a_check_is_can_be_seen_and_a_killed_one_is_begun_again(people: People) -> None:
    """All lines are looked at, and the session is cut where it writes what it found."""
    imported = started(people, many(LONG) + f"{GOOD},x,,,\n".encode())
    assert imported.state == "read"

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE payouts_payoutimportline IN SHARE MODE")
        thread = threading.Thread(target=partial(at_once, [work_due]))
        thread.start()
        pid = waiting('DELETE FROM "payouts_payoutimportline"')
        assert state_of(imported) == "read"
        assert (imported.lines_checked, imported.lines) == (LONG + 1, LONG + 1)
        others: list[int] = []
        other = threading.Thread(target=lambda: others.append(_in_own_session()))
        other.start()
        other.join()
        assert others == [0]  # what one worker has is no other's
        cut(pid)
    thread.join()

    assert state_of(imported) == "read"
    assert not imported.found.exists()
    connections.close_all()
    assert work_due() == 1
    assert state_of(imported) == "checked"
    assert [row.number for row in imported.found.all()] == [LONG + 2]


def _in_own_session() -> int:
    try:
        return work_due()
    finally:
        connection.close()


def test_a_worker_killed_while_it_creates_leaves_nothing_and_the_next_takes_it_up(
    people: People,
) -> None:
    imported = long_one(people)
    work_due()
    acts.confirm(people.preparer, imported.id)

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE events_event IN ACCESS EXCLUSIVE MODE")
        thread = threading.Thread(target=partial(at_once, [work_due]))
        thread.start()
        cut(waiting('COPY "events_event"'))
    thread.join()

    assert state_of(imported) == "importing"
    assert nothing_is_there()
    connections.close_all()
    assert work_due() == 1
    assert state_of(imported) == "done"
    assert PayoutIntent.objects.count() == LONG


def test_many_workers_create_a_confirmed_import_once(people: People) -> None:
    imported = long_one(people)
    work_due()
    acts.confirm(people.preparer, imported.id)

    assert at_once([work_due] * 4) == ["done"] * 4

    assert state_of(imported) == "done"
    assert PayoutIntent.objects.count() == LONG
    assert Event.objects.filter(type="payout.created").count() == LONG


def test_what_became_wrong_since_it_was_confirmed_creates_nothing_and_is_told(
    people: People,
) -> None:
    imported = long_one(people)
    work_due()
    acts.confirm(people.preparer, imported.id)
    services.create(people.preparer, a_draft(external_id="ext_7"))

    work_due()

    assert state_of(imported) == "checked"
    assert imported.refusal.startswith("1 line is wrong, so nothing was created.")
    assert PayoutIntent.objects.count() == 1
    assert [row.number for row in imported.found.filter(is_wrong=True)] == [8]
    services.cancel(people.preparer, PayoutIntent.objects.get().id)
    acts.edit(
        people.preparer, imported.id, {8: {"external_id": "ext_7b"}}, revision=imported.revision
    )
    assert state_of(imported) == "read"
    work_due()
    assert (state_of(imported), imported.lines_wrong, imported.refusal) == ("checked", 0, "")


def test_a_long_file_that_cannot_be_read_to_its_end_fails_in_words(people: People) -> None:
    imported = started(people, many(LONG) + f'{GOOD},"1,,,\n'.encode())
    assert imported.state == "read"

    work_due()

    assert state_of(imported) == "failed"
    assert "breaks off in line 2502" in imported.refusal
    assert not PayoutImportFile.objects.exists()


def test_one_that_always_breaks_off_is_given_up_and_keeps_nobody_waiting(people: People) -> None:
    """Its zone is known where it was uploaded, and not where the worker is."""
    broken, other = long_one(people), long_one(people)
    PayoutImport.objects.filter(id=broken.id).update(zone="No/Where")

    for _ in range(MOST_TRIES):
        with pytest.raises(KeyError):
            work_due()
    work_due()

    assert state_of(other) == "checked"
    assert state_of(broken) == "failed"
    assert f"broke off {MOST_TRIES} times" in broken.refusal


def test_a_check_that_began_before_an_edit_writes_nothing(people: People) -> None:
    rows = [f"{OTHER_RECIPIENT},arbitrum,USDC,{n}.5" for n in range(1, SHORT_LINES + 1)]
    imported = started(people, csv_of(*rows, f"{GOOD},x", titles=f"{TITLES}"))
    if imported.state == "read":
        work_due()
    stale = PayoutImport.objects.get(id=imported.id)
    stale.state = "read"  # as a second check read it, before the first was done
    stale.revision -= 1
    imported.refresh_from_db()
    line = SHORT_LINES + 2
    acts.edit(people.preparer, imported.id, {line: {"amount": "5"}}, revision=imported.revision)

    check_now(stale)

    assert state_of(imported) == "read"
    work_due()
    assert (state_of(imported), imported.lines_wrong) == ("checked", 0)
