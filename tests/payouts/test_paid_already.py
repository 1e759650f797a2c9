"""Money that has left and fits a payout stops it from being paid once more."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from billing.errors import BillingError
from payouts import services
from payouts.models import PayoutIntent
from payouts.paid_already import paid_already
from tests.payouts.making import (
    OTHER_RECIPIENT,
    USDT,
    People,
    make_payout,
    moved,
    orphaned,
    reload,
)
from tests.payouts.outgoing import a_source, approved, found, left
from wallets import services as wallets


@pytest.mark.parametrize("is_final", [True, False])
def test_money_that_nobody_named_stops_the_approval(people: People, is_final: bool) -> None:
    a_source(people)
    payout = make_payout(people, "draft")
    tx_hash = left(is_final=is_final)

    with pytest.raises(BillingError, match="may be paid already") as refused:
        services.approve(people.approver, payout.id)

    assert refused.value.code == "possibly_already_paid"
    assert f"transaction {tx_hash} left your wallet, pays exactly this" in refused.value.message
    services.approve(people.approver, payout.id, override_reason="another invoice")
    assert reload(payout).status == "approved"


def test_once_it_is_noted_the_settlement_is_named(people: People) -> None:
    a_source(people)
    payout = make_payout(people, "draft")
    left()
    found()

    says = paid_already(payout)

    assert says is not None
    assert says.endswith("is unexpected and pays exactly this")


def test_it_stops_the_hand_over(people: People) -> None:
    a_source(people)
    payout = approved(people)
    left(is_final=False)

    with pytest.raises(BillingError) as refused:
        services.hand_over(people.operator, [payout.id])

    assert refused.value.code == "possibly_already_paid"
    assert reload(payout).status == "approved"


def test_it_keeps_the_approval_from_lapsing(people: People) -> None:
    a_source(people)
    paid, unpaid = approved(people), approved(people, amount=Decimal(7))
    left(is_final=False)

    services.lapse(at=timezone.now() + timedelta(days=8))

    assert (reload(paid).status, reload(unpaid).status) == ("approved", "draft")


@pytest.mark.parametrize(
    "log",
    [
        moved(499_999_999),
        moved(to=OTHER_RECIPIENT),
        moved(contract=USDT),
        moved(sender=OTHER_RECIPIENT),
    ],
    ids=["amount", "recipient", "token", "stranger"],
)
def test_other_money_stops_nothing(people: People, log: dict[str, object]) -> None:
    a_source(people)
    payout = make_payout(people, "draft")
    left(log)

    assert paid_already(payout) is None


def test_older_money_and_money_that_left_the_chain_stop_nothing(people: People) -> None:
    a_source(people)
    payout = make_payout(people, "draft")
    orphaned(left())
    left(block=1_001, block_time=payout.created_at - timedelta(seconds=1))

    assert paid_already(payout) is None


def test_money_that_pays_another_payout_stops_nothing(people: People) -> None:
    a_source(people)
    paid = approved(people)
    left()
    found()
    assert reload(paid).status == "settled"
    other: PayoutIntent = make_payout(people, "draft")

    assert paid_already(other) is None


def test_a_wallet_that_is_no_source_stops_nothing(people: People, strangers: People) -> None:
    wallet = a_source(people)
    a_source(strangers)
    payout = make_payout(people, "draft")
    wallets.update(people.admin, wallet.id, {"is_source": False})
    left()

    assert paid_already(payout) is None
