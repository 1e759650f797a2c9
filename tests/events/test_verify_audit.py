"""manage.py verify_audit: what it says, how it ends, and the heads that are kept elsewhere."""

import io
import json
import os
import random
from datetime import timedelta

import pytest
from django.core.management import call_command

from events import chain, heads, sealing, tasks
from events.models import SealHead
from tests.events import tampering


def run(*arguments):
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("verify_audit", *arguments, stdout=out, stderr=err)
        status = 0
    except SystemExit as end:
        status = int(str(end.code))
    return status, out.getvalue(), err.getvalue()


def report_of(text, place):
    return next(
        one
        for one in json.loads(text)["reports"]
        if (one["organization_id"], one["environment"]) == place.key
    )


def test_a_whole_chain_ends_with_zero_and_says_how_much_it_is(told):
    place = told(3)

    status, out, err = run("--json")

    assert status == 0
    assert json.loads(out)["is_whole"] is True
    report = report_of(out, place)
    assert (report["sealed"], report["unsealed"], report["first_broken"]) == (3, 0, None)
    assert report["digest"] == SealHead.objects.get(environment="sandbox").digest
    assert place.organization_id in err
    assert f"{place.organization_id} sandbox  whole  3 events sealed since 20" in run()[1]


def test_a_broken_chain_ends_with_one_and_names_the_event(told):
    place = told(5)
    tampering.edit_column(place, 4, "actor_name")

    status, out, _ = run("--json")

    assert status == 1
    broken = report_of(out, place)["first_broken"]
    assert (broken["what"], broken["sequence"]) == ("edited", 4)
    assert broken["event_id"].startswith("evt_")
    assert run()[1].splitlines()[1] == (
        f"{place.organization_id} sandbox  BROKEN  edited at 4 ({broken['event_id']}): "
        "it says something else than was sealed"
    )
    # Elsewhere all is well.
    assert run("--environment", "live")[0] == 0


def test_it_can_be_asked_for_one_organization_by_id_or_name(told, acme, zenith):
    place = told(2)
    tampering.remove(place, 1, 2, random.Random())

    assert run("--organization", zenith.id)[0] == 0
    assert run("--organization", "Acme GmbH")[0] == 1
    status, _, err = run("--organization", "Nobody")
    assert status == 2 and "No organization is called Nobody" in err


def test_events_that_nobody_seals_are_told_after_a_while(told, monkeypatch):
    told(2, is_sealed=False)

    assert run()[0] == 0

    monkeypatch.setattr("events.verifying.UNSEALED_MOST", timedelta(0))
    status, out, _ = run()
    assert status == 1 and "BROKEN  not sealed at 1" in out and "tick --only seal" in out


def test_heads_are_noted_outside_the_database_each_once(told, head_file):
    place = told(3)

    assert tasks.tell_heads() == 2  # live and sandbox
    assert tasks.tell_heads() == 0
    told(1)
    assert tasks.tell_heads() == 1

    lines = [json.loads(line) for line in head_file.read_text().splitlines()]
    noted = [line["sequence"] for line in lines if line["environment"] == "sandbox"]
    assert noted == [3, 4]
    assert lines[-1]["digest"] == SealHead.objects.get(environment="sandbox").digest
    assert os.stat(head_file).st_mode & 0o777 == 0o600
    assert report_of(run("--json")[1], place)["receipts"] == 2


def test_a_head_that_cannot_be_noted_stays_due(told, head_file, settings):
    told(1)
    head_file.mkdir()

    with pytest.raises(OSError, match="audit-heads"):
        heads.tell()
    settings.AUDIT_HEAD_FILE = head_file / "heads"

    assert heads.tell() == 2


def test_heads_that_were_printed_are_read_again_and_find_a_tail_that_was_cut(told, tmp_path):
    place = told(5)
    (tmp_path / "kept").write_text(run("--print-head")[1])
    before = SealHead.objects.get(environment="sandbox")
    assert run("--from-head", str(tmp_path / "kept"))[0] == 0

    tampering.cut_tail(place, 3, 5, random.Random())
    tampering.run("DELETE FROM events_seal WHERE OF_PLACE", place)
    tampering.run("DELETE FROM events_sealhead WHERE OF_PLACE", place)
    sealing.seal()

    assert run()[0] == 0  # as if only two had ever been
    status, out, _ = run("--from-head", str(tmp_path / "kept"))
    assert status == 1
    assert f"tail cut at 3: event 5 was sealed by {heads.receipt_of(before).sealed_at}" in out


def test_the_file_under_the_data_directory_is_always_compared(told, head_file):
    place = told(5)
    tasks.tell_heads()
    tampering.run("DELETE FROM events_event WHERE OF_PLACE", place)
    tampering.run("DELETE FROM events_seal WHERE OF_PLACE", place)
    tampering.run("DELETE FROM events_sealhead WHERE OF_PLACE", place)

    status, out, _ = run()

    assert status == 1
    assert "sandbox  BROKEN  seal removed at 1: 5 events were sealed" in out


def test_an_organization_of_which_heads_are_noted_may_not_be_gone(told, tmp_path):
    told(1)
    noted = run("--print-head")[1].replace(SealHead.objects.all()[0].organization_id, "org_gone")
    (tmp_path / "kept").write_text(noted)

    status, out, _ = run("--from-head", str(tmp_path / "kept"))

    assert status == 1 and "org_gone  BROKEN  heads were noted of it, and it is gone" in out


@pytest.mark.parametrize(
    "text", ["{}", "x", '{"sequence": 1}', "[1]", '{"organization_id": "o", "environment": "live",'
             ' "sequence": 1, "digest": "zz", "sealed_at": "", "begun_at": ""}'],
)  # fmt: skip
def test_a_file_that_holds_no_heads_cannot_be_used(told, tmp_path, text):
    told(1)
    (tmp_path / "kept").write_text(f"\n{text}\n")

    status, _, err = run("--from-head", str(tmp_path / "kept"))

    assert status == 2 and "line 2, is no head of the audit trail" in err
    assert run("--from-head", str(tmp_path / "none"))[0] == 2


def test_after_another_secret_key_heads_are_signed_anew_once_their_chain_holds(
    told, settings, caplog
):
    told(3)
    settings.SECRET_KEY = "another key of thirty-two characters or more"

    told(2)
    assert "SECRET_KEY is another than before: run verify_audit --sign-anew" in caplog.text
    status, out, _ = run()
    assert status == 1 and "head signed with another key at 3" in out

    status, _, err = run("--sign-anew")
    assert status == 0 and "signed with the new key" in err
    assert sealing.seal() == 2
    assert run()[0] == 0


def test_a_chain_that_does_not_hold_is_not_signed_anew(told, settings):
    place = told(3)
    settings.SECRET_KEY = "another key of thirty-two characters or more"
    tampering.edit_column(place, 2, "payload")

    status, out, _ = run("--sign-anew", "--environment", "sandbox")

    assert status == 1 and "edited at 2" in out
    head = SealHead.objects.get(environment="sandbox")
    assert not chain.is_signed(head)
