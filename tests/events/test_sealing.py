"""Numbered events are sealed in the background, once each, whoever else does it or is killed."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings as django_settings
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from billing.callers import system
from billing.chains import Environment
from events import chain, sealing, verifying
from events.diagnosing import What
from events.models import Event, Seal, SealHead
from events.services import assign_sequences, publish

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def spans(place):
    seals = Seal.objects.filter(**place.parameters).order_by("first_sequence")
    return list(seals.values_list("first_sequence", "last_sequence"))


def head_of(place):
    return SealHead.objects.get(**place.parameters)


def test_a_pass_seals_what_has_a_number_and_the_next_goes_on_behind_it(told):
    place = told(3)
    told(2)

    assert spans(place) == [(1, 3), (4, 5)]
    assert head_of(place).sequence == 5
    assert sealing.seal() == 0
    assert spans(place) == [(1, 3), (4, 5)]


def test_what_has_no_number_yet_is_not_sealed(told, acme):
    place = told(1)
    publish(system(acme.id, Environment.SANDBOX), "payout.created", "po_1", {})

    sealing.seal()

    assert head_of(place).sequence == 1


def test_each_organization_and_environment_is_a_chain_of_its_own(acme, zenith):
    for organization in (acme, zenith):
        for environment in Environment:
            publish(system(organization.id, environment), "payout.created", "po_1", {})
    assign_sequences()

    assert sealing.seal() == 6

    digests = set(SealHead.objects.values_list("digest", flat=True))
    assert len(digests) == SealHead.objects.count() == 4


def test_the_chain_can_be_computed_by_anybody_who_has_the_rows(told):
    """With the standard library alone, as the operators' guide says."""
    place = told(2)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, organization_id, environment, sequence, type, resource_id, checkout_id,"
            " actor_id, actor_name, address, payload::text, created_at, updated_at"
            " FROM events_event WHERE organization_id = %s AND environment = 'sandbox'"
            " ORDER BY sequence",
            [place.organization_id],
        )
        rows = cursor.fetchall()

    def packed(values):
        return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()

    link = hashlib.sha256(packed(["v1", place.organization_id, "sandbox"])).digest()
    for row in rows:
        times = [f"{at:%Y-%m-%dT%H:%M:%S.%f}Z" for at in row[11:]]
        link = hashlib.sha256(link + packed(["v1", *row[:11], *times])).digest()

    assert head_of(place).digest == link.hex()


@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1) | TEXTS, max_size=5))
def test_the_canonical_bytes_are_plain_json(row):
    plain = json.dumps(["v1", *row], ensure_ascii=False, separators=(",", ":")).encode()

    assert chain.canonical(row) == plain


def test_publishing_pays_nothing_for_it(acme):
    caller = system(acme.id, Environment.SANDBOX)

    with CaptureQueriesContext(connection) as queries:
        publish(caller, "payout.created", "po_1", {})

    assert [query["sql"].split()[:3] for query in queries] == [["INSERT", "INTO", '"events_event"']]
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = 'events_event'::regclass"
                       " AND NOT tgisinternal AND tgtype::int & 4 > 0")  # fmt: skip
        assert cursor.fetchall() == []  # none that fires on an insert


def test_sealing_rewrites_no_event(told):
    place = told(3, is_sealed=False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, ctid::text, xmin::text FROM events_event ORDER BY id")
        before = cursor.fetchall()
        sealing.seal()
        cursor.execute("SELECT id, ctid::text, xmin::text FROM events_event ORDER BY id")

        assert cursor.fetchall() == before
    assert head_of(place).sequence == 3


def test_what_happened_before_there_were_seals_is_sealed_by_the_same_pass(told, monkeypatch):
    monkeypatch.setattr(sealing, "SEALED_AT_ONCE", 10)
    place = told(25, is_sealed=False)

    assert sealing.seal() == 26  # and the organization's creation

    assert spans(place) == [(1, 10), (11, 20), (21, 25)]
    assert verifying.verify(place, {}).first_broken is None


@pytest.mark.django_db(transaction=True)
def test_passes_at_once_seal_each_event_once(told, monkeypatch):
    monkeypatch.setattr(sealing, "SEALED_AT_ONCE", 7)
    place = told(200, is_sealed=False)
    start = threading.Barrier(6)

    def one_pass(_):
        start.wait(10)
        try:
            return sealing.seal()
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        sealed = sum(pool.map(one_pass, range(6)))
    sealed += sealing.seal()

    assert sealed == 201
    found = spans(place)
    assert [first for first, _ in found] == [1, *(last + 1 for _, last in found[:-1])]
    assert found[-1][1] == 200
    assert verifying.verify(place, {}).first_broken is None


KILLED = """
import os, sys, django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from events import chain, sealing
sealing.SEALED_AT_ONCE = 10
whole = chain.link
made = []
def link(previous, row):
    made.append(row)
    if len(made) == 25:
        print("in the middle", flush=True)
        sys.stdin.read()
    return whole(previous, row)
chain.link = link
sealing.seal()
"""


@pytest.mark.django_db(transaction=True)
def test_a_pass_that_is_killed_in_the_middle_leaves_whole_runs_and_the_next_goes_on(told, acme):
    place = told(40, is_sealed=False)
    name = connection.settings_dict["NAME"]
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "billing.settings"}
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, name],
        cwd=django_settings.ROOT, env=env, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as killed:  # fmt: skip
        assert killed.stdout is not None
        assert killed.stdout.readline() == "in the middle\n"
        killed.send_signal(signal.SIGKILL)

    before = spans(place)
    sealing.seal()

    assert before in ([(1, 10), (11, 20)], [(1, 10)])  # the run in the middle left nothing
    assert spans(place)[-1][1] == 40
    assert verifying.verify(place, {}).first_broken is None


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("UPDATE events_seal SET links = links", "never edited or deleted"),
        ("UPDATE events_seal SET last_sequence = 99", "never edited or deleted"),
        ("DELETE FROM events_seal", "never edited or deleted"),
        ("UPDATE events_sealhead SET sequence = sequence - 1", "only moves forward"),
        ("UPDATE events_sealhead SET digest = repeat('0', 64)", "only moves forward"),
        ("UPDATE events_sealhead SET begun_at = now()", "only moves forward"),
        ("DELETE FROM events_sealhead", "only moves forward"),
        (
            "INSERT INTO events_seal (id, created_at, updated_at, environment, first_sequence,"
            " last_sequence, links, organization_id) SELECT 999, created_at, updated_at,"
            " environment, 7, 9, links, organization_id FROM events_seal",
            "a_seal_has_a_link_for_each_event",
        ),
    ],
)
def test_the_database_refuses_to_change_what_is_sealed(told, sql, words):
    told(2)

    with (
        pytest.raises(IntegrityError, match=words),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def test_an_event_that_was_removed_before_it_was_sealed_stops_the_sealing_and_is_found(
    told, caplog
):
    place = told(5, is_sealed=False)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM events_event WHERE environment = 'sandbox' AND sequence = 3")

    sealing.seal()

    assert head_of(place).sequence == 0
    assert "event 3 was removed" in caplog.text
    assert Event.objects.filter(**place.parameters).count() == 4
    found = verifying.verify(place, {}).first_broken
    assert found is not None and (found.what, found.sequence) == (What.REMOVED, 3)
