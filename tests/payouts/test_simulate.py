"""The sandbox: the same code as in live, played at once."""

from decimal import Decimal

import pytest

from billing.errors import BillingError
from chainwatch.following import follow
from events.models import Event
from payouts import services, simulation
from payouts.answers import payout_json
from payouts.models import Settlement
from payouts.timeline import timeline
from payouts.verifying import verify
from tests.payouts.making import (
    OTHER_RECIPIENT,
    TRON_RECIPIENT,
    People,
    a_draft,
    event_types,
    make_payout,
    reload,
)
from tests.payouts.replaying import assert_replays
from wallets import services as wallets

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


@pytest.mark.parametrize("chain", ["arbitrum", "base", "tron"])
def test_a_reorganization_is_played_with_its_way_back(sandboxed: People, chain: str) -> None:
    tron = {"recipient_address": TRON_RECIPIENT} if chain == "tron" else {}

    payout = simulation.simulate(
        sandboxed.operator, approved(sandboxed, chain=chain, **tron), "reorg"
    )

    assert payout.status == "settled"
    assert event_types(payout) == [
        *ALL_THE_WAY, "payout.reorged", "payout.verifying", "payout.settled",
    ]  # fmt: skip


@pytest.mark.parametrize("chain", ["arbitrum", "base"])
def test_a_replaced_transaction_is_proposed_accepted_and_settles(
    sandboxed: People, chain: str
) -> None:
    payout = simulation.simulate(sandboxed.operator, approved(sandboxed, chain=chain), "replaced")

    assert event_types(payout) == [
        "payout.created", "payout.approved", "payout.executed", "payout.replacement_found",
        "payout.executed", "payout.verifying", "payout.settled",
    ]  # fmt: skip
    first, second = payout.hashes.order_by("id")
    assert payout.expected_tx_hash == second.tx_hash
    assert payout.proposed_tx_hash is None
    assert second.reason == "proposed by the watcher: same sender and nonce"
    found = Event.objects.get(type="payout.replacement_found").payload["data"]
    assert found["replaced_tx_hash"] == found["expected_tx_hash"] == first.tx_hash
    assert found["proposed_tx_hash"] == second.tx_hash
    assert_replays(payout.id)


def test_on_tron_it_is_signed_again_since_nothing_replaces_it(sandboxed: People) -> None:
    payout_id = approved(sandboxed, chain="tron", recipient_address=TRON_RECIPIENT)

    payout = simulation.simulate(sandboxed.operator, payout_id, "replaced")

    assert event_types(payout) == [
        "payout.created", "payout.approved", "payout.executed", "payout.executed",
        "payout.verifying", "payout.settled",
    ]  # fmt: skip
    _, second = payout.hashes.order_by("id")
    assert payout.expected_tx_hash == second.tx_hash
    assert second.reason == "signed again, the first one expired"
    assert_replays(payout.id)


@pytest.mark.parametrize("chain", ["arbitrum", "base", "tron"])
def test_a_late_one_fails_first_and_is_found_paid(sandboxed: People, chain: str) -> None:
    tron = {"recipient_address": TRON_RECIPIENT} if chain == "tron" else {}

    payout = simulation.simulate(
        sandboxed.operator, approved(sandboxed, chain=chain, **tron), "late"
    )

    assert (payout.status, payout.failure_code) == ("failed", "transaction_not_found")
    assert event_types(payout)[2:] == [
        "payout.executed", "payout.stalled", "payout.failed", "payout.discrepancy",
    ]  # fmt: skip
    assert payout.settlement is not None
    assert payout.settlement.discrepancies == ["late_settlement"]


def test_of_two_equal_logs_one_settles(sandboxed: People) -> None:
    payout = simulation.simulate(sandboxed.operator, approved(sandboxed), "duplicate_log")

    assert event_types(payout) == [*ALL_THE_WAY, "payout.settled"]
    assert Settlement.objects.get().payout_id == payout.id


def test_the_second_of_two_logs_from_an_own_wallet_is_unexpected(sandboxed: People) -> None:
    draft = wallets.NewWallet(chain="arbitrum", address=OTHER_RECIPIENT, is_source=True)
    wallets.create(sandboxed.admin, draft)

    payout = simulation.simulate(sandboxed.operator, approved(sandboxed), "duplicate_log")

    assert Settlement.objects.get(payout=payout).ordinal == 0
    second = Settlement.objects.get(payout=None)
    assert second.suggestion == f"second payment of {payout.id}"
    assert event_types(second.id) == ["settlement.unexpected"]


@pytest.mark.parametrize("outcome", simulation.OUTCOMES)
def test_every_outcome_is_played_from_a_payout_that_is_mined_already(
    sandboxed: People, outcome: str
) -> None:
    payout_id = approved(sandboxed)
    services.execute(sandboxed.operator, payout_id, "invoice 884")
    simulation.advance_blocks(sandboxed.operator, "arbitrum", 1)
    follow("arbitrum", sandboxed.operator.organization_id)
    verify()
    before = event_types(payout_id)
    assert before == ALL_THE_WAY

    simulation.simulate(sandboxed.operator, payout_id, outcome)

    told = event_types(payout_id)
    assert told[len(before)] == "payout.reorged"
    assert told[-1] == {
        "settle": "payout.settled",
        "reorg": "payout.settled",
        "replaced": "payout.settled",
        "duplicate_log": "payout.settled",
        "wrong_amount": "payout.discrepancy",
        "late": "payout.discrepancy",
    }.get(outcome, "payout.failed")
    assert_replays(payout_id)


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


@pytest.mark.parametrize("outcome", ["vanish", "", "settled"])
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


def test_a_hash_named_in_a_sandbox_that_was_moved_ahead_is_not_missed_at_once(
    sandboxed: People,
) -> None:
    payout_id = approved(sandboxed)
    services.execute(sandboxed.operator, approved(sandboxed), "tx_0")
    simulation.advance_blocks(sandboxed.operator, "arbitrum", 5_000)
    follow("arbitrum", sandboxed.operator.organization_id)
    payout = services.execute(sandboxed.operator, payout_id, "tx_1")

    verify()

    assert reload(payout).stalled_at is None
    assert not Event.objects.filter(resource_id=payout_id, type="payout.stalled").exists()
