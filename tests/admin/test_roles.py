"""Every act × every role, through HTTP: who may, who may not, and what then happened."""

from typing import Any

import pytest

from organizations.models import User
from payouts.models import PayoutIntent
from tests.admin.conftest import Desk
from tests.admin.reading import QUEUE, act_of, page_of
from tests.payouts.making import RECIPIENT, People, make_payout

HASH = "0x" + "ab" * 32
REASON = {"reason": "The invoice was withdrawn."}
NEW = {
    "amount": "12.50",
    "token": "USDC",
    "chain": "base",
    "recipient_address": RECIPIENT,
    "reference_type": "manual",
}

# act, the state it starts from, what is answered, where it leads, and which roles may.
ACTS: list[tuple[str, str, dict[str, Any], str, set[str]]] = [
    ("approve", "draft", {}, "approved", {"approver", "admin", "superuser"}),
    ("reject", "draft", REASON, "draft", {"approver", "admin", "superuser"}),
    (
        "cancel", "draft", REASON, "canceled",
        {"preparer", "approver", "operator", "admin", "superuser"},
    ),
    ("cancel", "approved", REASON, "canceled", {"operator", "admin", "superuser"}),
    ("cancel", "pending_execution", REASON, "canceled", {"operator", "admin", "superuser"}),
    (
        "update", "draft", {"description": "March"}, "draft",
        {"preparer", "approver", "operator", "admin", "superuser"},
    ),
    ("hand_over", "approved", {}, "pending_execution", {"operator", "admin", "superuser"}),
    ("execute", "approved", {"tx_hash": HASH}, "executed", {"operator", "admin", "superuser"}),
    (
        "execute", "pending_execution", {"tx_hash": HASH}, "executed",
        {"operator", "admin", "superuser"},
    ),
    ("take_back", "pending_execution", REASON, "approved", {"operator", "admin", "superuser"}),
    (
        "replace_hash", "executed", {"tx_hash": HASH, **REASON}, "executed",
        {"operator", "admin", "superuser"},
    ),
    ("fail_by_hand", "executed", REASON, "failed", {"operator", "admin", "superuser"}),
]  # fmt: skip
ROLES = ["viewer", "preparer", "approver", "operator", "admin", "superuser"]


@pytest.fixture
def staff(
    people: People, vera: User, mara: User, jon: User, otto: User, ada: User, root: User
) -> dict[str, User]:
    return {
        "viewer": vera, "preparer": mara, "approver": jon, "operator": otto, "admin": ada,
        "superuser": root,
    }  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("act", "start", "answers", "end", "allowed"), ACTS, ids=[f"{a[0]}-{a[1]}" for a in ACTS]
)
def test_an_act_is_done_by_those_who_may_and_by_nobody_else(
    people: People, staff: dict[str, User], desk: Desk,
    act: str, start: str, answers: dict[str, Any], end: str, allowed: set[str], role: str,
) -> None:  # fmt: skip
    payout = make_payout(people, start)

    answer = desk(staff[role]).post(act_of(payout, act), answers)

    payout = PayoutIntent.objects.get(id=payout.id)
    if role in allowed:
        assert answer.status_code == 302, answer.content.decode()
        assert answer["Location"] == page_of(payout)
        assert payout.status == end
    else:
        assert answer.status_code == 403
        assert payout.status == start


@pytest.mark.parametrize("role", ROLES)
def test_a_payout_is_made_by_those_who_may(
    people: People, staff: dict[str, User], desk: Desk, role: str
) -> None:
    answer = desk(staff[role]).post(f"{QUEUE}new/", NEW)

    assert answer.status_code == (403 if role == "viewer" else 302)
    assert PayoutIntent.objects.count() == (0 if role == "viewer" else 1)


@pytest.mark.parametrize("role", ROLES)
def test_everybody_reads_payouts(
    people: People, staff: dict[str, User], desk: Desk, role: str
) -> None:
    payout = make_payout(people, "draft")
    client = desk(staff[role])

    assert client.get(QUEUE).status_code == 200
    assert client.get(page_of(payout)).status_code == 200


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "path",
    [
        "/admin/organizations/apikey/",
        "/admin/organizations/apikey/new/",
        "/admin/organizations/membership/",
        "/admin/organizations/membership/new/",
    ],
)
def test_keys_and_members_are_for_admins(
    staff: dict[str, User], desk: Desk, role: str, path: str
) -> None:
    answer = desk(staff[role]).get(path)

    assert answer.status_code == (200 if role in ("admin", "superuser") else 403)


@pytest.mark.parametrize("role", ROLES)
def test_a_wallet_is_registered_by_operators_and_admins(
    staff: dict[str, User], desk: Desk, role: str
) -> None:
    client = desk(staff[role])

    assert client.get("/admin/wallets/wallet/").status_code == 200
    may = role in ("operator", "admin", "superuser")
    assert client.get("/admin/wallets/wallet/new/").status_code == (200 if may else 403)


def test_a_viewer_sees_no_button_that_acts(people: People, vera: User, desk: Desk) -> None:
    payout = make_payout(people, "draft")
    client = desk(vera)

    queue, page = client.get(QUEUE).content.decode(), client.get(page_of(payout)).content.decode()

    assert 'name="act"' not in queue
    assert "/act/" not in page
    assert "New payout" not in queue
