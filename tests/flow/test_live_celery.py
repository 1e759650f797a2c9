"""Live payouts settle by a real worker and a real beat on a real Redis: nobody calls `tick`."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from billing import processes
from tests.flow.company import Company
from tests.flow.test_live_base import executed_on_each, mine_all, statuses
from tests.flow.three_chains import Place, ThreeChains
from tests.tron.faults import Hang

BIN = Path(sys.executable).parent
PATIENCE_S = 60


@contextmanager
def celery(*arguments: str, chains: ThreeChains, redis_url: str) -> Iterator[None]:
    command = [str(BIN / "celery"), "--app", "billing.celery", "--quiet", *arguments]
    environment = {**chains.environment, "REDIS_URL": redis_url, "POLL_INTERVAL_S": "1"}
    process: subprocess.Popen[bytes] = processes.start(command, environment)
    try:
        yield
    finally:
        processes.stop([process], limit_s=15)


@pytest.fixture
def beat(chains: ThreeChains, redis_url: str) -> Iterator[None]:
    """The worker with as few threads as there can be chains that hang, and one more."""
    with ExitStack() as held:
        for words in (
            ("worker", "--pool", "threads", "--concurrency", "3"),
            ("beat", "--pidfile="),
        ):
            held.enter_context(celery(*words, chains=chains, redis_url=redis_url))
        yield
        chains.heal()


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.2)


@dataclass(frozen=True)
class Walk:
    """What the company does on one chain, all of it in the next block."""

    place: Place
    good: str
    short: str
    astray: str
    unnamed: str
    stray_hash: str  # of money that left the company's wallet with no intent

    @classmethod
    def begun(cls, company: Company, place: Place) -> "Walk":
        wallet = place.wallet(10_000_000_000)
        company.registers(place.chain, wallet)

        def pay(payee: str, amount_atomic: int) -> str:
            return place.usdc.send("transfer", payee, amount_atomic, sender=wallet)

        payees = [place.somebody() for _ in range(4)]
        good, short, astray, unnamed = [
            company.approved(payee, chain=place.chain) for payee in payees
        ]
        company.execute(good, pay(payees[0], 500_000_000))
        company.execute(short, pay(payees[1], 499_999_999))
        company.execute(astray, pay(place.somebody(), 500_000_000))
        pay(payees[3], 500_000_000)
        return cls(place, good, short, astray, unnamed, pay(place.somebody(), 70_000_000))

    def mine(self, blocks: int) -> None:
        self.place.node.mine(blocks)

    def statuses(self, company: Company) -> list[str]:
        named = (self.good, self.short, self.astray, self.unnamed)
        return [company.status(payout_id) for payout_id in named]


VERIFYING = ["verifying", "verifying", "verifying", "approved"]
DONE = ["settled", "settled", "failed", "settled"]


def test_worker_and_beat_walk_payouts_on_every_chain_to_their_ends_and_not_before_they_are_final(
    chains: ThreeChains, company: Company, beat: None
) -> None:
    walks = [Walk.begun(company, chains.on(chain)) for chain in ("tron", "arbitrum", "base")]
    for walk in walks:
        walk.mine(walk.place.depth - 1)

    def are_one_block_short() -> bool:
        seen = [(company.payout(w.good)["confirmations"], w.place.depth - 1) for w in walks]
        return all(confirmations == wanted for confirmations, wanted in seen)

    eventually(are_one_block_short)
    eventually(lambda: [walk.statuses(company) for walk in walks] == [VERIFYING] * 3)
    asked = chains.tron.requests
    eventually(lambda: chains.tron.requests >= asked + 6)  # some passes more, on every chain
    early = [walk.statuses(company) for walk in walks], company.unexpected()
    for walk in walks:
        walk.mine(1)
    eventually(lambda: [walk.statuses(company) for walk in walks] == [DONE] * 3)
    eventually(lambda: len(company.unexpected()) == 3)

    assert early == ([VERIFYING] * 3, [])
    for walk in walks:
        assert company.payout(walk.astray)["failure_code"] == "recipient_mismatch"
        assert company.settlements(walk.good)[0]["discrepancies"] == []
        assert company.settlements(walk.good)[0]["confirmations"] == walk.place.depth
        assert company.settlements(walk.short)[0]["discrepancies"] == ["amount"]
    stray = company.unexpected()
    assert {each["tx_hash"] for each in stray} == {walk.stray_hash for walk in walks}
    assert [company.events(each["id"]) for each in stray] == [["settlement.unexpected"]] * 3


def test_payouts_settle_with_nobody_calling_and_a_chain_that_hangs_stops_no_other(
    chains: ThreeChains, company: Company, beat: None
) -> None:
    payouts = executed_on_each(chains, company)
    mine_all(chains)

    eventually(lambda: set(statuses(company, payouts).values()) == {"settled"})

    hang = Hang()
    chains.tron.fault = hang
    later = executed_on_each(chains, company)
    mine_all(chains)
    evm = {chain: later[chain] for chain in ("arbitrum", "base")}
    eventually(lambda: set(statuses(company, evm).values()) == {"settled"})
    meanwhile = company.status(later["tron"])
    asked = hang.waiting
    chains.heal()
    eventually(lambda: company.status(later["tron"]) == "settled")

    assert (meanwhile, asked > 0) == ("executed", True)
    assert company.events(later["tron"])[2:] == ["executed", "verifying", "settled"]
