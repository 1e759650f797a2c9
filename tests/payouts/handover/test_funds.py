"""When balances are asked, and what a batch's page says of them."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from chainwatch.models import Balance
from chainwatch.services import Asset
from organizations.models import User
from payouts import services, source_balances
from payouts.handover.funds import ChainFunds, Verdict, funds_of
from payouts.handover.packing import payouts_of
from payouts.models import PayoutBatch
from tests.chainwatch.stub_node import StubNode, running_stub
from tests.payouts.making import TREASURY, USDC, USDT, People, a_draft, a_hash, make_payout
from wallets import services as wallets
from wallets.models import Wallet

OTHER_WALLET = "0x52908400098527886E0F7030069857D2E4169EE7"


def a_source(people: People, address: str = TREASURY, chain: str = "arbitrum") -> Wallet:
    draft = wallets.NewWallet(chain=chain, address=address, is_source=True)
    return wallets.create(people.admin_of(people.operator), draft)


def a_balance(wallet: Wallet, asset: str, amount: int, *, age: timedelta = timedelta(0)) -> None:
    Balance.objects.update_or_create(
        chain=wallet.chain,
        address=wallet.address,
        asset=asset,
        defaults={
            "amount_atomic": amount,
            "block_number": 1,
            "node": "test",
            "asked_at": timezone.now() - age,
        },
    )


def a_batch(people: People, *amounts: int) -> PayoutBatch:
    made = [make_payout(people, "approved", amount=Decimal(each)) for each in amounts or (500,)]
    return services.hand_over(people.operator, [payout.id for payout in made])


def funds(batch: PayoutBatch) -> ChainFunds:
    (found,) = funds_of(batch, payouts_of(batch), at=timezone.now())
    return found


# --- When ----------------------------------------------------------------------------------------


@pytest.fixture
def node(settings: Settings, live: None) -> Any:
    """The only node of Arbitrum; Base and Tron have none."""
    with running_stub() as stub:
        stub.amounts = {"eth_getBalance": "0x5", "eth_call": "0x" + "0" * 63 + "7"}
        settings.NETWORKS = {
            name: replace(row, rpc_urls=(stub.url,) if name == "arbitrum" else ())
            for name, row in settings.NETWORKS.items()
        }
        yield stub


def test_without_a_source_wallet_nothing_is_asked(people: People, node: StubNode) -> None:
    a_batch(people)

    assert source_balances.ask_due() == []
    assert node.http_requests == 0


def test_while_a_batch_waits_it_is_one_request_a_minute(people: People, node: StubNode) -> None:
    for address in (TREASURY, OTHER_WALLET):
        a_source(people, address)
    a_batch(people)
    start = timezone.now()

    for second in range(0, 600, 10):  # ten minutes, looked at every ten seconds
        source_balances.ask_due(at=start + timedelta(seconds=second))

    assert node.http_requests == 10 + 2  # each 50 s, at the earliest: 0, 50, 100, … 550
    assert Balance.objects.count() == 6


def test_where_nothing_waits_it_is_hourly(people: People, node: StubNode) -> None:
    a_source(people)
    payout = make_payout(people, "approved")
    services.hand_over(people.operator, [payout.id])
    services.execute(people.operator, payout.id, a_hash())
    start = timezone.now()

    for minute in range(181):
        source_balances.ask_due(at=start + timedelta(minutes=minute))

    assert node.http_requests == 4


def test_another_organizations_batch_hurries_nobody_else(
    people: People, strangers: People, node: StubNode
) -> None:
    mine, theirs = a_source(people), a_source(strangers, OTHER_WALLET)
    a_batch(people)
    at = timezone.now()
    source_balances.ask_due(at=at)

    due = source_balances.due_addresses("arbitrum", at + timedelta(minutes=1))

    assert due == [mine.address]
    later = source_balances.due_addresses("arbitrum", at + timedelta(hours=1))
    assert set(later) == {mine.address, theirs.address}


def test_what_was_not_answered_is_asked_again(people: People, node: StubNode) -> None:
    a_source(people)
    node.amounts = {}
    at = timezone.now()

    failed = source_balances.ask_due(at=at)
    again = source_balances.ask_due(at=at + timedelta(minutes=1))

    assert [each.error != "" for each in (*failed, *again)] == [True, True]
    assert source_balances.summary(failed)["errors"].startswith("arbitrum: ")  # type: ignore[union-attr]  # a text


def test_the_sandbox_asks_nobody(sandboxed: People, people: People, node: StubNode) -> None:
    a_source(sandboxed)
    payout = services.create(sandboxed.preparer, a_draft())
    services.approve(sandboxed.approver, payout.id)
    batch = services.hand_over(sandboxed.operator, [payout.id])

    assert source_balances.ask_due() == []
    assert "keeps no balances" in funds(batch).note


# --- What is said --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "verdict", "words"),
    [
        (510_000_000, Verdict.ENOUGH, "enough: 510.00 USDC"),
        (505_000_000, Verdict.ENOUGH, "enough: 505.00 USDC"),
        (504_999_999, Verdict.SHORT, "short by 0.000001 USDC"),
        (0, Verdict.SHORT, "short by 505.00 USDC"),
    ],
)
def test_a_wallet_has_enough_or_is_short(
    people: People, held: int, verdict: Verdict, words: str
) -> None:
    wallet, batch = a_source(people), a_batch(people, 500, 5)
    a_balance(wallet, USDC, held)

    (fund,) = funds(batch).funds

    assert (fund.verdict, fund.words) == (verdict, words)
    assert funds(batch).needed == ("505.00 USDC",)


def test_unlike_tokens_are_never_added(people: People) -> None:
    wallet = a_source(people)
    made = [
        make_payout(people, "approved", amount=Decimal(amount), token=token)
        for token, amount in (("USDC", 500), ("USDT", 5))
    ]
    batch = services.hand_over(people.operator, [payout.id for payout in made])
    for contract in (USDC, USDT):
        a_balance(wallet, contract, 500_000_000)

    found = funds(batch)

    assert [fund.words for fund in found.funds] == ["enough: 500.00 USDC", "enough: 500.00 USDT"]
    assert found.needed == ("500.00 USDC", "5.00 USDT")


def test_what_is_paid_already_is_needed_no_more(people: People) -> None:
    wallet, batch = a_source(people), a_batch(people, 500, 5)
    a_balance(wallet, USDC, 5_000_000)
    big = next(each for each in payouts_of(batch) if each.amount_atomic == 500_000_000)
    services.execute(people.operator, big.id, a_hash())

    assert funds(batch).funds[0].words == "enough: 5.00 USDC"


@pytest.mark.parametrize("age", [timedelta(minutes=11), None])
def test_what_was_not_asked_lately_is_not_known(people: People, age: timedelta | None) -> None:
    wallet, batch = a_source(people), a_batch(people)
    if age is not None:
        a_balance(wallet, USDC, 10**12, age=age)

    (fund,) = funds(batch).funds

    assert (fund.verdict, fund.words) == (Verdict.UNKNOWN, "not known")
    assert isinstance(fund.asked_at, datetime) == (age is not None)


def test_without_a_source_wallet_it_says_so(people: People) -> None:
    found = funds(a_batch(people))

    assert found.funds == ()
    assert "No source wallet is registered on Arbitrum One" in found.note


@pytest.mark.parametrize(
    ("wei", "words"),
    [
        (12_345_678_000_000_000, "0.012345 ETH"),
        (10**18, "1.00 ETH"),
        (5, "less than 0.000001 ETH"),
        (0, "no ETH for the fee"),
    ],
)
def test_the_fee_coin_is_told_cut_and_never_rounded_up(
    people: People, wei: int, words: str
) -> None:
    wallet, batch = a_source(people), a_batch(people)
    a_balance(wallet, Asset.FEE_COIN.value, wei)

    assert funds(batch).coins == (words,)
    assert "65,000 gas for each transfer" in funds(batch).fee


def test_the_page_says_it(people: People, otto: User, client: Any) -> None:
    wallet, batch = a_source(people), a_batch(people)
    a_balance(wallet, USDC, 1)
    client.force_login(otto)
    session = client.session
    session["environment"] = "live"
    session.save()

    page = client.get(f"/admin/payouts/payoutbatch/bat_5F{batch.id[4:]}/change/").content.decode()

    assert "short by 499.999999 USDC" in page
    assert "Still to be paid: 500.00 USDC." in page
