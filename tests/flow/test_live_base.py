"""Live payouts on Base, and on all three chains at once: HTTP, `manage.py tick` and the chains."""

from decimal import Decimal
from typing import Any

import pytest
from web3 import Web3

from tests.flow.company import Company, somebody
from tests.flow.three_chains import ThreeChains, stop
from tests.tron import faults

BASE: dict[str, Any] = {"chain": "base", "token": "USDC"}


def executed_on_each(chains: ThreeChains, company: Company) -> dict[str, str]:
    """A payout on each chain, whose transfer waits to be mined; by chain."""
    payouts = {}
    for place in map(chains.on, ("tron", "arbitrum", "base")):
        payee = place.somebody()
        payouts[place.chain] = company.approved(payee, chain=place.chain)
        tx_hash = place.usdc.send("transfer", payee, 500_000_000)
        company.execute(payouts[place.chain], tx_hash)
    return payouts


def mine_all(chains: ThreeChains, blocks: int = 19) -> None:
    for node in (chains.node, chains.base, chains.tron):
        node.mine(blocks)


def statuses(company: Company, payouts: dict[str, str]) -> dict[str, str]:
    return {chain: company.status(payout_id) for chain, payout_id in payouts.items()}


def test_a_payout_on_base_settles_with_the_third_block_and_not_before(
    chains: ThreeChains, company: Company
) -> None:
    payee, payer = somebody(), chains.base.accounts[0]
    payout_id = company.draft(payee, 49.99, **BASE)
    refused = company.maker.call("PATCH", f"/v1/payouts/{payout_id}", {"status": "approved"})
    company.checker.patch(f"/v1/payouts/{payout_id}", {"status": "approved"})
    tx_hash = chains.base_usdc.send("transfer", payee, 49_990_000)
    company.execute(payout_id, tx_hash)
    chains.tick()
    seen = [company.status(payout_id)]
    number = chains.base.mine()
    chains.tick()
    for _ in range(2):
        seen.append(company.status(payout_id))
        chains.base.mine()
        chains.tick()

    (settlement,) = company.settlements(payout_id)
    assert [*seen, company.status(payout_id)] == ["executed", "verifying", "verifying", "settled"]
    told = (
        "chain", "tx_hash", "from_address", "to_address", "token", "amount_atomic", "amount",
        "block_number", "block_hash", "ordinal", "confirmations", "environment", "discrepancies",
    )  # fmt: skip
    assert {name: settlement[name] for name in told} == {
        "chain": "base",
        "tx_hash": tx_hash,
        "from_address": payer,
        "to_address": payee,
        "token": "USDC",
        "amount_atomic": "49990000",
        "amount": Decimal("49.99"),
        "block_number": number,
        "block_hash": chains.base.block(number)["hash"],
        "ordinal": 0,
        "confirmations": 3,
        "environment": "live",
        "discrepancies": [],
    }
    assert (refused[0], refused[1]["error"]["code"]) == (403, "self_approval")
    assert company.events(payout_id) == ["created", "approved", "executed", "verifying", "settled"]
    assert company.books()["matched"] == {"count": 1, "total_amount": Decimal("49.99")}
    assert company.reconcile().status == 0


def reverted(chains: ThreeChains, payee: str) -> str:
    return chains.base_usdc.send("transfer", payee, 500_000_000, sender=chains.base.accounts[5])


def to_another(chains: ThreeChains, payee: str) -> str:
    return chains.base_usdc.send("transfer", somebody(), 500_000_000)


def another_pinned_token(chains: ThreeChains, payee: str) -> str:
    return chains.base_usdt.send("transfer", payee, 500_000_000)


def a_token_of_the_same_name(chains: ThreeChains, payee: str) -> str:
    return chains.base.deploy("TetherLike", 10**15).send("transfer", payee, 500_000_000)


@pytest.mark.parametrize(
    ("pay", "code"),
    [
        (reverted, "transaction_reverted"),
        (to_another, "recipient_mismatch"),
        (another_pinned_token, "token_mismatch"),
        (a_token_of_the_same_name, "token_mismatch"),
    ],
)
def test_what_did_not_pay_it_fails_it_and_only_when_final(
    chains: ThreeChains, company: Company, pay: Any, code: str
) -> None:
    payee = somebody()
    payout_id = company.approved(payee, **BASE)
    company.execute(payout_id, pay(chains, payee))
    seen = []
    for _ in range(3):
        chains.base.mine()
        chains.tick()
        seen.append(company.status(payout_id))

    assert seen == ["verifying", "verifying", "failed"]
    assert company.payout(payout_id)["failure_code"] == code


def test_another_amount_settles_as_a_discrepancy(chains: ThreeChains, company: Company) -> None:
    payee = somebody()
    payout_id = company.approved(payee, **BASE)
    company.execute(payout_id, chains.base_usdc.send("transfer", payee, 500_000_001))

    chains.base.mine(3)
    chains.tick()

    (settlement,) = company.settlements(payout_id)
    assert (company.status(payout_id), settlement["discrepancies"]) == ("settled", ["amount"])
    assert company.events(payout_id)[-2:] == ["settled", "discrepancy"]
    assert company.reconcile().status == 1


@pytest.mark.parametrize("chain", ["tron", "base"])
def test_a_token_that_takes_a_fee_pays_less_and_the_fee_is_no_payment_of_its_own(
    chains: ThreeChains, company: Company, chain: str
) -> None:
    place = chains.on(chain)
    payee, payer = place.somebody(), place.wallet(1_000_000_000)
    company.registers(chain, payer)
    payout_id = company.approved(payee, 500, chain=chain, token="USDT")
    place.usdt.send("set_fee", 50)
    company.execute(payout_id, place.usdt.send("transfer", payee, 500_000_000, sender=payer))
    place.node.mine()
    place.usdt.send("set_fee", 0)

    place.node.mine(place.depth)
    chains.tick()

    (settlement,) = company.settlements(payout_id)
    assert company.status(payout_id) == "settled"
    assert (settlement["amount_atomic"], settlement["from_address"]) == ("497500000", payer)
    assert (settlement["ordinal"], settlement["discrepancies"]) == (0, ["amount"])
    assert company.books()["discrepancies"][0]["difference"] == Decimal("-2.5")
    assert company.unexpected() == []


def test_a_transaction_that_nobody_sees_is_not_failed(
    chains: ThreeChains, company: Company
) -> None:
    payout_id = company.approved(somebody(), **BASE)
    company.execute(payout_id, Web3.to_hex(Web3.keccak(text=payout_id)))

    chains.base.mine(40)
    chains.tick()
    chains.tick()

    assert company.status(payout_id) == "executed"


def test_one_tick_settles_payouts_on_all_three_chains(
    chains: ThreeChains, company: Company
) -> None:
    payouts = executed_on_each(chains, company)
    mine_all(chains)

    chains.tick()

    assert set(statuses(company, payouts).values()) == {"settled"}
    found = {chain: company.settlements(payout_id)[0] for chain, payout_id in payouts.items()}
    assert {chain: each["chain"] for chain, each in found.items()} == {
        chain: chain for chain in payouts
    }
    assert company.maker.get("/v1/payouts/reconciliation")["matched"]["count"] == 3


@pytest.mark.parametrize("name", ["reset", "html", "endless body"])
def test_a_sick_tron_stops_no_other_chain(chains: ThreeChains, company: Company, name: str) -> None:
    payouts = executed_on_each(chains, company)
    mine_all(chains)
    chains.tron.fault, chains.tron.fault_on = faults.ALL[name]

    errors = chains.sick_tick()
    meanwhile = statuses(company, payouts)
    chains.heal()
    chains.tick()

    assert list(errors) == ["tron"]
    assert meanwhile == {"arbitrum": "settled", "base": "settled", "tron": "executed"}
    assert company.status(payouts["tron"]) == "settled"


def test_a_base_that_hangs_stops_no_other_chain(chains: ThreeChains, company: Company) -> None:
    payouts = executed_on_each(chains, company)
    mine_all(chains)
    stop(chains.base)

    errors = chains.sick_tick()
    meanwhile = statuses(company, payouts)
    chains.heal()
    chains.tick()

    assert list(errors) == ["base"]
    assert meanwhile == {"arbitrum": "settled", "base": "executed", "tron": "settled"}
    assert company.status(payouts["base"]) == "settled"


def test_a_hash_of_another_chain_fails_as_wrong_chain(
    chains: ThreeChains, company: Company
) -> None:
    payee = somebody()
    payout_id = company.approved(payee, chain="arbitrum")
    company.execute(payout_id, chains.base_usdc.send("transfer", payee, 500_000_000))
    mine_all(chains)
    chains.tick()
    before = company.status(payout_id)

    chains.age(payout_id, minutes=16)
    for _ in range(3):
        chains.tick()

    payout = company.payout(payout_id)
    assert before == "executed"
    assert (payout["status"], payout["failure_code"]) == ("failed", "wrong_chain")
    assert payout["outcome"] == "moved"
    assert "is on Base, not on Arbitrum One" in payout["failure_reason"]
