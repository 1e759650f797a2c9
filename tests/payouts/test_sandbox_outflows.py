"""Money that leaves a source wallet on the simulated chain, found by the real scan."""

from decimal import Decimal

from django.utils import timezone

from chainwatch import sandbox
from chainwatch.following import follow
from payouts.models import PayoutIntent, Settlement
from payouts.sandboxing import fitting_transfer
from payouts.verifying import verify
from tests.payouts.making import TREASURY, People, event_types, make_payout, moved, reload
from tests.payouts.outgoing import a_source, found


def sent(people: People, key: str, *logs: dict[str, object]) -> None:
    """Put a transaction on the simulated chain, and bury it until it is final."""
    scope = people.admin.organization_id
    transfers = [sandbox.PlannedTransfer(**log) for log in logs]  # type: ignore[arg-type]  # moved
    sandbox.broadcast(scope, "arbitrum", "0xabc", key, transfers=transfers, at=timezone.now())
    for blocks in (1, 40):
        sandbox.advance(scope, "arbitrum", blocks)
        follow("arbitrum", scope)


def a_payout(people: People) -> PayoutIntent:
    return make_payout(people, "approved", amount=Decimal(500))


def test_a_payout_is_found_paid_though_nobody_named_the_hash(sandboxed: People) -> None:
    a_source(sandboxed)
    payout = a_payout(sandboxed)
    plan = fitting_transfer(payout)
    assert plan.from_address == TREASURY
    sent(sandboxed, payout.id, moved())

    assert verify().looked_at == 0
    assert found() == (1, 0, 0, 0)

    payout = reload(payout)
    assert (payout.status, payout.expected_tx_hash) == ("settled", "0xabc")
    assert event_types(payout)[-3:] == ["payout.executed", "payout.verifying", "payout.settled"]


def test_money_that_is_nobody_s_on_the_simulated_chain_is_unexpected(sandboxed: People) -> None:
    a_source(sandboxed)
    payout = a_payout(sandboxed)
    sent(sandboxed, "", moved())

    assert found() == (0, 1, 0, 0)

    stray = Settlement.objects.get()
    assert stray.suggestion == f"fits approved {payout.id} that has no hash yet"
    assert reload(payout).status == "approved"


def test_money_that_was_keyed_for_one_payout_never_pays_another(sandboxed: People) -> None:
    a_source(sandboxed)
    payout, canceled = a_payout(sandboxed), make_payout(sandboxed, "canceled")
    sent(sandboxed, canceled.id, moved())

    assert found() == (0, 1, 0, 0)
    assert reload(payout).status == "approved"
