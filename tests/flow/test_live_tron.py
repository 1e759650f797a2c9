"""Live payouts on an emulated Tron node, seen from outside: HTTP, `manage.py tick`, the chain."""

from decimal import Decimal
from typing import Any

import pytest

from tests.flow.company import EVERY_SECOND, Company
from tests.flow.three_chains import ThreeChains, somebody_on_tron
from tests.tron import faults

TRON: dict[str, Any] = {"chain": "tron", "token": "USDT"}


def executed(chains: ThreeChains, company: Company, amount: float = 500) -> tuple[str, str]:
    """A payout whose transfer waits to be mined, and the transfer's id."""
    payee = somebody_on_tron()
    payout_id = company.approved(payee, amount, **TRON)
    tx_id = chains.tron_usdt.send("transfer", payee, round(amount * 10**6))
    company.execute(payout_id, tx_id)
    return payout_id, tx_id


def test_a_payout_settles_when_its_block_is_solid_and_not_before(
    chains: ThreeChains, company: Company
) -> None:
    payee, payer = somebody_on_tron(), chains.tron.accounts[0]
    payout_id = company.draft(payee, 49.99, **TRON)
    refused = company.maker.call("PATCH", f"/v1/payouts/{payout_id}", {"status": "approved"})
    company.checker.patch(f"/v1/payouts/{payout_id}", {"status": "approved"})
    tx_id = chains.tron_usdt.send("transfer", payee, 49_990_000)
    company.execute(payout_id, tx_id.upper())
    chains.tick()
    assert company.status(payout_id) == "executed"

    number = chains.tron.mine()
    chains.tick()
    first = company.payout(payout_id)
    chains.tron.mine(17)
    chains.tick()
    eighteenth = company.payout(payout_id)

    assert (first["status"], first["confirmations"]) == ("verifying", 1)
    assert (eighteenth["status"], eighteenth["confirmations"]) == ("verifying", 18)
    assert company.settlements(payout_id) == []

    chains.tron.mine()
    chains.tick()
    payout = company.payout(payout_id)
    (settlement,) = company.settlements(payout_id)

    assert (payout["status"], payout["settlement_id"]) == ("settled", settlement["id"])
    assert (payout["confirmations"], payout["required_confirmations"]) == (19, 19)
    told = (
        "chain", "tx_hash", "from_address", "to_address", "token", "amount_atomic", "amount",
        "block_number", "block_hash", "ordinal", "environment", "discrepancies",
    )  # fmt: skip
    assert {name: settlement[name] for name in told} == {
        "chain": "tron",
        "tx_hash": tx_id,
        "from_address": payer,
        "to_address": payee,
        "token": "USDT",
        "amount_atomic": "49990000",
        "amount": Decimal("49.99"),
        "block_number": number,
        "block_hash": chains.tron.block(number)["blockID"],
        "ordinal": 0,
        "environment": "live",
        "discrepancies": [],
    }
    assert (refused[0], refused[1]["error"]["code"]) == (403, "self_approval")
    assert company.events(payout_id) == ["created", "approved", "executed", "verifying", "settled"]
    assert company.books()["matched"] == {"count": 1, "total_amount": Decimal("49.99")}
    assert company.reconcile().status == 0


def test_confirmations_alone_settle_nothing_while_the_solid_head_stands_still(
    chains: ThreeChains, company: Company
) -> None:
    payout_id, _ = executed(chains, company)
    chains.tron.solid_lag = 40
    chains.tron.mine(30)

    chains.look()
    chains.look()
    deep = company.payout(payout_id)
    chains.tron.solid_lag = 18
    chains.look()

    assert (deep["status"], company.status(payout_id)) == ("verifying", "settled")


def reverted(chains: ThreeChains, payee: str) -> str:
    return chains.tron_usdt.send("transfer", payee, 500_000_000, sender=chains.tron.accounts[5])


def out_of_energy(chains: ThreeChains, payee: str) -> str:
    return chains.tron_usdt.send("transfer", payee, 500_000_000, gas=hex(40_000))


def to_another(chains: ThreeChains, payee: str) -> str:
    return chains.tron_usdt.send("transfer", somebody_on_tron(), 500_000_000)


def another_pinned_token(chains: ThreeChains, payee: str) -> str:
    return chains.tron_usdc.send("transfer", payee, 500_000_000)


def a_token_of_the_same_name(chains: ThreeChains, payee: str) -> str:
    return chains.tron.deploy("TetherLike", 10**15).send("transfer", payee, 500_000_000)


def trx(chains: ThreeChains, payee: str) -> str:
    rich, other = chains.tron.anvil.accounts[:2]
    sent = chains.tron.anvil.send(to=other, data="0x", sender=rich, value=hex(500 * 10**18))
    return sent.removeprefix("0x")


@pytest.mark.parametrize(
    ("pay", "code", "outcome"),
    [
        (reverted, "transaction_reverted", "proven"),
        (out_of_energy, "transaction_reverted", "proven"),
        (to_another, "recipient_mismatch", "moved"),
        (another_pinned_token, "token_mismatch", "moved"),
        (a_token_of_the_same_name, "token_mismatch", "moved"),
        (trx, "no_transfer", "proven"),
    ],
)
def test_what_did_not_pay_it_fails_it_and_only_when_solid(
    chains: ThreeChains, company: Company, pay: Any, code: str, outcome: str
) -> None:
    payee = somebody_on_tron()
    payout_id = company.approved(payee, **TRON)
    company.execute(payout_id, pay(chains, payee))
    seen = []
    for blocks in (1, 17, 1):
        chains.tron.mine(blocks)
        chains.look()
        seen.append(company.status(payout_id))

    payout = company.payout(payout_id)
    assert seen == ["verifying", "verifying", "failed"]
    assert (payout["failure_code"], payout["outcome"]) == (code, outcome)
    assert company.settlements(payout_id) == []


def test_another_amount_settles_as_a_discrepancy(chains: ThreeChains, company: Company) -> None:
    payee = somebody_on_tron()
    payout_id = company.approved(payee, **TRON)
    company.execute(payout_id, chains.tron_usdt.send("transfer", payee, 499_999_999))

    chains.tron.mine(19)
    chains.tick()

    (settlement,) = company.settlements(payout_id)
    assert (company.status(payout_id), settlement["discrepancies"]) == ("settled", ["amount"])
    assert company.events(payout_id)[-2:] == ["settled", "discrepancy"]
    assert company.reconcile().status == 1


def test_payouts_of_one_transaction_settle_with_a_log_each(
    chains: ThreeChains, company: Company
) -> None:
    payees = [somebody_on_tron() for _ in range(3)]
    amounts = [500, 70, 3]
    payouts = [
        company.approved(payee, amount, chain="tron", token="USDC")
        for payee, amount in zip(payees, amounts, strict=True)
    ]
    tx_id = chains.tron_usdc.send("pay_many", payees, [each * 10**6 for each in amounts])
    for payout_id in payouts:
        company.execute(payout_id, tx_id)

    chains.tron.mine(19)
    chains.tick()

    settlements = [company.settlements(payout_id)[0] for payout_id in payouts]
    assert [company.status(payout_id) for payout_id in payouts] == ["settled"] * 3
    assert [each["ordinal"] for each in settlements] == [0, 1, 2]
    assert [each["to_address"] for each in settlements] == payees


def test_a_transaction_that_nobody_sees_is_not_failed(
    chains: ThreeChains, company: Company
) -> None:
    payout_id = company.approved(somebody_on_tron(), **TRON)
    company.execute(payout_id, "ab" * 32)

    chains.tron.mine(40)
    chains.look()
    chains.look()

    assert (company.status(payout_id), company.events(payout_id)[-1]) == ("executed", "executed")


def test_a_transaction_whose_block_is_lost_goes_back_and_settles_from_another_block(
    chains: ThreeChains, company: Company
) -> None:
    payout_id, tx_id = executed(chains, company)
    lost = chains.tron.mine()
    chains.look()
    raw = chains.tron.rpc("eth_getRawTransactionByHash", "0x" + tx_id)
    assert company.status(payout_id) == "verifying"

    chains.tron.rpc("anvil_reorg", 1, [])
    chains.look()
    assert company.status(payout_id) == "executed"
    chains.tron.mine(2)
    chains.tron.rpc("eth_sendRawTransaction", raw)
    number = chains.tron.mine(19) - 18
    chains.look()

    (settlement,) = company.settlements(payout_id)
    assert (company.status(payout_id), settlement["block_number"]) == ("settled", number)
    assert number > lost
    assert company.events(payout_id)[2:] == [
        "executed", "verifying", "reorged", "verifying", "settled",
    ]  # fmt: skip


@pytest.mark.parametrize("name", faults.ALL)
def test_a_node_that_fails_changes_nothing_and_is_caught_up_with(
    chains: ThreeChains, company: Company, name: str
) -> None:
    payout_id, _ = executed(chains, company)
    known = company.payout(payout_id)

    def sick(blocks: int) -> Any:
        chains.tron.mine(blocks)
        chains.tron.fault, chains.tron.fault_on = faults.ALL[name]
        assert chains.shell.run("tick", "--json", *EVERY_SECOND).status in (0, 1)
        chains.heal()
        return company.payout(payout_id)

    def healed(status: str) -> bool:
        """Whether one pass or two are enough."""
        for _ in range(2):
            chains.look()
            if company.status(payout_id) == status:
                return True
        return False

    unseen = sick(1)
    assert (unseen["status"], unseen["updated_at"]) == ("executed", known["updated_at"])
    assert healed("verifying")
    unsettled = sick(18)
    assert (unsettled["status"], company.settlements(payout_id)) == ("verifying", [])
    assert healed("settled")
    assert company.events(payout_id)[2:] == ["executed", "verifying", "settled"]


def test_a_node_that_lags_takes_nothing_back(chains: ThreeChains, company: Company) -> None:
    payout_id, _ = executed(chains, company)
    chains.tron.mine(3)
    chains.look()
    chains.tron.lag = 3

    chains.look()
    lagging = company.payout(payout_id)
    chains.tron.lag = 0
    chains.tron.mine(16)
    chains.look()

    assert (lagging["status"], company.status(payout_id)) == ("verifying", "settled")
    assert company.events(payout_id)[2:] == ["executed", "verifying", "settled"]


def test_a_node_of_another_network_is_not_believed(chains: ThreeChains, company: Company) -> None:
    payout_id, _ = executed(chains, company)
    chains.tron.mine(19)
    chains.tron.fault = faults.UNAVAILABLE
    chains.sick_tick()

    chains.tron.fault = faults.of_another_chain
    errors = chains.sick_tick()
    before = company.status(payout_id)
    chains.heal()
    chains.look()

    (error,) = errors["tron"]
    assert error.endswith("chain id 3448148188 instead of 728126428")
    assert (before, company.status(payout_id)) == ("executed", "settled")
