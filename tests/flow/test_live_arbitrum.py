"""Live payouts on a real EVM node, seen from outside: HTTP, `manage.py` and the chain alone."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from web3 import Web3

from tests.flow.company import (
    TRANSFER,
    USDC_E,
    Company,
    Said,
    Site,
    somebody,
)


def instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_payout_settles_with_the_third_block_and_not_before(site: Site, company: Company) -> None:
    payee, payer = somebody(), site.node.accounts[0]
    payout_id = company.draft(payee, 49.99, reference_type="invoice", reference_id="inv_884")

    refused = company.maker.call("PATCH", f"/v1/payouts/{payout_id}", {"status": "approved"})
    approved = company.checker.patch(f"/v1/payouts/{payout_id}", {"status": "approved"})

    assert (refused[0], refused[1]["error"]["code"]) == (403, "self_approval")
    assert approved["status"] == "approved"

    tx_hash = site.usdc.send("transfer", payee, 49_990_000)
    executed = company.execute(payout_id, tx_hash.upper().replace("0X", "0x"))
    site.tick()

    assert (executed["status"], executed["expected_tx_hash"]) == ("executed", tx_hash)
    assert company.status(payout_id) == "executed"

    number = site.node.mine()
    site.tick()
    first = company.payout(payout_id)
    site.node.mine()
    site.tick()
    second = company.payout(payout_id)

    assert (first["status"], first["confirmations"]) == ("verifying", 1)
    assert (second["status"], second["confirmations"]) == ("verifying", 2)
    assert company.settlements(payout_id) == []

    site.node.mine()
    site.tick()
    payout = company.payout(payout_id)
    (settlement,) = company.settlements(payout_id)
    receipt, block = site.node.receipt(tx_hash), site.node.block(number)
    assert receipt is not None

    times = {name: settlement.pop(name) for name in ("confirmed_at", "detected_at", "created_at")}
    assert settlement == {
        "id": payout["settlement_id"],
        "org_id": company.id,
        "payout_intent_id": payout_id,
        "chain": "arbitrum",
        "tx_hash": tx_hash,
        "log_index": int(receipt["logs"][0]["logIndex"], 16),
        "from_address": payer,
        "to_address": payee,
        "token": "USDC",
        "amount_atomic": "49990000",
        "block_number": number,
        "block_hash": block["hash"],
        "confirmations": 3,
        "environment": "live",
        "amount": Decimal("49.99"),
        "ordinal": 0,
        "block_time": instant(int(block["timestamp"], 16)),
        "discrepancies": [],
        "resolution": None,
        "resolved_at": None,
        "reversed_at": None,
        "restored_at": None,
        "suggestion": None,
    }
    assert times["detected_at"] <= times["confirmed_at"] <= times["created_at"]
    told = ("status", "amount", "amount_atomic", "currency", "chain", "token", "environment")
    assert {name: payout[name] for name in told} == {
        "status": "settled",
        "amount": Decimal("49.99"),
        "amount_atomic": "49990000",
        "currency": "USD",
        "chain": "arbitrum",
        "token": "USDC",
        "environment": "live",
    }
    assert (payout["confirmations"], payout["required_confirmations"]) == (3, 3)
    assert payout["verified_at"] == payout["settled_at"] is not None
    assert (payout["failure_reason"], payout["failed_at"], payout["stalled"]) == (None, None, False)
    assert payout["approved_by"] == payout["approvals"][0]["approved_by"]
    assert company.events(payout_id) == ["created", "approved", "executed", "verifying", "settled"]
    assert company.books()["matched"] == {"count": 1, "total_amount": Decimal("49.99")}
    assert (company.reconcile().status, company.reconcile().data["is_clean"]) == (0, True)


def test_the_same_by_real_processes_of_manage_py(site: Site, company: Company) -> None:
    payee = somebody()
    payout_id = company.approved(payee)
    company.execute(payout_id, site.usdc.send("transfer", payee, 499_000_000))
    site.node.mine(3)

    ticked = site.manage("tick", "--json")
    reconciled = site.manage(
        "reconcile", "--json", "--organization", company.id, "--environment", "live"
    )

    assert ticked.returncode == 0, ticked.stderr
    assert company.status(payout_id) == "settled"
    assert reconciled.returncode == 1, reconciled.stderr
    (report,) = Said(1, reconciled.stdout, "").data["reports"]
    assert report["discrepancies_count"] == 1


def reverted(site: Site, payee: str) -> str:
    return site.usdc.send("transfer", payee, 500_000_000, sender=site.node.accounts[5])


def to_another(site: Site, payee: str) -> str:
    return site.usdc.send("transfer", somebody(), 500_000_000)


def another_pinned_token(site: Site, payee: str) -> str:
    return site.usdt.send("transfer", payee, 500_000_000)


def a_token_of_the_same_name(site: Site, payee: str) -> str:
    return site.node.deploy("PlainToken", 10**15).send("transfer", payee, 500_000_000)


def bridged_usdc(site: Site, payee: str) -> str:
    """Its real address, with the code of a contract that writes the log which USDC.e would."""
    pretender = site.node.deploy("Pretender")
    site.node.rpc(
        "anvil_setCode", USDC_E, site.node.rpc("eth_getCode", pretender.address, "latest")
    )
    pretender.address = USDC_E
    people = [bytes(12) + bytes.fromhex(each[2:]) for each in (site.node.accounts[0], payee)]
    topics = [bytes.fromhex(TRANSFER[2:]), *people]
    return pretender.send("write", topics, (500_000_000).to_bytes(32, "big"))


def no_token_at_all(site: Site, payee: str) -> str:
    return site.node.send(to=payee, data="0x", sender=site.node.accounts[0], value=hex(10**15))


@pytest.mark.parametrize(
    ("pay", "code", "outcome"),
    [
        (reverted, "transaction_reverted", "proven"),
        (to_another, "recipient_mismatch", "moved"),
        (another_pinned_token, "token_mismatch", "moved"),
        (a_token_of_the_same_name, "token_mismatch", "moved"),
        (bridged_usdc, "token_mismatch", "moved"),
        (no_token_at_all, "no_transfer", "proven"),
    ],
)
def test_what_did_not_pay_it_fails_it_and_only_when_final(
    site: Site, company: Company, pay: Any, code: str, outcome: str
) -> None:
    payee = somebody()
    payout_id = company.approved(payee)
    company.execute(payout_id, pay(site, payee))
    seen = []
    for _ in range(3):
        site.node.mine()
        site.tick()
        seen.append(company.status(payout_id))

    payout = company.payout(payout_id)
    assert seen == ["verifying", "verifying", "failed"]
    assert (payout["failure_code"], payout["outcome"]) == (code, outcome)
    assert payout["failure_reason"].startswith(f"{code}: ")
    assert ("USDC.e" in payout["failure_reason"]) is (pay is bridged_usdc)
    assert company.settlements(payout_id) == []
    assert company.events(payout_id)[-2:] == ["verifying", "failed"]
    assert (company.books()["is_clean"], company.reconcile().status) == (True, 0)


def test_another_amount_settles_as_a_discrepancy_in_the_books(site: Site, company: Company) -> None:
    payee = somebody()
    payout_id = company.approved(payee, 500)
    company.execute(payout_id, site.usdc.send("transfer", payee, 499_999_999))

    site.final()
    told, said = company.books(), company.reconcile()

    (settlement,) = company.settlements(payout_id)
    assert company.status(payout_id) == "settled"
    assert settlement["discrepancies"] == ["amount"]
    assert company.events(payout_id)[-2:] == ["settled", "discrepancy"]
    assert told["matched"] == {"count": 0, "total_amount": Decimal(0)}
    (discrepancy,) = told["discrepancies"]
    del discrepancy["opened_at"]
    assert discrepancy == {
        "payout_intent_id": payout_id,
        "settlement_id": settlement["id"],
        "expected_amount": Decimal(500),
        "actual_amount": Decimal("499.999999"),
        "difference": Decimal("-0.000001"),
        "chain": "arbitrum",
        "token": "USDC",
        "kinds": ["amount"],
    }
    assert said.status == 1
    assert said.data["is_clean"] is False
    assert said.data["reports"][0]["discrepancies"][0]["payout_intent_id"] == payout_id


def test_a_token_that_takes_a_fee_pays_less_and_the_fee_is_no_payment_of_its_own(
    site: Site, company: Company
) -> None:
    payee, payer = somebody(), site.node.accounts[1]
    site.usdt.send("transfer", payer, 10_000_000_000)
    site.usdt.send("set_fee", 50)
    payout_id = company.approved(payee, 500, token="USDT")
    company.execute(payout_id, site.usdt.send("transfer", payee, 500_000_000, sender=payer))
    site.usdt.send("set_fee", 0)

    site.final()

    (settlement,) = company.settlements(payout_id)
    assert company.status(payout_id) == "settled"
    assert (settlement["amount_atomic"], settlement["from_address"]) == ("497500000", payer)
    assert (settlement["ordinal"], settlement["discrepancies"]) == (0, ["amount"])
    told = company.books()
    assert told["discrepancies"][0]["difference"] == Decimal("-2.5")
    assert told["unexpected_settlements"]["count"] == 0
    assert company.reconcile().status == 1


def test_a_transaction_whose_block_is_lost_goes_back_and_settles_from_another_block(
    site: Site, company: Company
) -> None:
    payee = somebody()
    payout_id = company.approved(payee)
    tx_hash = site.usdc.send("transfer", payee, 500_000_000)
    company.execute(payout_id, tx_hash)
    lost = site.node.mine()
    site.tick()
    raw = site.node.rpc("eth_getRawTransactionByHash", tx_hash)
    assert company.status(payout_id) == "verifying"

    site.node.rpc("anvil_reorg", 1, [])
    site.tick()
    assert company.status(payout_id) == "executed"
    site.node.rpc("eth_sendRawTransaction", raw)
    number = site.node.mine()
    site.tick()
    assert company.status(payout_id) == "verifying"
    site.node.mine(2)
    site.tick()

    (settlement,) = company.settlements(payout_id)
    assert company.status(payout_id) == "settled"
    assert (number > lost, settlement["block_number"]) == (True, number)
    assert company.events(payout_id)[2:] == [
        "executed", "verifying", "reorged", "verifying", "settled",
    ]  # fmt: skip


def test_a_transaction_that_moves_to_another_block_counts_its_confirmations_from_there(
    site: Site, company: Company
) -> None:
    payee = somebody()
    payout_id = company.approved(payee)
    tx_hash = site.usdc.send("transfer", payee, 500_000_000)
    company.execute(payout_id, tx_hash)
    site.node.mine()
    site.node.mine()
    site.tick()
    raw = site.node.rpc("eth_getRawTransactionByHash", tx_hash)
    assert company.payout(payout_id)["confirmations"] == 2

    # Its block and the one above are replaced: it now stands in the upper one.
    site.node.rpc("anvil_reorg", 2, [[raw, 1]])
    site.tick()
    moved = company.payout(payout_id)
    site.node.mine(1)
    site.tick()
    not_yet = company.payout(payout_id)
    site.node.mine(1)
    site.tick()

    assert (moved["status"], moved["confirmations"]) == ("executed", 0)
    assert (not_yet["status"], not_yet["confirmations"]) == ("verifying", 2)
    (settlement,) = company.settlements(payout_id)
    assert settlement["block_hash"] == (site.node.receipt(tx_hash) or {})["blockHash"]
    assert settlement["confirmations"] == 3


def test_two_payouts_of_one_transaction_settle_with_a_log_each(
    site: Site, company: Company
) -> None:
    payee, other = somebody(), somebody()
    payouts = [
        company.approved(payee, 500),
        company.approved(other, 70),
        company.approved(payee, 500),
        company.approved(payee, 3),
    ]
    amounts = [3_000_000, 500_000_000, 70_000_000, 500_000_000]
    tx_hash = site.usdc.send("pay_many", [payee, payee, other, payee], amounts)
    for payout_id in payouts:
        company.execute(payout_id, tx_hash)

    site.final()

    settlements = [company.settlements(payout_id)[0] for payout_id in payouts]
    assert [company.status(payout_id) for payout_id in payouts] == ["settled"] * 4
    assert sorted(each["ordinal"] for each in settlements) == [0, 1, 2, 3]
    assert [each["amount_atomic"] for each in settlements] == [
        "500000000", "70000000", "500000000", "3000000",
    ]  # fmt: skip
    assert {each["tx_hash"] for each in settlements} == {tx_hash}
    assert company.books()["matched"] == {"count": 4, "total_amount": Decimal(1073)}


def test_of_three_payouts_and_two_logs_two_settle_and_the_third_says_whose_the_money_is(
    site: Site, company: Company
) -> None:
    payee = somebody()
    payouts = [company.approved(payee, 500) for _ in range(3)]
    tx_hash = site.usdc.send("pay_many", [payee, payee], [500_000_000, 500_000_000])
    for payout_id in payouts:
        company.execute(payout_id, tx_hash)

    site.final()

    told = [company.payout(payout_id) for payout_id in payouts]
    assert [each["status"] for each in told] == ["settled", "settled", "failed"]
    assert told[2]["failure_code"] == "transfer_already_claimed"
    assert payouts[0] in told[2]["failure_reason"]


def test_money_from_a_wallet_that_is_not_registered_waits_until_it_is(
    site: Site, company: Company
) -> None:
    treasury, other = site.node.accounts[:2]
    company.registers("arbitrum", other)
    payee = somebody()
    payout_id = company.approved(payee)
    company.execute(payout_id, site.usdc.send("transfer", payee, 500_000_000, sender=treasury))

    site.final()
    waiting = company.payout(payout_id)
    company.registers("arbitrum", treasury)
    site.tick()

    assert (waiting["status"], waiting["failure_code"]) == ("verifying", None)
    assert waiting["warnings"][-1].startswith("source_not_registered: ")
    settled = company.payout(payout_id)
    assert settled["status"] == "settled"
    assert settled["warnings"] == []


def test_a_transfer_that_is_older_than_the_payout_is_refused(site: Site, company: Company) -> None:
    payee, tx_hash = site.old_transfer
    payout_id = company.approved(payee, 500)
    company.execute(payout_id, tx_hash)

    site.final()

    payout = company.payout(payout_id)
    assert (payout["status"], payout["outcome"]) == ("failed", "moved")
    assert payout["failure_code"] == "transfer_predates_payout"
    assert company.settlements(payout_id) == []


def test_a_transaction_that_nobody_sees_is_not_failed(site: Site, company: Company) -> None:
    payout_id = company.approved(somebody())
    company.execute(payout_id, Web3.to_hex(Web3.keccak(text=payout_id)))

    site.node.mine(40)
    site.tick()
    site.tick()

    assert company.status(payout_id) == "executed"
    assert company.events(payout_id)[-1] == "executed"


def test_not_found_fails_past_the_limit_alone_and_a_late_transfer_is_recorded(
    site: Site, company: Company
) -> None:
    node, payee = site.base, somebody()
    payout_id = company.approved(payee, chain="base")
    tx_hash = site.base_usdc.send("transfer", payee, 500_000_000)
    raw = node.rpc("eth_getRawTransactionByHash", tx_hash)
    node.rpc("anvil_dropTransaction", tx_hash)
    company.execute(payout_id, tx_hash)
    before = []
    for hours in (0, 25, 46):  # 71 in all
        site.age(payout_id, minutes=60 * hours)
        node.mine()
        site.tick()
        before.append(company.status(payout_id))

    site.age(payout_id, minutes=61)
    node.mine()
    site.tick()
    failed = company.payout(payout_id)

    assert before == ["executed"] * 3
    assert (failed["status"], failed["failure_code"]) == ("failed", "transaction_not_found")
    assert failed["outcome"] == "unknown"
    assert company.books()["unknown_outcomes"]["count"] == 1
    assert company.reconcile().status == 1

    node.rpc("eth_sendRawTransaction", raw)
    node.mine(3)
    site.age(payout_id, minutes=61)  # by now it is asked for once an hour
    site.tick()

    payout = company.payout(payout_id)
    (settlement,) = company.settlements(payout_id)
    assert (payout["status"], payout["settlement_id"]) == ("failed", settlement["id"])
    assert settlement["discrepancies"] == ["late_settlement"]
    assert company.events(payout_id)[-2:] == ["failed", "discrepancy"]
    assert company.books()["discrepancies"][0]["kinds"] == ["late_settlement"]
    assert company.reconcile().status == 1
