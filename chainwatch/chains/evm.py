"""Arbitrum and Base: one node of an EVM chain, asked in raw JSON-RPC batches (`evm_node`).

Nothing here believes a node more than it must (`evm_answers`, `evm_logs`): a wrong id, a foreign
receipt, a log nobody asked for or another chain's id, and the whole answer is thrown away; one bad
item, and that item is.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from billing.chains import Finality, Network
from chainwatch.chains import evm_answers, evm_blocks, evm_holdings, evm_logs
from chainwatch.chains.base import (
    ChainRefused,
    ChainUnavailable,
    Head,
    Header,
    Known,
    Look,
    Receipt,
    Scan,
    Sent,
)
from chainwatch.chains.bounded import TOTAL_TIMEOUT_S
from chainwatch.chains.evm_batches import fitting
from chainwatch.chains.evm_errors import BatchTooLarge, TooMuchAtOnce
from chainwatch.chains.evm_node import Answer, Call, EvmNode, call, result
from chainwatch.chains.holdings import Holdings

_MOST_CHECKED = 10  # heights that are checked in the request for the head; the rest after it
# In one request: each can hold a thousand addresses, 70 kB, and web servers in front of a node take
# a megabyte unless they are told otherwise.
_MOST_FILTERS = 12
_CHAIN_ID = call("eth_chainId")
_TAGS = {Finality.SAFE: "safe", Finality.FINALIZED: "finalized"}

T = TypeVar("T")

_fitting_calls = fitting(BatchTooLarge, TooMuchAtOnce)


class EvmChain:
    """A ChainReader for one node of Arbitrum or Base: they differ by settings alone."""

    most_blocks = 10_000  # the longest range that most providers answer
    reads_blocks = False

    def __init__(
        self, network: Network, url: str, *, total_timeout_s: float = TOTAL_TIMEOUT_S
    ) -> None:
        self._network = network
        self._node = EvmNode(url, network.rpc_headers, total_timeout_s=total_timeout_s)
        self.node, self.cost, self.batches = self._node.name, self._node.cost, self._node.batches
        self._is_known = False  # whether its chain id was asked, and right, since the last failure

    @_fitting_calls
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
        requests_before, calls_before = self.cost.http_requests, self.cost.calls
        tags = ["latest", *(tag for level, tag in _TAGS.items() if level in levels)]
        opening = [_block_call(tag) for tag in tags] if head is None else []
        asked, heights = list(dict.fromkeys(references)), sorted(set(check))
        beside = heights[: min(_MOST_CHECKED, self.batches.most - len(opening))]
        checks = [_block_call(hex(height)) for height in beside]
        wanted = asked[: self.batches.room(len(opening) + len(checks), least=0)]
        # Answers come in the order of the questions; each reader takes as many as it asked.
        answers = iter(self._ask([*opening, *checks, *map(_receipt_call, wanted)]))
        if head is None:
            head = evm_blocks.head(dict(zip(tags, answers, strict=False)))
        blocks = evm_blocks.blocks_in(dict(zip(beside, answers, strict=False)))
        blocks |= self._blocks(heights[len(beside) :])
        answered = dict(zip(wanted, answers, strict=True))
        for chunk in _chunks(asked[len(wanted) :], self.batches.room(len(opening))):
            # With a head each, since the next request may be answered by another machine behind the
            # same address: what is mined on a fork that was left looks deep under another's head.
            answers = iter(self._ask([*opening, *map(_receipt_call, chunk)]))
            if opening:
                also = evm_blocks.head(dict(zip(tags, answers, strict=False)))
                head = evm_blocks.lower(head, also)
            answered |= zip(chunk, answers, strict=True)
        receipts, unanswered = self._read(answered, head, dict(block_times or {}))
        return Look(
            head=head,
            receipts=receipts,
            node=self.node,
            http_requests=self.cost.http_requests - requests_before,
            calls=self.cost.calls - calls_before,
            unanswered=unanswered,
            block_hashes=evm_blocks.hashes(blocks),
        )

    @fitting(BatchTooLarge)  # what is too long is a matter of the range here
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
        queries = evm_logs.queries(
            self._network, first, last, senders=senders, recipients=recipients
        )
        found: dict[str, None] = {}
        told: dict[int, str] = {}
        ends = [last, first - 1] if 0 < first < last else [last]
        for chunk in _chunks(queries, min(_MOST_FILTERS, self.batches.room(len(ends)))) or [[]]:
            calls = [call("eth_getLogs", query.filter) for query in chunk]
            # With each request, since the next may be answered by another machine behind the same
            # address, one that lags: for blocks it has not seen it answers that there are no logs.
            answers = iter(self._ask([*(_block_call(hex(number)) for number in ends), *calls]))
            block, *before = [evm_blocks.block_at(number, next(answers)) for number in ends]
            for each in (block, *before):
                if told.setdefault(each.number, each.block_hash) != each.block_hash:
                    raise ChainUnavailable(f"block {each.number} told two ways")
            for query, answer in zip(chunk, answers, strict=True):
                found |= dict.fromkeys(evm_logs.found(result(answer), query, told))
        parent_hash = block.parent_hash if first == last else told.get(first - 1, "")
        return Scan(block, found, self.node, parent_hash)

    def sent(self, references: Sequence[str]) -> Mapping[str, Sent | None]:
        def read(raw: object, tx_hash: str) -> Sent | None:
            return None if raw is None else evm_answers.sent(raw, tx_hash)

        return self._each(references, "eth_getTransactionByHash", read)

    def next_nonces(self, senders: Sequence[str]) -> Mapping[str, int]:
        def read(raw: object, sender: str) -> int:
            return evm_answers.quantity(raw, "nonce")

        return self._each(senders, "eth_getTransactionCount", read, "latest")

    @_fitting_calls
    def holdings(self, addresses: Sequence[str]) -> Holdings:
        asked = evm_holdings.questions(addresses, list(self._network.contracts.values()))
        amounts: dict[evm_holdings.Question, int] = {}
        newest = 0
        for chunk in _chunks(asked, self.batches.room(1)):
            calls = [_block_call("latest"), *map(evm_holdings.call_of, chunk)]
            head, *answers = self._ask(calls)
            newest = evm_answers.block(result(head)).number
            for question, answer in zip(chunk, answers, strict=True):
                if (amount := evm_holdings.amount(question, answer)) is not None:
                    amounts[question] = amount
        evm_holdings.require_any(amounts)
        return Holdings(newest, self.node, amounts)

    def have_code(self, addresses: Sequence[str]) -> Mapping[str, bool]:
        return self._each(addresses, "eth_getCode", evm_answers.has_code, "latest")

    @_fitting_calls
    def block_hashes(self, numbers: Sequence[int]) -> Mapping[int, str]:
        return evm_blocks.hashes(self._blocks(sorted(set(numbers))))

    def chain_id(self) -> int:
        (answer,) = self._node.ask([_CHAIN_ID])
        return evm_answers.quantity(result(answer), "chain id")

    def recheck(self) -> None:
        self._is_known = False

    def _ask(self, calls: Sequence[Call]) -> Sequence[Answer]:
        """Send one batch, and go on only with a node of the right chain.

        A hash means nothing on another one. The id is asked along, once after each failure.
        """
        if not calls:
            return []
        try:
            if self._is_known:
                return self._node.ask(calls)
            if len(calls) < self.batches.most:
                answer, *answers = self._node.ask([_CHAIN_ID, *calls])
            else:
                (answer,) = self._node.ask([_CHAIN_ID])
                answers = [*self._node.ask(calls)]
        except ChainUnavailable:
            self._is_known = False
            raise
        claimed = evm_answers.quantity(result(answer), "chain id")
        if claimed != self._network.chain_id:
            raise ChainRefused(f"chain id {claimed} instead of {self._network.chain_id}")
        self._is_known = True
        return answers

    @_fitting_calls
    def _each(
        self,
        words: Sequence[str],
        method: str,
        read: Callable[[object, str], T],
        *params: object,
    ) -> dict[str, T]:
        """Ask one question of each word; what gives no usable answer is left out.

        Raises ChainUnavailable where none is usable, so that another node is asked instead.
        """
        usable: dict[str, T] = {}
        reason: ChainUnavailable | None = None
        for chunk in _chunks(list(dict.fromkeys(words)), self.batches.room(0)):
            calls = [call(method, word, *params) for word in chunk]
            for word, answer in zip(chunk, self._ask(calls), strict=True):
                try:
                    usable[word] = read(result(answer), word)
                except evm_answers.Scrambled:
                    raise
                except ChainUnavailable as unusable:
                    reason = unusable
        if reason is not None and not usable:
            raise reason
        return usable

    def _read(
        self, answers: Mapping[str, Answer], head: Head, times: dict[str, datetime]
    ) -> tuple[dict[str, Receipt | None], dict[str, str]]:
        receipts: dict[str, Receipt | None] = {}
        unanswered: dict[str, str] = {}
        places: dict[str, evm_answers.Place] = {}
        for tx_hash, answer in answers.items():
            try:
                if (raw := result(answer)) is None:
                    receipts[tx_hash] = None
                else:
                    places[tx_hash] = evm_answers.place(raw, tx_hash)
            except evm_answers.Scrambled:
                raise
            except ChainUnavailable as reason:
                unanswered[tx_hash] = str(reason)
        times[head.block_hash] = head.block_time
        self._learn_times(places, times)
        for tx_hash, where in places.items():
            time = where.block_time or times.get(where.block_hash)
            if time is None:
                unanswered[tx_hash] = "its block could not be read at that height"
                continue
            try:
                receipts[tx_hash] = evm_answers.receipt(
                    answers[tx_hash]["result"], tx_hash, block_time=time, network=self._network
                )
            except evm_answers.Malformed as reason:
                unanswered[tx_hash] = str(reason)
        return receipts, unanswered

    def _learn_times(
        self, places: Mapping[str, evm_answers.Place], times: dict[str, datetime]
    ) -> None:
        """Ask for the blocks whose time no receipt says: each once, and by number.

        By number, so that the answer also tells whether the receipt's block is the canonical one.
        """
        missing = {
            where.block_number
            for where in places.values()
            if where.block_time is None and where.block_hash not in times
        }
        for block in self._blocks(sorted(missing)).values():
            times[block.block_hash] = block.block_time

    def _blocks(self, numbers: Sequence[int]) -> dict[int, Header]:
        """Return the canonical blocks at these heights; one that it does not know is left out."""
        answers: dict[int, Answer] = {}
        for chunk in _chunks(numbers, self.batches.room(0)):
            answers |= zip(chunk, self._ask([_block_call(hex(n)) for n in chunk]), strict=True)
        return evm_blocks.blocks_in(answers)


def _block_call(tag: str) -> Call:
    return call("eth_getBlockByNumber", tag, False)


def _receipt_call(tx_hash: str) -> Call:
    return call("eth_getTransactionReceipt", tx_hash)


def _chunks(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """Cut into requests."""
    return [items[start : start + size] for start in range(0, len(items), size)]
