"""A person says which transfer pays a payout."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from billing.errors import BillingError, InsufficientScope, NotFound
from chainwatch.models import Transfer
from events.models import Event
from payouts import services
from payouts.errors import ReasonMissing
from payouts.models import PayoutIntent, Settlement
from payouts.timeline import timeline
from payouts.verifying import verify
from reconciliation import services as books
from tests.payouts.making import (
    OTHER_RECIPIENT,
    TREASURY,
    USDT,
    People,
    event_types,
    executed,
    make_payout,
    moved,
    orphaned,
    reload,
)
from tests.payouts.outgoing import a_source, approved, found, left
from tests.payouts.replaying import assert_replays
from wallets import services as wallets
from wallets.models import Wallet

WHY = "the treasurer sent it by hand"


def unexpected(people: People, *logs: dict[str, Any], **how: Any) -> Settlement:
    """Money that left, and that no rule could give to a payout."""
    if not Wallet.objects.filter(organization_id=people.admin.organization_id).exists():
        a_source(people)
    left(*logs, **how)
    found()
    return Settlement.objects.filter(payout=None).latest("created_at")


def matched(people: People, payout: PayoutIntent, settlement: Settlement) -> PayoutIntent:
    return services.match_by_hand(
        people.operator, payout.id, settlement_id=settlement.id, reason=WHY
    )


def refusal(people: People, payout: PayoutIntent, **chosen: str) -> str:
    with pytest.raises(BillingError) as refused:
        services.match_by_hand(people.operator, payout.id, reason=WHY, **chosen)
    return refused.value.code


@pytest.mark.parametrize("status", ["approved", "pending_execution"])
def test_a_payout_that_waits_is_executed_verified_and_settled(people: People, status: str) -> None:
    payout, _ = make_payout(people, status), approved(people)
    settlement = unexpected(people)

    matched(people, payout, settlement)

    payout = reload(payout)
    assert (payout.status, payout.settlement_id) == ("settled", settlement.id)
    assert payout.expected_tx_hash == settlement.tx_hash
    assert event_types(payout)[-3:] == ["payout.executed", "payout.verifying", "payout.settled"]
    assert event_types(settlement.id) == ["settlement.unexpected", "settlement.matched"]
    assert_replays(payout.id)


def test_who_matched_it_and_why_is_kept(people: People) -> None:
    payout = approved(people)
    settlement = unexpected(people, moved(499_000_000))

    matched(people, payout, settlement)

    told = Event.objects.filter(resource_id=payout.id, type="payout.executed").get()
    assert told.payload["data"]["matched_by_hand"] is True
    assert told.payload["data"]["reason"] == WHY
    assert payout.hashes.get().submitted_by_name == "Otto"
    says = [line["text"] for line in timeline(reload(payout)) if line["type"] == "payout.executed"]
    assert says == [f"Otto matched it by hand with a transfer from the wallet: {WHY}"]


def test_another_amount_is_a_discrepancy(people: People) -> None:
    payout = approved(people)
    settlement = unexpected(people, moved(499_000_000))

    matched(people, payout, settlement)

    assert reload(payout).status == "settled"
    settlement.refresh_from_db()
    assert (settlement.discrepancies, settlement.resolved_at) == (["amount"], None)
    assert "payout.discrepancy" in event_types(payout)


def test_a_transfer_that_nobody_noted_can_be_chosen_by_its_id(people: People) -> None:
    a_source(people)
    payout, _ = approved(people), approved(people)
    tx_hash = left()

    transfer = Transfer.objects.get()
    services.match_by_hand(people.operator, payout.id, transfer_id=transfer.id, reason=WHY)

    settlement = Settlement.objects.get()
    assert (settlement.payout_id, settlement.tx_hash) == (payout.id, tx_hash)
    assert settlement.evidence["submitted"]["reason"] == WHY
    assert settlement.evidence["checks"]["amount"]["passed"] is True


def test_a_later_run_does_not_undo_it(people: People) -> None:
    one, two = approved(people), approved(people)
    settlement = unexpected(people)
    matched(people, two, settlement)
    before = (reload(one).status, reload(two).settlement_id)

    verify()
    found()
    books.run(people.admin.organization_id, "live")

    assert (reload(one).status, reload(two).settlement_id) == before
    assert Settlement.objects.count() == 1


def test_one_that_waits_for_a_choice_is_settled_with_what_was_chosen(people: People) -> None:
    payout = executed(people)
    assert payout.expected_tx_hash is not None
    from tests.payouts.making import mined

    mined(payout.expected_tx_hash, moved(499_000_000), moved(498_000_000))
    verify()
    assert reload(payout).attention == "choose_transfer"
    second = Transfer.objects.get(ordinal=1)

    services.match_by_hand(people.operator, payout.id, transfer_id=second.id, reason=WHY)

    payout = reload(payout)
    assert (payout.status, payout.attention) == ("settled", "")
    assert payout.settlement is not None
    assert payout.settlement.ordinal == 1
    assert_replays(payout.id)


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_one_that_ended_stays_so_and_is_paid_late(people: People, status: str) -> None:
    payout = make_payout(people, status)
    settlement = unexpected(people)

    matched(people, payout, settlement)

    payout = reload(payout)
    assert (payout.status, payout.settlement_id) == (status, settlement.id)
    settlement.refresh_from_db()
    assert "late_settlement" in settlement.discrepancies
    assert event_types(payout)[-1] == "payout.discrepancy"
    assert refusal(people, payout, settlement_id=settlement.id) == "payout_not_matchable"


def test_a_late_one_stops_its_approved_retry(people: People) -> None:
    payout = make_payout(people, "failed")
    PayoutIntent.objects.filter(id=payout.id)
    settlement = unexpected(people)
    retry = services.create(people.preparer, a_retry_of(payout))
    services.approve(people.approver, retry.id, override_reason="known")

    matched(people, payout, settlement)

    assert reload(retry).status == "draft"


def a_retry_of(payout: PayoutIntent) -> services.NewPayout:
    from tests.payouts.making import a_draft

    return a_draft(retry_of=payout.id, confirm_duplicate=True)


def test_a_draft_must_be_approved_first(people: People) -> None:
    payout = make_payout(people, "draft")
    settlement = unexpected(people)

    assert refusal(people, payout, settlement_id=settlement.id) == "payout_not_approved"
    assert reload(payout).status == "draft"


@pytest.mark.parametrize("status", ["executed", "verifying", "settled"])
def test_one_with_a_hash_that_waits_for_nobody_is_refused(people: People, status: str) -> None:
    payout = make_payout(people, status)
    settlement = unexpected(people, moved(7))

    assert refusal(people, payout, settlement_id=settlement.id) == "payout_not_matchable"


@pytest.mark.parametrize(
    "log",
    [{"contract": USDT}, {"to": OTHER_RECIPIENT}],
    ids=["token", "recipient"],
)
def test_other_money_is_refused(people: People, log: dict[str, Any]) -> None:
    payout = approved(people)
    settlement = unexpected(people, moved(**log))

    assert refusal(people, payout, settlement_id=settlement.id) == "transfer_does_not_fit"
    assert reload(payout).status == "approved"


def test_money_on_another_chain_is_refused(people: People) -> None:
    payout = approved(people)
    a_source(people, chain="base")
    settlement = unexpected(
        people, moved(contract="0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"), chain="base"
    )
    assert settlement.suggestion == f"fits approved {payout.id} on Arbitrum One"

    assert refusal(people, payout, settlement_id=settlement.id) == "transfer_does_not_fit"


def test_money_older_than_the_payout_is_refused(people: People) -> None:
    a_source(people)
    Wallet.objects.update(source_since=timezone.now() - timedelta(days=1))
    settlement = unexpected(people, block_time=timezone.now() - timedelta(minutes=11))
    payout = services.create(people.preparer, a_plain_draft())
    services.approve(people.approver, payout.id, override_reason="known")

    assert refusal(people, payout, settlement_id=settlement.id) == "transfer_does_not_fit"


def a_plain_draft() -> services.NewPayout:
    from tests.payouts.making import a_draft

    return a_draft(confirm_duplicate=True)


def test_a_claimed_transfer_is_refused(people: People) -> None:
    one, two = approved(people), approved(people)
    settlement = unexpected(people)
    matched(people, one, settlement)

    assert refusal(people, two, settlement_id=settlement.id) == "transfer_claimed"
    transfer = settlement.transfer_id
    assert refusal(people, two, transfer_id=transfer) == "transfer_claimed"
    assert reload(two).status == "approved"


def test_a_resolved_one_is_refused(people: People) -> None:
    payout, _ = approved(people), approved(people)
    settlement = unexpected(people)
    books.resolve(people.operator, settlement.id, "refund", "came back")

    assert refusal(people, payout, settlement_id=settlement.id) == "settlement_not_open"


def test_what_is_not_final_or_left_the_chain_is_refused(people: People) -> None:
    a_source(people)
    payout = approved(people)
    tx_hash = left(is_final=False)
    transfer = Transfer.objects.get()
    assert refusal(people, payout, transfer_id=transfer.id) == "transfer_not_final"
    orphaned(tx_hash)

    assert refusal(people, payout, transfer_id=transfer.id) == "transfer_not_final"


def test_what_a_stranger_sent_is_not_found(people: People) -> None:
    a_source(people)
    payout = approved(people)
    left(moved(sender=OTHER_RECIPIENT))

    assert refusal(people, payout, transfer_id=Transfer.objects.get().id) == "transfer_not_found"


def test_without_a_source_only_what_was_named_is_ours(people: People) -> None:
    payout = approved(people)
    left()

    assert refusal(people, payout, transfer_id=Transfer.objects.get().id) == "transfer_not_found"


def test_another_organization_s_settlement_and_payout_are_not_found(
    people: People, strangers: People
) -> None:
    payout = approved(people)
    a_source(strangers, OTHER_RECIPIENT)
    theirs = unexpected(strangers, moved(sender=OTHER_RECIPIENT))
    ours = unexpected(people, moved(7))

    assert refusal(people, payout, settlement_id=theirs.id) == "settlement_not_found"
    with pytest.raises(NotFound):
        services.match_by_hand(strangers.admin, payout.id, settlement_id=ours.id, reason=WHY)


def test_it_needs_the_right_and_a_reason(people: People) -> None:
    payout, _ = approved(people), approved(people)
    settlement = unexpected(people)

    with pytest.raises(InsufficientScope):
        services.match_by_hand(people.preparer, payout.id, settlement_id=settlement.id, reason=WHY)
    with pytest.raises(ReasonMissing):
        services.match_by_hand(people.operator, payout.id, settlement_id=settlement.id, reason=" ")
    assert reload(payout).status == "approved"


def test_money_of_the_sandbox_without_a_key_can_be_matched(sandboxed: People) -> None:
    from chainwatch import following, sandbox

    wallets.create(
        sandboxed.admin,
        wallets.NewWallet(chain="arbitrum", address=TREASURY, name="Hot", is_source=True),
    )
    payout = make_payout(sandboxed, "approved", amount=Decimal(500))
    scope = sandboxed.admin.organization_id
    log = moved()
    sent = sandbox.PlannedTransfer(**log)
    sandbox.broadcast(scope, "arbitrum", "0xabc", "", transfers=[sent], at=timezone.now())
    sandbox.advance(scope, "arbitrum", 1)
    following.follow("arbitrum", scope)
    sandbox.advance(scope, "arbitrum", 40)
    following.follow("arbitrum", scope)
    assert found() == (0, 1, 0, 0)
    settlement = Settlement.objects.get()
    assert settlement.suggestion == f"fits approved {payout.id} that has no hash yet"

    matched(sandboxed, payout, settlement)
    verify()

    assert reload(payout).status == "settled"
    assert Settlement.objects.count() == 1
