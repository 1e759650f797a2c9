"""The benchmarks of the watcher, made small: that they run, and that they count what is so."""

import pytest

from billing.chains import Environment
from events.models import Event
from payouts.models import PayoutIntent, Settlement
from tests.bench import indexing, naive, rpc, settling, worker
from tests.bench.figures import Figure
from tests.bench.flight import take_off
from tests.bench.node import TRANSFER, CountingNode, Payment, topic
from tests.bench.place import new_tenant
from tests.bench.ticking import CHAIN, connected, tick

USDC = "0xaf88d065e77c8cc2239327c5edb3a432268e5831"
STRANGER = "0x" + "c" * 40
PAYMENTS = [Payment(f"0x{number:064x}", USDC, STRANGER, 5) for number in range(1, 4)]

in_the_database = pytest.mark.django_db(transaction=True)


def test_the_naive_watcher_asks_twice_per_payout_and_block() -> None:
    node = CountingNode(chain_id=42161)

    rival = naive.watch(node, PAYMENTS, 4)
    node.close()

    assert (rival.payouts, rival.ticks, rival.calls) == (3, 4, 24)
    assert node.http_requests == 24
    assert node.by_method == {"eth_getTransactionReceipt": 12, "eth_blockNumber": 12}


def test_the_counting_node_finds_logs_by_sender_and_block() -> None:
    node = CountingNode(chain_id=42161)
    node.mine(PAYMENTS[:1])
    node.mine(PAYMENTS[1:])

    def found(first: int, sender: str) -> list[str]:
        wanted = {
            "fromBlock": hex(first),
            "toBlock": hex(node.head),
            "address": [USDC],
            "topics": [TRANSFER, [topic(sender)]],
        }
        logs = node.answer({"id": 1, "method": "eth_getLogs", "params": [wanted]})["result"]
        return [log["transactionHash"] for log in logs]

    node.close()
    assert found(node.head, node.payer) == [each.tx_hash for each in PAYMENTS[1:]]
    assert len(found(node.head - 1, node.payer)) == 3
    assert found(node.head - 1, STRANGER) == []


@in_the_database
def test_copies_in_flight_settle_as_the_first_payout_does() -> None:
    node = CountingNode(chain_id=42161)
    with connected(node.url, confirmations=1):
        flight = take_off(new_tenant("Copies", Environment.LIVE), CHAIN, 3)
        node.mine(flight.payments)
        tick()
    node.close()

    assert flight.settled == 3
    settlements = Settlement.objects.all()
    assert {each.tx_hash for each in settlements} == {each.tx_hash for each in flight.payments}
    assert [each.discrepancies for each in settlements] == [[], [], []]
    assert all(each.payout_id for each in settlements)


@in_the_database
def test_what_settling_costs_is_counted_to_the_call() -> None:
    figures = _by_name(rpc.scene(3, 5))

    # The chain id, a head in each of five ticks, and each receipt twice: when seen, and when final
    # with the head once more.
    assert figures["calls per settled payout"].measured == (1 + 5 + 2 * 3 + 1) / 3
    assert figures["calls per settled payout"].rival == "naive watcher 10"
    assert figures["HTTP per settled payout"].measured == (5 + 1) / 3
    assert figures["HTTP per tick but 1 per 100 new"].measured == 1
    assert figures["calls when idle"].measured == 0


@in_the_database
def test_a_chain_without_payouts_costs_no_call() -> None:
    assert [(each.name, each.measured) for each in rpc.scene(0, 3)] == [("calls when idle", 0)]


@in_the_database
def test_a_watched_wallet_costs_one_request_more_in_each_tick() -> None:
    rpc.scene(1, 2)

    figures = _by_name(rpc.watched_scene(3, 3))

    assert figures["HTTP per tick but 1 per 100 new"].measured == 2
    assert figures["HTTP per tick, only watching"].measured == 2
    assert all(each.holds for each in figures.values() if each.name.startswith("HTTP"))
    # Nobody is told of money that nobody meant: not of these payouts, nor of those before.
    assert not Event.objects.filter(type="settlement.unexpected").exists()
    assert Settlement.objects.filter(payout=None).count() == 0


@in_the_database
def test_hashes_that_wait_to_be_mined_are_counted_while_they_wait() -> None:
    figures = _by_name(rpc.waiting_scene(2))

    # Ten ticks: a head and two receipts in each, the chain id once, and once who sent the two.
    assert figures["calls per tick"].measured == (1 + 10 * 3 + 2) / 10
    assert figures["HTTP per tick"].measured == (10 + 1) / 10


@in_the_database
def test_the_ticks_that_settle_are_the_ones_that_are_timed() -> None:
    took = settling.in_flight(4, a_block=2, blocks=3)

    assert len(took) == 3
    assert all(0 < seconds < 10 for seconds in took)
    assert PayoutIntent.objects.filter(status="settled").count() == 6
    assert PayoutIntent.objects.filter(status="verifying").count() == 2


@pytest.mark.parametrize(
    ("periods", "p50", "p95"),
    [
        (0.2, 0.705, 1.155),  # it waits for the next tick, then for its end
        (2, 3.01, 3.91),  # ticks begin as often as they can: one in two periods
    ],
)
def test_a_block_waits_for_a_tick_and_for_its_end(periods: float, p50: float, p95: float) -> None:
    period_s = 2  # Arbitrum's polling interval

    figures = _by_name(settling.figures("x", [periods * period_s], limit=1.5))

    assert figures["p50"].measured == pytest.approx(p50)
    assert figures["p95"].measured == pytest.approx(p95)
    assert figures["p95"].holds is (p95 <= 1.5)


@in_the_database
def test_indexing_is_measured_on_every_log_there_is() -> None:
    figures = _by_name(indexing.run(200))

    assert {each.workload for each in figures.values()} == {"index 200 transfers"}
    assert set(figures) == {"backfill", "backfill's time", "follow from behind"}
    assert all(each.measured > 0 for each in figures.values())


@in_the_database
def test_the_worker_that_is_measured_settles_payouts_in_its_own_process() -> None:
    (figure,) = worker.memory(30)

    # One at the first and one at the 26th tick, in the warm-up and in what is measured.
    assert PayoutIntent.objects.filter(status="settled").count() == 4
    assert figure.name == "memory after 30 ticks"
    assert 0.5 < figure.measured < 1.5


@in_the_database
def test_processor_time_is_measured_with_the_payouts_still_waiting() -> None:
    idle, busy = worker.cpu(3, 5)

    assert PayoutIntent.objects.filter(status="verifying").count() == 3
    assert (idle.name, busy.name) == (
        "CPU per tick, nothing in flight",
        "CPU per tick, 3 in flight",
    )
    # Which is more is for the bench to say: five ticks on a busy machine are no measure.
    assert idle.measured > 0
    assert busy.measured > 0


def _by_name(figures: list[Figure]) -> dict[str, Figure]:
    return {figure.name: figure for figure in figures}
