"""Which logs a scan asks a node for, and what of the answer is believed. Pure.

A node filters for us, so each log is held against the question it answers: one that does not fit is
the answer to another question, and then nothing beside it can be believed either.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from billing.chains import Network
from chainwatch.chains.evm_answers import (
    TRANSFER,
    Malformed,
    Scrambled,
    address_of,
    hash_of,
    quantity,
    transfer,
)

MOST_ADDRESSES = 1_000  # in one filter: what providers take

_SENDER, _RECIPIENT = 1, 2  # positions among a Transfer's topics


@dataclass(frozen=True, slots=True)
class Query:
    """One eth_getLogs: these contracts' Transfers whose topic at `position` is one of ours."""

    first: int
    last: int
    contracts: frozenset[str]
    position: int
    words: frozenset[str]

    @property
    def filter(self) -> Mapping[str, object]:
        ours = sorted(self.words)
        topics = [TRANSFER, ours] if self.position == _SENDER else [TRANSFER, None, ours]
        return {
            "fromBlock": hex(self.first),
            "toBlock": hex(self.last),
            "address": sorted(self.contracts),
            "topics": topics,
        }


def queries(
    network: Network,
    first: int,
    last: int,
    *,
    senders: Collection[str],
    recipients: Collection[str],
) -> list[Query]:
    """Return the questions that find all that these addresses sent or got, none where none is.

    What they got of namesakes too: they are paid by mistake, and never paid out.
    """
    pinned = frozenset(network.contracts.values())
    return [
        Query(first, last, contracts, position, words)
        for position, contracts, addresses in (
            (_SENDER, pinned, senders),
            (_RECIPIENT, pinned | network.namesakes.keys(), recipients),
        )
        for words in _chunked(addresses)
    ]


def found(raw: object, query: Query, blocks: dict[int, str]) -> Iterator[str]:
    """Yield the hash of each transaction with a transfer that answers the query.

    `blocks` are the hashes by height that were told so far; those of the logs are added. Raises
    Scrambled for the answer to another question, Malformed where a block is told two ways.
    """
    if not isinstance(raw, list) or not all(isinstance(log, dict) for log in raw):
        raise Malformed("no logs")
    for log in raw:
        number = _placed(log, query)
        block_hash = hash_of(log.get("blockHash"), "block hash")
        if blocks.setdefault(number, block_hash) != block_hash:
            raise Malformed(f"block {number} told two ways")
        tx_hash = hash_of(log.get("transactionHash"), "transaction hash")
        moved = transfer(log, ordinal=0, log_index=quantity(log.get("logIndex"), "log index"))
        # Nothing moves with a zero value: it is how strangers write lookalikes into a history.
        if moved is not None and moved.amount_atomic > 0:
            yield tx_hash


def _placed(log: Mapping[str, object], query: Query) -> int:
    """Return the height of a log that answers the query. Raises Scrambled for any other."""
    number = quantity(log.get("blockNumber"), "block number")
    topics = log.get("topics")
    if (
        not query.first <= number <= query.last
        or log.get("removed") not in (None, False)
        or address_of(log.get("address"), "contract") not in query.contracts
        or not _fits(topics, query)
    ):
        raise Scrambled("a log that was not asked for")
    return number


def _fits(topics: object, query: Query) -> bool:
    if not isinstance(topics, list) or len(topics) <= query.position:
        return False
    if not all(isinstance(topic, str) for topic in topics):
        return False
    return topics[0].lower() == TRANSFER and topics[query.position].lower() in query.words


def _chunked(addresses: Collection[str]) -> Iterator[frozenset[str]]:
    ours: Sequence[str] = sorted({_word(address) for address in addresses})
    for start in range(0, len(ours), MOST_ADDRESSES):
        yield frozenset(ours[start : start + MOST_ADDRESSES])


def _word(address: str) -> str:
    """An address as a topic holds it."""
    return "0x" + "0" * 24 + address[2:].lower()
