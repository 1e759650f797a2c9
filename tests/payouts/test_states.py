"""Every state with every act: what it leads to, or the code with which it is refused."""

from collections.abc import Callable

import pytest

from billing.errors import BillingError
from payouts import services
from payouts.models import PayoutIntent, Status
from payouts.states import EDGES
from tests.payouts.making import People, a_hash, event_types, make_payout, reload

Act = Callable[[People, PayoutIntent], object]

ACTS: dict[str, Act] = {
    "update": lambda who, p: services.update(who.preparer, p.id, {"description": "new"}),
    "approve": lambda who, p: services.approve(who.approver, p.id),
    "reject": lambda who, p: services.reject(who.approver, p.id, "wrong invoice"),
    "cancel": lambda who, p: services.cancel(who.preparer, p.id),
    "cancel in the admin": lambda who, p: services.cancel(
        who.admin, p.id, reason="not needed", from_admin=True
    ),
    "hand over": lambda who, p: services.hand_over(who.operator, [p.id]),
    "take back": lambda who, p: services.take_back(who.operator, p.id, "wrong wallet"),
    "execute": lambda who, p: services.execute(who.operator, p.id, a_hash()),
    "replace hash": lambda who, p: services.replace_hash(who.operator, p.id, a_hash(), "dropped"),
    "fail by hand": lambda who, p: services.fail_by_hand(who.operator, p.id, "paid elsewhere"),
}
STATES = (
    "draft", "approved", "pending_execution", "executed", "verifying", "settled", "failed",
    "canceled",
)  # fmt: skip

# Each cell: the state it leads to, or the code of the refusal. Columns as STATES.
TABLE = {
    "update": (
        "draft", "payout_not_draft", "payout_not_draft", "payout_not_draft", "payout_not_draft",
        "payout_not_draft", "payout_not_draft", "payout_not_draft",
    ),
    "approve": (
        "approved", "payout_not_draft", "payout_not_draft", "payout_not_draft", "payout_not_draft",
        "payout_not_draft", "payout_not_draft", "payout_not_draft",
    ),
    "reject": (
        "draft", "payout_not_draft", "payout_not_draft", "payout_not_draft", "payout_not_draft",
        "payout_not_draft", "payout_not_draft", "payout_not_draft",
    ),
    "cancel": (
        "canceled", "payout_not_draft", "payout_not_draft", "payout_not_draft", "payout_not_draft",
        "payout_not_draft", "payout_not_draft", "payout_not_draft",
    ),
    "cancel in the admin": (
        "canceled", "canceled", "canceled", "payout_not_draft", "payout_not_draft",
        "payout_not_draft", "payout_not_draft", "payout_not_draft",
    ),
    "hand over": (
        "payout_not_approved", "pending_execution", "payout_not_approved", "payout_not_approved",
        "payout_not_approved", "payout_not_approved", "payout_not_approved", "payout_not_approved",
    ),
    "take back": (
        "payout_not_pending_execution", "payout_not_pending_execution", "approved",
        "payout_not_pending_execution", "payout_not_pending_execution",
        "payout_not_pending_execution", "payout_not_pending_execution",
        "payout_not_pending_execution",
    ),
    "execute": (
        "payout_not_executable", "executed", "executed", "payout_not_executable",
        "payout_not_executable", "payout_not_executable", "payout_not_executable",
        "payout_not_executable",
    ),
    "replace hash": (
        "payout_not_executed", "payout_not_executed", "payout_not_executed", "executed",
        "executed", "payout_not_executed", "payout_not_executed", "payout_not_executed",
    ),
    "fail by hand": (
        "payout_not_executed", "payout_not_executed", "payout_not_executed", "failed", "failed",
        "payout_not_executed", "payout_not_executed", "payout_not_executed",
    ),
}  # fmt: skip
CELLS = [
    (act, state, expected)
    for act, row in TABLE.items()
    for state, expected in zip(STATES, row, strict=True)
]


@pytest.mark.parametrize(("act", "state", "expected"), CELLS)
def test_an_act_leads_where_the_table_says_or_is_refused(
    people: People, act: str, state: str, expected: str
) -> None:
    payout = make_payout(people, state)
    before = PayoutIntent.objects.filter(id=payout.id).values().get()
    told = event_types(payout)

    if expected in STATES:
        ACTS[act](people, payout)

        assert reload(payout).status == expected
        assert len(event_types(payout)) == len(told) + 1
        return
    with pytest.raises(BillingError) as refused:
        ACTS[act](people, payout)

    error = refused.value
    assert (error.code, error.status, error.type) == (expected, 400, "invalid_request")
    assert PayoutIntent.objects.filter(id=payout.id).values().get() == before
    assert event_types(payout) == told


@pytest.mark.parametrize("state", STATES)
def test_a_stranger_sees_no_payout_in_any_state(
    people: People, strangers: People, state: str
) -> None:
    payout = make_payout(people, state)

    for act in ACTS.values():
        with pytest.raises(BillingError) as refused:
            act(strangers, payout)
        assert (refused.value.status, refused.value.code) == (404, "payout_not_found")


def test_the_other_environment_sees_no_payout(people: People, sandboxed: People) -> None:
    payout = make_payout(people, "draft")

    for act in ACTS.values():
        with pytest.raises(BillingError) as refused:
            act(sandboxed, payout)
        assert (refused.value.status, refused.value.code) == (404, "payout_not_found")


def test_the_edges_are_those_of_the_model(db: None) -> None:
    found = set()
    for transition in PayoutIntent(organization_id="org_x").get_all_status_transitions():
        found.add((Status(transition.source), Status(transition.target)))

    assert {edge for edge in found if edge[0] != edge[1]} == EDGES
