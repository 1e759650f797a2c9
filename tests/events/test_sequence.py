import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from billing.callers import system
from billing.chains import Environment
from events import tasks
from events.models import Event
from events.services import assign_sequences, publish


def numbers_of(organization, environment="sandbox"):
    events = Event.objects.filter(organization=organization, environment=environment)
    return sorted(events.exclude(sequence=None).values_list("sequence", flat=True))


def test_events_are_numbered_from_one_in_the_order_they_happened(acme):
    caller = system(acme.id, Environment.SANDBOX)
    happened = [publish(caller, "payout.created", f"po_{n}", {}).id for n in range(3)]

    assign_sequences()

    in_order = Event.objects.filter(environment="sandbox").order_by("sequence")
    assert [(e.id, e.sequence) for e in in_order] == list(zip(happened, [1, 2, 3], strict=True))


def test_each_organization_and_environment_counts_for_itself(acme, zenith):
    for organization in (acme, zenith):
        for environment in Environment:
            publish(system(organization.id, environment), "payout.created", "po_1", {})

    assign_sequences()

    # In live stands the creation of each organization, too.
    assert numbers_of(acme) == numbers_of(zenith) == [1]
    assert numbers_of(acme, "live") == numbers_of(zenith, "live") == [1, 2]


def test_a_second_pass_goes_on_where_the_first_ended(acme):
    caller = system(acme.id, Environment.SANDBOX)
    publish(caller, "payout.created", "po_1", {})
    assign_sequences()
    publish(caller, "payout.created", "po_2", {})

    numbered = assign_sequences()

    assert numbered == 1
    assert numbers_of(acme) == [1, 2]
    assert assign_sequences() == 0


def test_more_events_than_one_batch_are_all_numbered(acme, monkeypatch):
    monkeypatch.setattr("events.services.NUMBERED_AT_ONCE", 10)
    caller = system(acme.id, Environment.SANDBOX)
    for n in range(25):
        publish(caller, "payout.created", f"po_{n}", {})

    tasks.sequence()

    assert numbers_of(acme) == list(range(1, 26))


@pytest.mark.django_db(transaction=True)
def test_an_event_committed_late_is_numbered_late_and_never_lost(acme):
    caller = system(acme.id, Environment.SANDBOX)
    is_written, may_commit = threading.Event(), threading.Event()

    def slow_act():
        with transaction.atomic():
            publish(caller, "payout.created", "po_slow", {})
            is_written.set()
            may_commit.wait(10)
        connection.close()

    slow = threading.Thread(target=slow_act)
    slow.start()
    assert is_written.wait(10)
    with transaction.atomic():
        publish(caller, "payout.created", "po_fast", {})

    assign_sequences()
    may_commit.set()
    slow.join()
    assign_sequences()

    told = Event.objects.filter(environment="sandbox").order_by("sequence")
    assert [(e.sequence, e.resource_id) for e in told] == [(1, "po_fast"), (2, "po_slow")]


@pytest.mark.django_db(transaction=True)
def test_the_sequence_has_no_gap_while_writers_commit_abort_and_number_at_once(acme):
    caller = system(acme.id, Environment.SANDBOX)

    def write(n):
        with transaction.atomic():
            publish(caller, "payout.created", f"po_{n}", {})
            if n % 7 == 0:
                transaction.set_rollback(True)
        if n % 5 == 0:
            assign_sequences()
        connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(210)))
    assign_sequences()

    assert Event.objects.filter(environment="sandbox", sequence=None).count() == 0
    assert numbers_of(acme) == list(range(1, 181))
