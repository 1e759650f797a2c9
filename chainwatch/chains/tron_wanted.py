"""Which of a Tron block's transactions a scan looks for. Pure, but for what `known` asks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from billing.chains import Network
from chainwatch.chains import tron_answers
from chainwatch.chains.base import Header, Known, Receipt, TransferLog, is_ours
from chainwatch.chains.tron_answers import Info
from chainwatch.chains.tron_transfers import body, mentions, recipients


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a scan looks for. `bodies` are the addresses, and `contracts` ours, as events hold them.

    `known` says which recipients are looked for besides (`ChainReader.scan`).
    """

    network: Network
    senders: frozenset[str]
    recipients: frozenset[str]
    references: frozenset[str]
    bodies: frozenset[str]
    contracts: frozenset[str]
    known: Known | None

    @classmethod
    def of(
        cls,
        network: Network,
        *,
        senders: Collection[str],
        recipients: Collection[str],
        references: Collection[str],
        known: Known | None,
    ) -> "Wanted":
        return cls(
            network=network,
            senders=frozenset(senders),
            recipients=frozenset(recipients),
            references=frozenset(references),
            bodies=frozenset(body(address) for address in (*senders, *recipients)),
            contracts=frozenset(map(body, (*network.contracts.values(), *network.namesakes))),
            known=known,
        )

    def among(self, infos: Sequence[Info], block: Header) -> Mapping[str, Receipt]:
        """Return the receipts that are wanted among those of a block."""
        also = self._known_among(infos)
        bodies = self.bodies.union(map(body, also)) if also else self.bodies
        likely = (
            each for each in infos if each.tx_hash in self.references or mentions(each.logs, bodies)
        )
        receipts = (tron_answers.receipt(each, block, self.network) for each in likely)
        return {each.tx_hash: each for each in receipts if self._is(each, also)}

    def _known_among(self, infos: Sequence[Info]) -> frozenset[str]:
        """Ask once a block, with all who got one of our tokens in it."""
        if self.known is None:
            return frozenset()
        got: set[str] = set()
        for each in infos:
            got |= recipients(each.logs, self.contracts)
        return self.known(got)

    def _is(self, receipt: Receipt, also: frozenset[str]) -> bool:
        return receipt.tx_hash in self.references or any(
            each.amount_atomic > 0 and self._concerns(each, also) for each in receipt.transfers
        )

    def _concerns(self, moved: TransferLog, also: frozenset[str]) -> bool:
        if moved.from_address in self.senders and self.network.token_of(moved.contract):
            return True
        is_wanted = moved.to_address in self.recipients or moved.to_address in also
        return is_wanted and is_ours(moved.contract, self.network)
