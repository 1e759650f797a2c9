"""Tron: one node, one question per request, since its API has no batches.

So known hashes that are not mined yet are found in whole blocks (`scan`), and asked one by one only
where it matters. A transaction's answer names the height of its block but not its id: the id is the
block's at that height, if that was produced at the same moment.
"""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from billing.chains import Finality, Network
from chainwatch.chains import tron_answers, tron_holdings
from chainwatch.chains.base import (
    ChainRefused,
    ChainUnavailable,
    Head,
    Header,
    Known,
    Look,
    RangeTooLarge,
    Receipt,
    Scan,
    Sent,
)
from chainwatch.chains.bounded import TOTAL_TIMEOUT_S
from chainwatch.chains.evm_answers import Malformed
from chainwatch.chains.holdings import Asset, Holdings
from chainwatch.chains.tron_answers import Info
from chainwatch.chains.tron_node import Patience, TooMuch, TronNode
from chainwatch.chains.tron_wanted import Wanted

logger = logging.getLogger(__name__)

_SOLID_LEVELS = {Finality.SOLIDIFIED, Finality.FINALIZED}


class TronChain:
    """A ChainReader for one node of Tron."""

    most_blocks = 20  # a scan asks two questions for each
    reads_blocks = True

    def __init__(
        self, network: Network, url: str, *, total_timeout_s: float = TOTAL_TIMEOUT_S
    ) -> None:
        self._node = TronNode(url, network.rpc_headers, total_timeout_s=total_timeout_s)
        self.node, self.cost = self._node.name, self._node.cost
        self._network = network
        self._total_timeout_s = total_timeout_s
        self._is_known = False  # whether its chain id was asked, and right, since the last failure

    def look(
        self,
        references: Sequence[str],
        *,
        head: Head | None = None,
        block_times: Mapping[str, datetime] | None = None,
        levels: Collection[Finality] = (),
        check: Sequence[int] = (),
        is_solid: bool = False,
    ) -> Look:
        before = replace(self.cost)
        self._recognise()
        head = head or self._head(levels)
        # `block_times` saves nothing here: the id of a block has to be asked, and brings its time.
        blocks = {head.number: _header_of(head)}
        hashes = self._check(check, head, blocks)
        receipts, unanswered = self._receipts(
            references, blocks, view="walletsolidity" if is_solid else "wallet"
        )
        return Look(
            head=head,
            receipts=receipts,
            node=self.node,
            http_requests=self.cost.http_requests - before.http_requests,
            calls=self.cost.calls - before.calls,
            unanswered=unanswered,
            block_hashes=hashes,
        )

    def scan(
        self,
        first: int,
        last: int,
        *,
        senders: Collection[str] = (),
        recipients: Collection[str] = (),
        references: Collection[str] = (),
        known: Known | None = None,
    ) -> Scan:
        assert first <= last
        wanted = Wanted.of(
            self._network,
            senders=senders,
            recipients=recipients,
            references=references,
            known=known,
        )
        found: dict[str, Receipt | None] = {}
        blocks: list[Header] = []
        try:
            self._recognise()
            for block, infos in self._blocks(first, last):
                found |= wanted.among(infos, block)
                blocks.append(block)
        except TooMuch as reason:
            if first < last:
                raise RangeTooLarge(str(reason)) from reason
            raise
        return Scan(blocks[-1], found, self.node, blocks[0].parent_hash)

    def sent(self, references: Sequence[str]) -> Mapping[str, Sent | None]:
        return {}

    def next_nonces(self, senders: Sequence[str]) -> Mapping[str, int]:
        return {}

    def holdings(self, addresses: Sequence[str]) -> Holdings:
        self._recognise()
        newest = self._newest("wallet").number
        amounts: dict[tuple[str, str], int] = {}
        for address in dict.fromkeys(addresses):
            whose = {"address": address, "visible": True}
            account = self._ask("wallet/getaccount", **whose)
            resource = self._ask("wallet/getaccountresource", **whose)
            amounts[address, Asset.FEE_COIN.value] = tron_holdings.coin(account)
            amounts[address, Asset.ENERGY.value] = tron_holdings.energy(resource)
            amounts[address, Asset.BANDWIDTH.value] = tron_holdings.bandwidth(resource)
            for contract in self._network.contracts.values():
                if (amount := self._token(address, contract)) is not None:
                    amounts[address, contract] = amount
        return Holdings(newest, self.node, amounts)

    def have_code(self, addresses: Sequence[str]) -> Mapping[str, bool]:
        return {}

    def block_hashes(self, numbers: Sequence[int]) -> Mapping[int, str]:
        self._recognise()
        return self._known_hashes(numbers, {})

    def chain_id(self) -> int:
        return tron_answers.chain_id(self._ask_block(0))

    def recheck(self) -> None:
        self._is_known = False

    def _token(self, address: str, contract: str) -> int | None:
        said = self._ask(
            "wallet/triggerconstantcontract",
            owner_address=address,
            contract_address=contract,
            function_selector=tron_holdings.BALANCE_OF,
            parameter=tron_holdings.parameter(address),
            visible=True,
        )
        try:
            return tron_holdings.token(said)
        except Malformed:  # No contract there: the others still count.
            return None

    def _recognise(self) -> None:
        """Go on only with a node of the right chain: a hash means nothing on another one."""
        if self._is_known:
            return
        claimed = self.chain_id()
        if claimed != self._network.chain_id:
            raise ChainRefused(f"chain id {claimed} instead of {self._network.chain_id}")
        self._is_known = True

    def _head(self, levels: Collection[Finality]) -> Head:
        newest = self._newest("wallet")
        return Head(
            number=newest.number,
            block_hash=newest.block_hash,
            block_time=newest.block_time,
            finalized_number=None if _SOLID_LEVELS.isdisjoint(levels) else self._solid_number(),
            parent_hash=newest.parent_hash,
        )

    def _solid_number(self) -> int | None:
        try:
            return self._newest("walletsolidity").number
        except ChainUnavailable as reason:
            # What is not solid can still be sighted meanwhile.
            logger.warning("node told no solid head node=%s reason=%s", self.node, reason)
            return None

    def _newest(self, view: str) -> Header:
        # Without a number it is the newest. `getnowblock` says the same with every transaction in
        # it: half a megabyte each time.
        newest = tron_answers.header(self._ask(f"{view}/getblock", detail=False))
        if newest is None:
            raise Malformed("no newest block")
        return newest

    def _check(
        self, numbers: Sequence[int], head: Head, blocks: dict[int, Header]
    ) -> Mapping[int, str]:
        """Return the block ids at these heights, asking only for what the head does not tell."""
        told = {head.number: head.block_hash}
        if head.parent_hash:
            told[head.number - 1] = head.parent_hash
        asked = [each for each in numbers if each not in told and each < head.number]
        hashes = {**told, **self._known_hashes(asked, blocks)}
        return {each: hashes[each] for each in numbers if each in hashes}

    def _known_hashes(self, numbers: Sequence[int], blocks: dict[int, Header]) -> Mapping[int, str]:
        hashes: dict[int, str] = {}
        for number in dict.fromkeys(numbers):
            try:
                hashes[number] = self._block(number, blocks).block_hash
            except Malformed:
                # One height that a node cannot answer must not hide what it says of the others.
                continue
        return hashes

    def _receipts(
        self, references: Sequence[str], blocks: dict[int, Header], *, view: str
    ) -> tuple[dict[str, Receipt | None], dict[str, str]]:
        receipts: dict[str, Receipt | None] = {}
        unanswered: dict[str, str] = {}
        patience = Patience(self._total_timeout_s)
        reason = ""  # why nothing more is asked
        for tx_hash in dict.fromkeys(references):
            if not reason and patience.is_over:
                reason = "not asked: the node is too slow for so many"
            if reason:
                unanswered[tx_hash] = reason
                continue
            try:
                receipts[tx_hash] = self._receipt(tx_hash, blocks, view)
            except Malformed as problem:
                unanswered[tx_hash] = str(problem)
            except ChainUnavailable as failure:
                # No answer at all: each of the others would be waited for as long.
                unanswered[tx_hash] = reason = str(failure)
        return receipts, unanswered

    def _receipt(self, tx_hash: str, blocks: dict[int, Header], view: str) -> Receipt | None:
        raw = self._ask(f"{view}/gettransactioninfobyid", value=tx_hash)
        said = tron_answers.info(raw, tx_hash)
        if said is None:
            return None
        return tron_answers.receipt(said, self._block(said.block_number, blocks), self._network)

    def _blocks(self, first: int, last: int) -> Iterator[tuple[Header, Sequence[Info]]]:
        """Yield these blocks, which follow each other, with the transactions of each."""
        patience = Patience(self._total_timeout_s)
        # The last one first: whoever lags does not have it.
        newest = self._ask_block(last)
        _at(last, newest)
        before: Header | None = None
        for number in range(first, last + 1):
            if patience.is_over and first < last:
                raise TooMuch("too slow for so many blocks")
            raw = newest if number == last else self._ask_block(number)
            block = _at(number, raw)
            if before is not None and block.parent_hash != before.block_hash:
                raise ChainUnavailable("blocks that do not follow each other")
            listed = self._ask("wallet/gettransactioninfobyblocknum", num=number)
            yield block, tron_answers.infos(listed, raw)
            before = block

    def _block(self, number: int, blocks: dict[int, Header]) -> Header:
        """Return the canonical block at a height, asked once per look. Raises Malformed."""
        if number not in blocks:
            blocks[number] = _at(number, self._ask_block(number))
        return blocks[number]

    def _ask_block(self, number: int) -> object:
        return self._ask("wallet/getblock", id_or_num=str(number), detail=False)

    def _ask(self, path: str, **question: object) -> object:
        try:
            return self._node.ask(path, **question)
        except ChainUnavailable:
            self._is_known = False
            raise


def _at(number: int, raw: object) -> Header:
    block = tron_answers.header(raw)
    if block is None:
        raise Malformed(f"no block {number} on this node")
    if block.number != number:
        raise Malformed("a block of another height")
    return block


def _header_of(head: Head) -> Header:
    return Header(
        number=head.number,
        block_hash=head.block_hash,
        parent_hash=head.parent_hash,
        block_time=head.block_time,
    )
