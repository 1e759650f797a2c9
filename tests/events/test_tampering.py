"""Whatever somebody changes who has the whole database, verify_audit finds it and names where."""

import os
import random

import pytest
from django.db import transaction

from billing.callers import system
from billing.chains import Environment
from events import heads, sealing, verifying
from events.chain import SEALED
from events.diagnosing import What
from events.models import Event, SealHead
from events.services import assign_sequences, publish
from tests.events import tampering

TIMES = 1_000 if os.environ.get("SOAK") else 60
LAST = 24


def broken(place, receipts=None):
    return verifying.verify(place, receipts or {}).first_broken


@pytest.fixture
def place(told, zenith):
    """24 events, sealed in three runs; a stranger's beside them, which are nobody's business."""
    for many in (9, 1, 14):
        place = told(many)
    publish(system(zenith.id, Environment.SANDBOX), "payout.created", "po_1", {})
    assign_sequences()
    sealing.seal()
    return place


def test_what_nobody_touched_is_whole(place, zenith):
    report = verifying.verify(place, {})

    assert (report.sealed, report.unsealed, report.first_broken) == (LAST, 0, None)
    assert all(broken(each) is None for each in verifying.places(None, None))


def test_every_column_of_an_event_is_sealed_and_tampered_with():
    """A column that is added must be added to what is sealed, and to what is tried here."""
    columns = {field.column for field in Event._meta.concrete_fields}

    assert set(SEALED) == columns
    assert set(tampering.OTHERS) == columns


@pytest.mark.parametrize("column", sorted(tampering.OTHERS))
def test_an_edit_of_any_column_is_found(place, column):
    tampering.edit_column(place, 5, column)

    found = broken(place)
    assert found is not None and found.sequence == 5
    gone = column in ("organization_id", "environment", "sequence")
    assert found.what == (What.REMOVED if gone else What.EDITED)


@pytest.mark.parametrize(
    ("act", "what"),
    [
        (tampering.remove, What.REMOVED),
        (tampering.remove_and_renumber, What.REMOVED),
        (tampering.insert, What.INSERTED),
        (tampering.insert_before_all, What.INSERTED),
        (tampering.swap, What.REORDERED),
        (tampering.reorder, What.REORDERED),
        (tampering.cut_tail, What.TAIL_CUT),
        (tampering.cut_tail_and_head, What.HEAD_CHANGED),
        (tampering.edit_and_seal_anew, What.HEAD_CHANGED),
        (tampering.change_a_link, What.SEAL_CHANGED),
        (tampering.remove_the_head, What.HEAD_REMOVED),
    ],
)
def test_each_kind_of_tampering_is_called_by_its_name(place, act, what):
    done = act(place, 7, LAST, random.Random(1))

    found = broken(place)

    assert found is not None and (found.what, {found.sequence}) == (what, done.found_at)


@pytest.mark.parametrize("n", [1, 9, 10, 11, LAST])
def test_the_last_link_of_a_run_and_of_all_is_guarded_too(place, n):
    tampering.change_a_link(place, n, LAST, random.Random())

    found = broken(place)

    assert found is not None and (found.what, found.sequence) == (What.SEAL_CHANGED, n)


def test_any_tampering_is_found_and_its_position_named(place):
    dice, missed = random.Random(20251121), []

    for _ in range(TIMES):
        act, n = dice.choice(tampering.KINDS), dice.randint(1, LAST)
        with transaction.atomic():
            done = act(place, n, LAST, dice)
            found = broken(place)
            transaction.set_rollback(True)
        if found is None or found.sequence not in done.found_at:
            missed.append((done, n, found))

    assert missed == []
    assert broken(place) is None


def test_an_older_state_put_back_whole_is_found_by_a_head_noted_elsewhere(place, told):
    before = SealHead.objects.get(organization_id=place.organization_id, environment="sandbox")
    told(6)
    noted = heads.receipt_of(SealHead.objects.get(pk=before.pk))
    tampering.cut_tail(place, LAST + 1, LAST + 6, random.Random())
    tampering.cut_seals(place, LAST + 1)
    tampering.run(
        "UPDATE events_sealhead SET sequence = %(n)s, digest = %(digest)s, mac = %(mac)s"
        " WHERE OF_PLACE", place, n=before.sequence, digest=before.digest, mac=before.mac,
    )  # fmt: skip

    assert broken(place) is None  # It was genuine once: nothing in the database can tell.
    found = broken(place, {noted.sequence: noted})
    assert found is not None and (found.what, found.sequence) == (What.TAIL_CUT, LAST + 1)


def test_all_sealed_anew_as_if_nothing_ever_was_is_found_by_a_head_noted_elsewhere(place):
    noted = heads.receipt_of(
        SealHead.objects.get(organization_id=place.organization_id, environment="sandbox")
    )
    tampering.edit_column(place, 5, "payload")
    tampering.run("DELETE FROM events_seal WHERE OF_PLACE", place)
    tampering.run("DELETE FROM events_sealhead WHERE OF_PLACE", place)

    bare = broken(place, {noted.sequence: noted})
    sealing.seal()
    again = broken(place, {noted.sequence: noted})

    assert bare is not None and bare.what == What.SEAL_REMOVED
    assert again is not None and (again.what, again.sequence) == (What.SEALED_ANEW, LAST)


def test_an_organization_without_even_its_first_event_was_emptied(acme):
    assign_sequences()
    sealing.seal()
    place = verifying.places(acme.id, "live")[0]
    for table in ("events_event", "events_seal", "events_sealhead"):
        tampering.run(f"DELETE FROM {table} WHERE OF_PLACE", place)

    found = broken(place)

    assert found is not None and (found.what, found.sequence) == (What.REMOVED, 1)


def test_what_was_changed_is_not_sealed_over(place, told, caplog):
    tampering.cut_tail_and_head(place, 20, LAST, random.Random())

    told(3)

    head = SealHead.objects.get(organization_id=place.organization_id, environment="sandbox")
    assert head.sequence == 19
    assert "its head was changed" in caplog.text
    found = broken(place)
    assert found is not None and found.what == What.HEAD_CHANGED
