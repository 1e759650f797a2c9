import io
import json
from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.utils import timezone

from organizations.models import ApiKey, Membership, Organization


def run(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def refused(capsys, *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        call_command(*words)
    assert ended.value.code == 2
    told: str = capsys.readouterr().err
    return told


def test_create_organization_prints_the_id(db):
    printed = run("create_organization", "Acme GmbH", "--keys-may-self-approve")

    organization = Organization.objects.get()
    assert printed == f"{organization.id}\n"
    assert organization.name == "Acme GmbH"
    assert organization.plan == "enterprise"
    assert organization.keys_may_self_approve


def test_create_organization_takes_a_plan(db):
    printed = json.loads(run("create_organization", "Acme", "--plan", "growth", "--json"))

    assert printed == {"id": Organization.objects.get().id, "name": "Acme", "plan": "growth"}


def test_create_api_key_prints_the_key_alone(acme):
    printed = run("create_api_key", acme.id, "--environment", "live")

    key = ApiKey.objects.get()
    assert len(printed) == len("sk_live_") + 32 + 1
    assert printed.startswith("sk_live_")
    assert printed.endswith(f"{key.last_four}\n")
    assert "payouts:approve" not in key.scopes


def test_create_api_key_takes_scopes_and_an_expiry(acme):
    run(
        "create_api_key", acme.id, "--environment", "live", "--scopes",
        "payouts:read,payouts:approve", "--expires-in-days", "30",
    )  # fmt: skip

    key = ApiKey.objects.get()
    assert key.scopes == ["payouts:approve", "payouts:read"]
    assert key.expires_at is not None
    assert timedelta(days=29) < key.expires_at - timezone.now() <= timedelta(days=30)


def test_all_scopes_can_be_asked_for_in_live(acme):
    run("create_api_key", acme.id, "--environment", "live", "--scopes", "all")

    assert "payouts:approve" in ApiKey.objects.get().scopes


def test_create_api_key_names_the_key_for_machines(acme):
    printed = json.loads(run("create_api_key", acme.id, "--environment", "sandbox", "--json"))

    assert printed["id"] == ApiKey.objects.get().id
    assert printed["key"].startswith("sk_test_")


@pytest.mark.parametrize(
    "words",
    [
        ("org_unknown", "--environment", "live"),
        ("Acme GmbH", "--environment", "live", "--scopes", "payouts:all"),
        ("Acme GmbH", "--environment", "live", "--expires-in-days", "0"),
    ],
)
def test_a_key_that_cannot_be_made_ends_with_status_2(acme, capsys, words):
    assert "error: " in refused(capsys, "create_api_key", *words)
    assert ApiKey.objects.count() == 0


def test_revoke_api_key_revokes(acme):
    run("create_api_key", "Acme GmbH", "--environment", "sandbox")
    key = ApiKey.objects.get()

    run("revoke_api_key", key.id)

    key.refresh_from_db()
    assert key.revoked_at is not None


def test_revoking_an_unknown_key_ends_with_status_2(db, capsys):
    assert "key_unknown" in refused(capsys, "revoke_api_key", "key_unknown")


def test_create_staff_reads_the_password_from_stdin(acme, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery staple\n"))

    run(
        "create_staff", "Mara@Example.com", "--organization", acme.id, "--role", "preparer",
        "--password-stdin",
    )  # fmt: skip

    person = authenticate(username="mara@example.com", password="correct horse battery staple")
    assert person is not None and person.is_staff
    assert Membership.objects.get(user=person).role == "preparer"


@pytest.mark.parametrize("password", ["short", "123456789012345"])
def test_a_weak_password_is_refused(acme, monkeypatch, capsys, password):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))

    words = ("create_staff", "m@example.com", "--organization", acme.id, "--role", "admin")

    assert "error: " in refused(capsys, *words, "--password-stdin")
    assert Membership.objects.count() == 0


def test_create_staff_refuses_what_is_no_address(acme, capsys):
    words = ("create_staff", "mara", "--organization", acme.id, "--role", "admin")

    assert "No e-mail address" in refused(capsys, *words)
