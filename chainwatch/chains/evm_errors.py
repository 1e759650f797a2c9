"""What an EVM node's error means. Pure.

Some things are cured by asking for less: for fewer blocks, or with fewer calls in one request.

Providers agree on no code for "too many blocks at once": the same -32005 says that and "you ask too
often", -32602 says it and "your parameters are wrong". So their words decide. The two mistakes
are not alike: a range error that is not known as one would be asked again unchanged for ever, while
any other error taken for one costs a few smaller questions. So anything that speaks of a range, or
of too much to answer, counts, but for what clearly speaks of something else. It is the same with
how many calls a node takes in one request: whatever speaks of a batch counts.
"""

import re

from chainwatch.chains.base import ChainUnavailable, RangeTooLarge

_LONGEST = 200


class BatchTooLarge(ChainUnavailable):
    """The node will not take so many calls in one request."""


class TooMuchAtOnce(RangeTooLarge):
    """The request or its answer is too long: ask with fewer calls, or for a shorter range."""


_BATCH = re.compile(r"\bbatch")
_USED_UP = re.compile(r"rate.?limit|rate exceeded|per second|throttl|quota|credits|capacity")

# You ask too often, or have used up what you paid for: a smaller range would not help.
_TOO_OFTEN = re.compile(
    r"rate.?limit|rate exceeded|too many requests|request count|requests per|per second"
    r"|throughput|throttl|quota|credits|capacity|(daily|monthly|request|usage) limit"
)
# The node does not have these blocks: not yet, or not any more.
_NOT_THERE = re.compile(
    r"(beyond|after|above|ahead of|greater than) (the )?(current|latest|last|head)"
    r"|(block|header)s?[^.]* not found|cannot be found|unknown block|pruned|missing trie"
    r"|invalid block range( params)?$"
)
_TOO_MUCH = re.compile(
    r"\brange\b|\bspan\b|blocks? (distance|window)|block limit|too many (blocks|logs|results)"
    r"|(limit(ed)?|max(imum)?|up) (is |of |set )?to [^.]{0,30}block|at most [^.]{0,30}block"
    r"|max(imum)? [^.]{0,40}(results|logs|blocks)|more than [\d,]+ (results|logs|blocks|events)"
    r"|(result|log|response|body)[^.]{0,30}(exceed|too (big|large|long)|larger)"
    r"|logs matched|limit exceeded|exceeds? (the |a )?(defined |max(imum)? )?limit"
    r"|(narrow|reduce|limit) (down )?(your|the) (query|filter|block|request)"
)


def failure(error: object) -> ChainUnavailable:
    """Return what a node's error is.

    RangeTooLarge where fewer blocks at once would help, BatchTooLarge where fewer calls would.
    """
    text = words(error)
    if _is_about_batch(error):
        return BatchTooLarge(text)
    return RangeTooLarge(text) if _is_about_range(error) else ChainUnavailable(text)


def words(error: object) -> str:
    """Return what a node says went wrong, short and printable: it lands in logs and rows."""
    if not isinstance(error, dict):
        return "an answer that is no batch"
    text = f"{error.get('code')}: {error.get('message')}"
    return "".join(c if c.isprintable() else " " for c in text[:_LONGEST])


def _is_about_batch(error: object) -> bool:
    text = _message(error)
    return _BATCH.search(text) is not None and _USED_UP.search(text) is None


def _is_about_range(error: object) -> bool:
    text = _message(error)
    if _TOO_OFTEN.search(text) or _NOT_THERE.search(text):
        return False
    return _TOO_MUCH.search(text) is not None


def _message(error: object) -> str:
    return str(error.get("message"))[:2000].lower() if isinstance(error, dict) else ""
