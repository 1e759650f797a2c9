"""What a registered source wallet sends beside a payout, in the same simulated transaction."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chainwatch import following, sandbox
from payouts import services as payouts
from payouts import verifying
from payouts.models import PayoutIntent, Settlement
from payouts.sandboxing import fitting_transfer
from reconciliation import services
from tests.payouts.api.conftest import TX_HASH, a_body
from wallets.models import Wallet
from wallets.services import NewWallet
from wallets.services import create as create_wallet

SOURCE = "0x2c1Ba59D6F58433FB1EaEe7d20b26Ed83bDA51A3"
OWN = "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"
OTHER = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"
HOUR = 3_700  # blocks of a second


@pytest.fixture
def pay(acme, api):
    """`pay(extra, …)`: settle one payout in a transaction that makes these transfers too."""
    caller = api(acme).caller
    create_wallet(caller, NewWallet("base", SOURCE, "Hot", is_source=True))

    def make(*extra, amount_atomic=500_000_000):
        body = api(acme).post("/v1/payouts", a_body()).json()
        payouts.approve(caller, body["id"])
        payout = PayoutIntent.objects.get()
        payouts.execute(caller, payout.id, TX_HASH, mines_itself=False)
        fitting = fitting_transfer(payout)
        contract = fitting.contract
        planned = [
            sandbox.PlannedTransfer(contract, sender, to, atomic) for sender, to, atomic in extra
        ]
        paid = sandbox.PlannedTransfer(contract, SOURCE, fitting.to_address, amount_atomic)
        place = (payout.scope, "base", TX_HASH, payout.watch_key)
        sandbox.broadcast(*place, transfers=[paid, *planned], at=timezone.now())
        advance(payout, 20)
        payout.refresh_from_db()
        assert payout.status == "settled"
        return payout

    return make


def advance(payout, blocks):
    sandbox.advance(payout.scope, "base", blocks)
    following.follow("base", payout.scope)
    verifying.verify()


def run(acme):
    return services.run(acme.id, "sandbox")[0]


def test_money_to_somebody_else_is_unexpected_after_an_hour(acme, pay, events_of):
    payout = pay((SOURCE, OTHER, 7_000_000))

    assert run(acme).unexpected_count == 0
    advance(payout, HOUR)
    # The head has moved; the chain's own time is what the hour is counted by.
    _read_head(payout)
    row = run(acme)

    stray = Settlement.objects.get(payout=None)
    assert (row.unexpected_count, row.found_count, row.is_clean) == (1, 1, False)
    assert (stray.from_address, stray.to_address, stray.amount_atomic) == (SOURCE, OTHER, 7_000_000)
    assert (stray.ordinal, stray.suggestion, stray.token) == (1, "never seen before", "USDC")
    assert events_of(stray) == ["settlement.unexpected"]
    assert run(acme).found_count == 0


def test_money_to_an_own_wallet_is_internal_and_clean(acme, api, pay, events_of):
    create_wallet(api(acme).caller, NewWallet("base", OWN, "Treasury"))
    payout = pay((SOURCE, OWN, 7_000_000))
    advance(payout, HOUR)
    _read_head(payout)

    row = run(acme)

    stray = Settlement.objects.get(payout=None)
    assert (stray.resolution, stray.resolved_at is not None) == ("internal", True)
    assert (row.unexpected_count, row.is_clean) == (0, True)
    assert events_of(stray) == []


def test_a_fee_that_completes_the_payment_belongs_to_its_discrepancy(acme, pay):
    payout = pay((SOURCE, OTHER, 500_000), amount_atomic=499_500_000)
    advance(payout, HOUR)
    _read_head(payout)

    row = run(acme)

    assert (row.unexpected_count, row.discrepancies_count) == (0, 1)


def test_what_strangers_move_in_the_same_transaction_is_their_affair(acme, pay):
    payout = pay((OTHER, OWN, 7_000_000))
    advance(payout, HOUR)
    _read_head(payout)

    assert run(acme).unexpected_count == 0
    assert not Settlement.objects.filter(payout=None).exists()


def test_what_a_wallet_sent_before_it_was_registered_is_history(acme, pay):
    payout = pay((SOURCE, OTHER, 7_000_000))
    Wallet.objects.update(source_since=timezone.now() + timedelta(days=1))
    advance(payout, HOUR)
    _read_head(payout)

    assert run(acme).unexpected_count == 0
    assert not Settlement.objects.filter(payout=None).exists()


def _read_head(payout):
    """Tell chainwatch where the simulated chain is now: with nothing in flight nobody asks."""
    from chainwatch.models import ChainHead

    at = timezone.now() + timedelta(seconds=HOUR)
    ChainHead.objects.filter(chain="base", scope=payout.scope).update(block_time=at)
