"""Which blocks an EVM node's answers tell: the head, the levels below it, single heights. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from chainwatch.chains.base import ChainRefused, ChainUnavailable, Head, Header
from chainwatch.chains.evm_answers import Scrambled, block
from chainwatch.chains.evm_node import Answer, result

_METHOD_MISSING = -32601


def head(told: Mapping[str, Answer]) -> Head:
    """Read the head and the levels beside it; one that the node does not know is left open."""
    if _code(told["latest"]) == _METHOD_MISSING:
        raise ChainRefused("it does not answer eth_getBlockByNumber")
    newest = block(result(told["latest"]))
    # A level that the node does not know is no failure of the look: sightings can go on meanwhile.
    reached = {tag: _block_in(answer) for tag, answer in told.items() if tag != "latest"}
    safe, finalized = reached.get("safe"), reached.get("finalized")
    return Head(
        number=newest.number,
        block_hash=newest.block_hash,
        block_time=newest.block_time,
        safe_number=safe.number if safe else None,
        finalized_number=finalized.number if finalized else None,
        parent_hash=newest.parent_hash,
    )


def lower(one: Head, other: Head) -> Head:
    """Return the head up to which both go, at each level; a level that one leaves open is open."""
    return replace(
        min(one, other, key=lambda head: head.number),
        safe_number=_least(one.safe_number, other.safe_number),
        finalized_number=_least(one.finalized_number, other.finalized_number),
    )


def blocks_in(answers: Mapping[int, Answer]) -> dict[int, Header]:
    """Return the blocks of these answers by height; what the node does not know is left out."""
    found = {number: _block_in(answer) for number, answer in answers.items()}
    known = {number: header for number, header in found.items() if header is not None}
    if any(header.number != number for number, header in known.items()):
        raise Scrambled("a block of another height")
    return known


def block_at(number: int, answer: Answer) -> Header:
    """Return the block at a height that the node must know. Raises ChainUnavailable."""
    raw = result(answer)
    if raw is None:
        raise ChainUnavailable(f"it does not have block {number} yet")
    header = block(raw)
    if header.number != number:
        raise Scrambled("a block of another height")
    return header


def hashes(blocks: Mapping[int, Header]) -> dict[int, str]:
    return {number: header.block_hash for number, header in blocks.items()}


def _block_in(answer: Answer) -> Header | None:
    """Return the block in an answer, None where the node says there is none or cannot say."""
    try:
        raw = result(answer)
        return None if raw is None else block(raw)
    except ChainUnavailable:
        # One height that a node cannot answer must not hide what it says of all the others.
        return None


def _least(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else min(one, other)


def _code(answer: Answer) -> object:
    error = answer.get("error")
    return error.get("code") if isinstance(error, dict) else None
