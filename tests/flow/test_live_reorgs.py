"""Live payouts while a real node reorganizes, rolls back, drops and replaces: by `tick` alone."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.admin.utils import quote

from tests.flow.company import Company
from tests.flow.desk import Desk
from tests.flow.three_chains import Place, ThreeChains

Loses = Callable[[Place, int], None]


@pytest.fixture(params=["arbitrum", "base"])
def place(chains: ThreeChains, request: pytest.FixtureRequest) -> Place:
    return chains.on(request.param)


def reorganized(place: Place, blocks: int) -> None:
    """Other blocks stand in the place of the newest ones, without their transactions."""
    place.node.rpc("anvil_reorg", blocks, [])


def rolled_back(place: Place, blocks: int) -> None:
    """The newest blocks are gone, and empty ones are mined in their place."""
    place.node.rpc("anvil_rollback", blocks)
    # A minute later: at the same second, the same empty block would stand there again.
    place.node.rpc("evm_increaseTime", 60)
    place.node.mine(blocks)


def executed(place: Place, company: Company) -> tuple[str, str, str]:
    """A payout whose transfer waits to be mined, the transfer's hash, and its raw transaction."""
    payee = place.somebody()
    payout_id = company.approved(payee, chain=place.chain, token="USDC")
    tx_hash = place.usdc.send("transfer", payee, 500_000_000)
    raw = place.node.rpc("eth_getRawTransactionByHash", tx_hash)
    company.execute(payout_id, tx_hash)
    return payout_id, tx_hash, raw


def ticked(chains: ThreeChains, place: Place, blocks: int) -> None:
    place.node.mine(blocks)
    chains.look()


@pytest.mark.parametrize("lose", [reorganized, rolled_back])
@pytest.mark.parametrize("depth", [1, 2])
def test_before_it_is_final_a_payout_goes_back_and_settles_from_the_block_that_stands(
    chains: ThreeChains, company: Company, place: Place, lose: Loses, depth: int
) -> None:
    payout_id, _, raw = executed(place, company)
    ticked(chains, place, depth)
    seen = company.status(payout_id)

    lose(place, depth)
    chains.look()
    gone = company.payout(payout_id)
    # As deep as it was on the chain that is no more, and deeper: nothing of that counts.
    ticked(chains, place, 5)
    still_gone = company.status(payout_id)
    place.node.rpc("eth_sendRawTransaction", raw)
    ticked(chains, place, 2)
    young = company.payout(payout_id)
    ticked(chains, place, 1)

    assert (seen, gone["status"], still_gone) == ("verifying", "executed", "executed")
    assert (gone["confirmations"], gone["stalled"]) == (0, False)
    assert (young["status"], young["confirmations"]) == ("verifying", 2)
    (settlement,) = company.settlements(payout_id)
    assert (company.status(payout_id), settlement["confirmations"]) == ("settled", 3)
    assert company.events(payout_id)[2:] == [
        "executed", "verifying", "reorged", "verifying", "settled",
    ]  # fmt: skip
    assert company.events(settlement["id"]) == []


@pytest.mark.parametrize("lose", [reorganized, rolled_back])
def test_after_it_is_settled_the_settlement_is_reversed_and_restored_and_nothing_is_deleted(
    chains: ThreeChains, company: Company, place: Place, lose: Loses
) -> None:
    payout_id, tx_hash, raw = executed(place, company)
    ticked(chains, place, 3)
    (first,) = company.settlements(payout_id)
    assert (company.status(payout_id), company.reconcile().status) == ("settled", 0)

    lose(place, 3)
    for _ in range(2):
        chains.look()
    reversed_, books = company.payout(payout_id), company.books()
    (gone,) = company.settlements(payout_id)

    assert (reversed_["status"], reversed_["settlement_id"]) == ("settled", first["id"])
    assert gone["reversed_at"] == reversed_["settlement_reversed_at"] is not None
    assert gone | {"reversed_at": None} == first
    assert company.events(first["id"]) == ["settlement.reversed"]
    assert (books["is_clean"], books["matched"]["count"]) == (False, 0)
    (discrepancy,) = books["discrepancies"]
    assert (discrepancy["settlement_id"], discrepancy["kinds"]) == (first["id"], ["reversed"])
    assert company.reconcile().status == 1

    place.node.rpc("eth_sendRawTransaction", raw)
    ticked(chains, place, 2)
    too_early = company.settlements(payout_id)[0]["reversed_at"]
    ticked(chains, place, 1)
    (restored,) = company.settlements(payout_id)

    assert too_early == gone["reversed_at"]
    assert (restored["reversed_at"], restored["tx_hash"]) == (None, tx_hash)
    assert restored["restored_at"] is not None
    assert restored | {"restored_at": None} == first
    assert company.payout(payout_id)["settlement_reversed_at"] is None
    assert company.events(first["id"]) == ["settlement.reversed", "settlement.restored"]
    assert company.events(payout_id)[2:] == ["executed", "verifying", "settled"]
    assert company.books()["matched"] == {"count": 1, "total_amount": Decimal(500)}
    assert company.reconcile().status == 0


def test_blocks_that_a_node_lost_and_nobody_replaced_take_nothing_back(
    chains: ThreeChains, company: Company, place: Place
) -> None:
    settled, _, first = executed(place, company)
    ticked(chains, place, 3)
    verifying, _, second = executed(place, company)
    ticked(chains, place, 1)
    told = ("status", "confirmations", "settlement_reversed_at", "updated_at")

    def known() -> list[dict[str, object]]:
        payouts = [company.payout(each) for each in (settled, verifying)]
        return [{name: payout[name] for name in told} for payout in payouts]

    before = known()
    assert [each["status"] for each in before] == ["settled", "verifying"]

    place.node.rpc("anvil_rollback", 4)
    for _ in range(3):
        chains.look()

    assert known() == before

    # What is mined next decides: other blocks than before, in which both stand again.
    for raw in (first, second):
        place.node.rpc("eth_sendRawTransaction", raw)
    ticked(chains, place, 6)
    for _ in range(2):
        chains.look()
    (settlement,) = company.settlements(settled)
    assert [company.status(each) for each in (settled, verifying)] == ["settled", "settled"]
    assert company.events(settlement["id"]) == ["settlement.reversed", "settlement.restored"]
    assert company.events(verifying)[3:] == ["verifying", "reorged", "verifying", "settled"]


def test_a_transaction_that_was_dropped_stalls_and_settles_when_it_is_sent_again(
    chains: ThreeChains, company: Company, place: Place
) -> None:
    payout_id, tx_hash, raw = executed(place, company)
    place.node.rpc("anvil_dropTransaction", tx_hash)
    ticked(chains, place, 20)
    dropped = company.payout(payout_id)

    chains.age(payout_id, minutes=16)
    ticked(chains, place, 1)
    stalled = company.payout(payout_id)
    place.node.rpc("eth_sendRawTransaction", raw)
    chains.age(payout_id, minutes=2)  # by now it is asked for once a minute
    ticked(chains, place, 3)

    assert (dropped["status"], dropped["stalled"]) == ("executed", False)
    assert (stalled["status"], stalled["stalled"]) == ("executed", True)
    assert (stalled["proposed_tx_hash"], stalled["failure_code"]) == (None, None)
    assert (company.status(payout_id), company.payout(payout_id)["stalled"]) == ("settled", False)
    assert company.events(payout_id)[2:] == ["executed", "stalled", "verifying", "settled"]


@pytest.fixture
def wallet(place: Place, company: Company) -> str:
    """A wallet of the company's own, from which its payouts on this chain are paid."""
    address = place.wallet(1_000_000_000)
    company.registers(place.chain, address)
    return address


def paid(place: Place, company: Company, wallet: str) -> tuple[str, str, str]:
    """A payout of 500 whose transfer waits for a block, at a low fee; and the payee."""
    payee = place.somebody()
    payout_id = company.approved(payee, chain=place.chain, token="USDC")
    tx_hash = place.usdc.send(
        "transfer", payee, 500_000_000, sender=wallet, gasPrice=hex(4 * 10**9)
    )
    company.execute(payout_id, tx_hash)
    return payout_id, tx_hash, payee


def replaced(
    chains: ThreeChains, place: Place, tx_hash: str, *, payee: str, amount_atomic: int
) -> str:
    """Mine another transfer with the sender and nonce of one that waits; its hash."""
    chains.look()
    chains.look()  # Looked for in vain once, it is asked about: who sent it, with which nonce.
    waiting = place.node.rpc("eth_getTransactionByHash", tx_hash)
    fees = {"nonce": waiting["nonce"], "gasPrice": hex(100 * 10**9)}
    other = place.usdc.send("transfer", payee, amount_atomic, sender=waiting["from"], **fees)
    assert place.node.rpc("eth_getTransactionByHash", tx_hash) is None
    chains.age_nonces()
    ticked(chains, place, 1)
    chains.look()
    return other


def test_a_transaction_that_was_speeded_up_is_proposed_accepted_with_one_click_and_settles(
    chains: ThreeChains, company: Company, place: Place, wallet: str
) -> None:
    payout_id, first, payee = paid(place, company, wallet)
    second = replaced(chains, place, first, payee=payee, amount_atomic=500_000_000)
    ticked(chains, place, 5)
    proposed = company.payout(payout_id)

    assert (proposed["status"], proposed["expected_tx_hash"]) == ("executed", first)
    assert proposed["proposed_tx_hash"] == second
    assert proposed["warnings"][-1].startswith("replacement_found: ")
    # It is final by now: still nobody but a person decides that it is the one, and meanwhile it is
    # no money that left with no intent.
    assert (company.settlements(payout_id), company.unexpected()) == ([], [])

    page = f"/admin/payouts/payoutintent/{quote(payout_id)}/change/"
    desk = Desk(company, f"{payout_id}@example.com")
    (act,) = re.findall(r'action="(/\S+/act/use_proposed_hash/)"', desk.page(page))
    desk.post(page, act, tx_hash=second)
    accepted = company.payout(payout_id)
    chains.look()

    assert (accepted["expected_tx_hash"], accepted["proposed_tx_hash"]) == (second, None)
    payout = company.payout(payout_id)
    (settlement,) = company.settlements(payout_id)
    assert (payout["status"], payout["warnings"]) == ("settled", [])
    assert (settlement["tx_hash"], settlement["discrepancies"]) == (second, [])
    assert company.events(payout_id)[2:] == [
        "executed", "replacement_found", "executed", "verifying", "settled",
    ]  # fmt: skip
    assert (company.unexpected(), company.reconcile().status) == ([], 0)


def test_a_nonce_that_was_used_for_other_money_is_no_replacement_and_fails_nothing(
    chains: ThreeChains, company: Company, place: Place, wallet: str
) -> None:
    payout_id, first, _ = paid(place, company, wallet)
    second = replaced(chains, place, first, payee=place.somebody(), amount_atomic=500_000_000)
    ticked(chains, place, 5)

    payout = company.payout(payout_id)
    assert (payout["status"], payout["expected_tx_hash"]) == ("executed", first)
    assert (payout["proposed_tx_hash"], payout["failure_code"]) == (None, None)
    assert [each["tx_hash"] for each in company.unexpected()] == [second]
