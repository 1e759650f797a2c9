"""The sandbox: the same code as in live, played at once."""

from decimal import Decimal

import pytest

from billing.errors import BillingError
from chainwatch.following import follow
from payouts import services, simulation
from payouts.answers import payout_json
from payouts.models import Settlement
from payouts.timeline import timeline
from payouts.verifying import verify
from tests.payouts.making import (
    TRON_RECIPIENT,
    People,
    a_draft,
    event_types,
    make_payout,
    reload,
)

ALL_THE_WAY = ["payout.created", "payout.approved", "payout.executed", "payout.verifying"]


def approved(sandboxed: People, **changes: object) -> str:
    draft = a_draft(confirm_duplicate=True, **changes)
    payout = services.create(sandboxed.preparer, draft)
    services.approve(sandboxed.approver, payout.id)
    return payout.id


@pytest.mark.parametrize("chain", ["arbitrum", "base", "tron"])
@pytest.mark.parametrize(
    ("outcome", "status", "code", "last"),
    [
        ("settle", "settled", "", ["payout.settled"]),
        ("revert", "failed", "transaction_reverted", ["payout.failed"]),
        ("wrong_recipient", "failed", "recipient_mismatch", ["payout.failed"]),
        ("wrong_token", "failed", "token_mismatch", ["payout.failed"]),
        ("wrong_amount", "settled", "", ["payout.settled", "payout.discrepancy"]),
    ],
)
def test_an_outcome_is_played_to_its_end_on_every_chain(
    sandboxed: People, chain: str, outcome: str, status: str, code: str, last: list[str]
) -> None:
    tron = {"recipient_address": TRON_RECIPIENT} if chain == "tron" else {}
    payout_id = approved(sandboxed, chain=chain, **tron)

    payout = simulation.simulate(sandboxed.operator, payout_id, outcome)

    assert (payout.status, payout.failure_code) == (status, code)
    assert event_types(payout) == [*ALL_THE_WAY, *last]


def test_not_found_stalls_first_and_then_fails(sandboxed: People) -> None:
    payout = simulation.simulate(sandboxed.operator, approved(sandboxed), "not_found")

    assert (payout.status, payout.failure_code) == ("failed", "transaction_not_found")
    assert event_types(payout)[2:] == ["payout.executed", "payout.stalled", "payout.failed"]


def test_after_a_chain_was_moved_days_ahead_a_new_payout_still_settles(sandboxed: People) -> None:
    simulation.simulate(sandboxed.operator, approved(sandboxed), "not_found")
    payout_id = approved(sandboxed)
    services.execute(sandboxed.operator, payout_id, "any string will do")
    follow("arbitrum", sandboxed.operator.organization_id)
    verify()
    assert services.execute(sandboxed.operator, payout_id, "any string will do").status in (
        "executed", "verifying",
    )  # fmt: skip

    simulation.advance_blocks(sandboxed.operator, "arbitrum", 20)
    follow("arbitrum", sandboxed.operator.organization_id)
    follow("arbitrum", sandboxed.operator.organization_id)
    verify()

    assert Settlement.objects.get(payout_id=payout_id).tx_hash == "any string will do"


def test_the_same_string_settles_one_payout_after_another(sandboxed: People) -> None:
    for _ in range(3):
        payout_id = approved(sandboxed)
        services.execute(sandboxed.operator, payout_id, "tx_1")
        simulation.advance_blocks(sandboxed.operator, "arbitrum", 20)
        for _ in range(2):
            follow("arbitrum", sandboxed.operator.organization_id)
        verify()
        assert Settlement.objects.filter(payout_id=payout_id).count() == 1


def test_a_draft_is_approved_by_who_may(sandboxed: People) -> None:
    payout = services.create(sandboxed.preparer, a_draft())

    assert simulation.simulate(sandboxed.admin, payout.id).status == "settled"


def test_a_payout_that_has_a_hash_ends_as_asked(sandboxed: People) -> None:
    payout_id = approved(sandboxed)
    services.execute(sandboxed.operator, payout_id, "tx_1")

    payout = simulation.simulate(sandboxed.operator, payout_id, "wrong_token")

    assert (payout.status, payout.expected_tx_hash) == ("failed", "tx_1")
    assert payout.failure_code == "token_mismatch"


def test_a_live_payout_is_never_simulated(people: People) -> None:
    payout = make_payout(people, "approved")

    for act in (
        lambda: simulation.simulate(people.operator, payout.id),
        lambda: simulation.advance_blocks(people.operator, "base", 1),
    ):
        with pytest.raises(BillingError) as refused:
            act()
        assert (refused.value.status, refused.value.code) == (400, "sandbox_only")


@pytest.mark.parametrize("outcome", ["reorg", "", "settled"])
def test_an_unknown_outcome_is_refused_in_words(sandboxed: People, outcome: str) -> None:
    with pytest.raises(BillingError) as refused:
        simulation.simulate(sandboxed.operator, approved(sandboxed), outcome)

    assert (refused.value.code, refused.value.param) == ("unknown_outcome", "outcome")
    assert "settle, revert, not_found" in refused.value.message


def test_the_timeline_tells_it_in_sentences(sandboxed: People) -> None:
    payout_id = approved(sandboxed, amount=Decimal("500"))
    payout = simulation.simulate(sandboxed.operator, payout_id, "wrong_amount")

    told = [entry["text"] for entry in timeline(payout)]

    assert told[0] == "Mara created it"
    assert told[1].startswith("Jon approved (digest ")
    assert told[2] == "hash submitted by Otto"
    assert told[3].startswith("in block ")
    # 13, or 14 where the sandbox's clock ticked between two steps.
    assert told[4] in {"settled after 13 confirmations", "settled after 14 confirmations"}
    assert told[5] == "discrepancy: amount; 499.50 USDC arrived (-0.50)"
    assert len(told) == 6


def test_the_timeline_says_how_far_it_is_and_what_comes_next(sandboxed: People) -> None:
    payout_id = approved(sandboxed)
    services.execute(sandboxed.operator, payout_id, "tx_1")
    simulation.advance_blocks(sandboxed.operator, "arbitrum", 4)
    follow("arbitrum", sandboxed.operator.organization_id)
    verify()
    payout = reload(services.execute(sandboxed.operator, payout_id, "tx_1"))

    told = timeline(payout)

    assert payout.status == "verifying"
    have = payout_json(payout)["confirmations"]
    assert told[-2]["text"].endswith(f"· {have} of 12 confirmations, about 2 s left")
    assert told[-1]["text"] == "next: it settles when its block is final"
