"""What must hold at every step of a schedule, whatever the nodes said."""

from chainwatch.models import Transfer, WatchedTransaction
from payouts.models import PayoutIntent, Settlement, SubmittedHash
from tests.payouts.replaying import assert_replays
from tests.simulator.digest import PROVEN_BY_A_BLOCK, Digest, standing_transfers
from tests.simulator.running import Run
from tests.simulator.world import Mined, Move, World


class Checks:
    """Looks at what is new since the last look."""

    def __init__(self, run: Run) -> None:
        self._run, self._world = run, run.world
        self._settled: set[str] = set()
        self._failed: set[str] = set()
        self._orphaned: set[str] = set()

    def after_a_step(self) -> None:
        self._no_wrong_settlement()
        self._no_premature_failure()
        self._nothing_lost_by_silence()

    def at_the_end(self) -> None:
        for payout in self._run.company.payouts:
            assert_replays(payout.id)
        check_final(self._run.company.chain, self._world)

    def _no_wrong_settlement(self) -> None:
        organization = self._run.company.people.admin.organization_id
        rows = Settlement.objects.filter(organization_id=organization)
        ids = set(rows.values_list("id", flat=True))
        new, gone = ids - self._settled, self._settled - ids
        assert not gone, "a settlement was deleted"
        for each in rows.filter(id__in=new).select_related("payout") if new else ():
            check_settlement(each, self._world)
        self._settled = ids

    def _no_premature_failure(self) -> None:
        mine = [payout.id for payout in self._run.company.payouts]
        rows = PayoutIntent.objects.filter(id__in=mine, status="failed")
        failed = set(rows.values_list("id", flat=True))
        for payout in rows.filter(id__in=failed - self._failed) if failed - self._failed else ():
            check_failure(payout, self._world)
        self._failed = failed

    def _nothing_lost_by_silence(self) -> None:
        rows = Transfer.objects.filter(chain=self._run.company.chain).exclude(orphaned_at=None)
        orphaned = set(rows.values_list("id", flat=True))
        new = orphaned - self._orphaned
        for transfer in rows.filter(id__in=new) if new else ():
            check_orphaned(transfer, self._world)
        self._orphaned = orphaned


def check_end(end: Digest, world: World) -> None:
    """All there is to know of the final chain is known, by the world's own word.

    The state of an undisturbed watcher is what others are held against, so it is held against this.
    """
    places = world.branch.places
    for tx_hash, told in end.transactions.items():
        block, mined = places[tx_hash]
        assert told == (block.number, block.block_hash, mined.succeeded, True, True), tx_hash
    for place, (status, _, _, tx_hash, attention, _) in end.payouts.items():
        is_open = status in ("executed", "verifying")
        assert not is_open or attention, f"nothing follows for payout {place} from {tx_hash}"


def check_final(chain: str, world: World) -> None:
    """Whatever was believed to the end is what the final chain holds, found or named."""
    final = WatchedTransaction.objects.filter(chain=chain, scope="", final_at__isnull=False)
    places = world.branch.places
    for row in final:
        assert row.tx_hash in places, f"final and in no block: {row.tx_hash}"
        block, mined = places[row.tx_hash]
        assert (row.block_hash, row.succeeded) == (block.block_hash, mined.succeeded), row.tx_hash
    for transfer in standing_transfers(chain).filter(tx_hash__in=final.values("tx_hash")):
        _, mined = places[transfer.tx_hash]
        assert is_true(transfer, mined), f"a final transfer that is none: {transfer.tx_hash}"


def check_settlement(settlement: Settlement, world: World) -> None:
    """It is what the transaction did in a block that was final, as its amount asks."""
    payout = settlement.payout
    level = world.network.finality
    if payout is not None and not is_found(payout):
        level = world.network.finality_for(payout.amount_atomic)
    mined = world.was_final(settlement.tx_hash, settlement.block_hash, level)
    assert mined is not None, f"settled before it was final: {settlement.tx_hash} by {level}"
    assert is_true(settlement, mined), f"settled by a transfer that is none: {settlement.tx_hash}"
    if payout is not None:
        paid = (settlement.contract, settlement.to_address)
        assert paid == (payout.contract, payout.recipient_address)


def is_true(told: Settlement | Transfer, mined: Mined) -> bool:
    """Whether the transaction did this in that block."""
    moves, place = mined.transaction.moves, told.ordinal - mined.transaction.first_ordinal
    if not mined.succeeded or not 0 <= place < len(moves):
        return False
    said = Move(told.contract, told.from_address, told.to_address, int(told.amount_atomic))
    return said == moves[place]


def is_found(payout: PayoutIntent) -> bool:
    """Whether nobody named its hash before it was final: its amount could not count until then."""
    return bool(SubmittedHash.objects.filter(payout=payout, reason__startswith="found").exists())


def check_orphaned(transfer: Transfer, world: World) -> None:
    """Another block was where its block had been, or it never was so in that block.

    Its transaction in another block of the chain says as much, where the chain has grown shorter
    and has no block at that height yet. Where a liar told the truth and more, all of it is taken
    back, and the truth is kept anew.
    """
    number, block_hash = transfer.block_number, transfer.block_hash
    places = [branch.places.get(transfer.tx_hash) for branch in world.past]
    mined = [place[1] for place in places if place and place[0].block_hash == block_hash]
    if not mined or not is_true(transfer, mined[0]) or world.was_replaced(number, block_hash):
        return
    now = world.branch.places.get(transfer.tx_hash)
    if now is not None and now[0].block_hash != block_hash:
        return
    again = Transfer.objects.filter(
        tx_hash=transfer.tx_hash,
        ordinal=transfer.ordinal,
        block_hash=block_hash,
        orphaned_at=None,
    )
    assert again.exists(), f"taken back by silence: {transfer.tx_hash}"


def check_failure(payout: PayoutIntent, world: World) -> None:
    """It is proven by a final block, or every hash was absent for longer than it could live."""
    named = list(SubmittedHash.objects.filter(payout=payout))
    if payout.failure_code in PROVEN_BY_A_BLOCK:
        succeeded = PROVEN_BY_A_BLOCK[payout.failure_code]
        level = world.network.finality_for(payout.amount_atomic)
        hashes = {each.tx_hash for each in named}
        assert any(
            tx_hash in hashes and by == level and mined.succeeded is succeeded
            for (tx_hash, _, by), mined in world.final.items()
        ), f"failed without proof: {payout.failure_code}"
        return
    assert payout.failure_code == "transaction_not_found", payout.failure_code
    for each in named:
        until = each.submitted_at_chain_time + world.network.not_found_limit
        assert any(
            branch.tip.block_time > until and each.tx_hash not in branch.places
            for branch in world.past
        ), f"failed though the transaction could be mined still: {each.tx_hash}"
