"""Live money that leaves a registered wallet while nobody names its transaction, on every chain."""

from decimal import Decimal
from typing import Any

import pytest

from tests.flow.company import Company
from tests.flow.three_chains import Place, ThreeChains


@pytest.fixture(params=["tron", "arbitrum", "base"])
def place(chains: ThreeChains, request: pytest.FixtureRequest) -> Place:
    return chains.on(request.param)


@pytest.fixture
def wallet(place: Place, company: Company) -> str:
    """A wallet that the company has registered, with 10,000 of both tokens."""
    address = place.wallet(10_000_000_000)
    company.registers(place.chain, address)
    return address


def mined(chains: ThreeChains, place: Place, blocks: int) -> int:
    """Mine what waits and so many blocks in all, and let the system look; the first of them.

    What one pass finds, the next one confirms.
    """
    head = place.node.mine(blocks)
    for _ in range(2):
        chains.look()
    return head - blocks + 1


def test_money_that_left_with_no_intent_is_told_when_it_is_final_and_not_before(
    chains: ThreeChains, company: Company, place: Place, wallet: str
) -> None:
    stranger = place.somebody()
    tx_hash = place.usdc.send("transfer", stranger, 70_000_000, sender=wallet)
    number = mined(chains, place, place.depth - 1)
    early = company.unexpected()

    mined(chains, place, 1)

    assert early == []
    (settlement,) = company.unexpected()
    told = (
        "chain", "tx_hash", "from_address", "to_address", "token", "amount_atomic", "amount",
        "block_number", "environment", "discrepancies", "resolution", "suggestion",
    )  # fmt: skip
    assert {name: settlement[name] for name in told} == {
        "chain": place.chain,
        "tx_hash": tx_hash,
        "from_address": wallet,
        "to_address": stranger,
        "token": "USDC",
        "amount_atomic": "70000000",
        "amount": Decimal(70),
        "block_number": number,
        "environment": "live",
        "discrepancies": [],
        "resolution": None,
        "suggestion": "never seen before",
    }
    assert company.events(settlement["id"]) == ["settlement.unexpected"]
    bucket = company.books()["unexpected_settlements"]
    assert bucket == {"count": 1, "total_amount": Decimal(70)}
    said = company.reconcile()
    assert (said.status, said.data["is_clean"]) == (1, False)


def test_what_moves_nothing_and_what_goes_to_another_own_wallet_alarms_nobody(
    chains: ThreeChains, company: Company, place: Place, wallet: str
) -> None:
    poisoner, other = place.wallet(1), place.wallet(1)
    company.registers(place.chain, other)
    place.usdc.send("transferFrom", wallet, place.somebody(), 0, sender=poisoner)
    place.usdc.send("transfer", other, 70_000_000, sender=wallet)

    mined(chains, place, place.depth)

    assert [each["resolution"] for each in company.unexpected()] == ["internal"]
    events = company.maker.get("/v1/events?limit=100")["data"]
    assert "settlement.unexpected" not in {each["type"] for each in events}
    assert company.reconcile().status == 0


def test_a_payout_whose_hash_nobody_names_is_found_and_settled_when_it_is_final(
    chains: ThreeChains, company: Company, place: Place, wallet: str
) -> None:
    payee = place.somebody()
    payout_id = company.approved(payee, 49.99, chain=place.chain, token="USDC")
    tx_hash = place.usdc.send("transfer", payee, 49_990_000, sender=wallet)
    mined(chains, place, place.depth - 1)
    early = company.payout(payout_id)

    mined(chains, place, 1)
    payout = company.payout(payout_id)
    status, again = company.maker.call(
        "POST", f"/v1/payouts/{payout_id}/execute", {"tx_hash": tx_hash}
    )

    assert (early["status"], early["expected_tx_hash"]) == ("approved", None)
    assert (payout["status"], payout["expected_tx_hash"]) == ("settled", tx_hash)
    (settlement,) = company.settlements(payout_id)
    assert (settlement["from_address"], settlement["amount_atomic"]) == (wallet, "49990000")
    assert company.events(payout_id) == ["created", "approved", "executed", "verifying", "settled"]
    sentences = [line["text"] for line in payout["timeline"]]
    assert "The watcher found its transaction in the wallet; nobody submitted it" in sentences
    assert company.unexpected() == []
    assert company.reconcile().status == 0
    assert (status, again["status"]) == (200, "settled")


def test_two_payouts_that_one_transfer_could_pay_are_left_to_a_person(
    chains: ThreeChains, company: Company, place: Place, wallet: str
) -> None:
    payee = place.somebody()
    payouts = [company.approved(payee, 70, chain=place.chain, token="USDC") for _ in range(2)]
    place.usdc.send("transfer", payee, 70_000_000, sender=wallet)

    mined(chains, place, place.depth)

    assert [company.status(each) for each in payouts] == ["approved", "approved"]
    (settlement,) = company.unexpected()
    assert settlement["suggestion"] == f"fits {payouts[0]} and {payouts[1]}: choose"
    assert company.events(settlement["id"]) == ["settlement.unexpected"]


def test_payouts_of_one_transaction_that_nobody_names_are_found_log_by_log(
    chains: ThreeChains, company: Company, place: Place, wallet: str
) -> None:
    payees, amounts = [place.somebody() for _ in range(3)], [500, 70, 3]
    payouts = [
        company.approved(payee, amount, chain=place.chain, token="USDC")
        for payee, amount in zip(payees[:2], amounts, strict=False)
    ]
    place.usdc.send("pay_many", payees, [each * 10**6 for each in amounts], sender=wallet)

    mined(chains, place, place.depth)

    settlements = [company.settlements(each)[0] for each in payouts]
    assert [each["ordinal"] for each in settlements] == [0, 1]
    assert [each["to_address"] for each in settlements] == payees[:2]
    # The third log has no payout behind it.
    assert [each["ordinal"] for each in company.unexpected()] == [2]


def test_money_that_left_in_a_block_that_is_lost_is_told_of_once_and_from_the_block_that_stands(
    chains: ThreeChains, company: Company, place: Place
) -> None:
    wallet = place.node.accounts[7]
    place.fund(wallet, 70_000_000)
    company.registers(place.chain, wallet)
    tx_hash = place.usdc.send("transfer", place.somebody(), 70_000_000, sender=wallet)
    mined(chains, place, 1)
    raw: Any = place.node.rpc("eth_getRawTransactionByHash", "0x" + tx_hash.removeprefix("0x"))

    place.node.rpc("anvil_reorg", 1, [])
    mined(chains, place, 2)
    place.node.rpc("eth_sendRawTransaction", raw)
    number = mined(chains, place, place.depth)

    (settlement,) = company.unexpected()
    assert (settlement["tx_hash"], settlement["block_number"]) == (tx_hash, number)
    assert company.events(settlement["id"]) == ["settlement.unexpected"]
