"""manage.py follow CHAIN"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from django.core.management.base import CommandError, CommandParser

from billing.chains import Chain, Environment
from billing.commands import DONE, FAILED, FOUND, JsonCommand, Outcome
from chainwatch import due, following, passes, services
from chainwatch.chains.base import ChainRefused, ChainUnavailable
from chainwatch.passes import Followed

STEP_BLOCKS = 1_000  # of a range, between two lines of progress
_COUNTS = (
    "asked",
    "seen",
    "final",
    "finalized",
    "orphaned",
    "scanned",
    "found",
    "http_requests",
    "rpc_calls",
)


class Command(JsonCommand):
    help = (
        "Makes one pass over one chain: asks its nodes for every hash that is in flight and for "
        "what watched addresses moved, and writes what they say (watched transactions, transfers, "
        "the head). Asks nothing where nothing is in flight and no address is watched. With "
        "--from-block and --to-block it scans that range again for the watched addresses instead, "
        "and the cursor stays where it is. Moves no payout: `tick` does, or the beat. Exit status "
        "1 where a node was of no use, 2 where the chain was not read."
    )

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("chain", metavar="CHAIN", choices=Chain.values)
        parser.add_argument(
            "--environment",
            choices=Environment.values,
            default=Environment.LIVE.value,
            help="sandbox: the simulated networks of all organizations (default: live)",
        )
        parser.add_argument("--from-block", type=int, metavar="N", help="the range's first block")
        parser.add_argument("--to-block", type=int, metavar="M", help="its last, itself included")

    def run(self, **options: Any) -> Outcome:
        chain: str = options["chain"]
        is_sandbox = options["environment"] == Environment.SANDBOX
        blocks = _range(options["from_block"], options["to_block"])
        if blocks is not None:
            done = self._scan(chain, due.scopes_watched(chain) if is_sandbox else [""], *blocks)
        elif is_sandbox:
            done = following.follow_sandboxes(chain)
        else:
            done = [following.follow(chain)]
        data = passes.summary(chain, done) | {"networks": [asdict(each) for each in done]}
        line = _line if blocks is None else _range_line
        lines = [line(each) for each in done] or [f"{chain}: nothing in flight"]
        status = _status if blocks is None else _range_status
        return Outcome(data, lines, max((status(each) for each in done), default=DONE))

    def _scan(self, chain: str, scopes: Sequence[str], first: int, last: int) -> list[Followed]:
        """Scan a range again in steps, telling after each how far it is; stop where one fails."""
        for scope in scopes:
            _refuse_beyond_head(chain, scope, last)
        done: list[Followed] = []
        for scope in scopes:
            for begin in range(first, last + 1, STEP_BLOCKS):
                end = min(begin + STEP_BLOCKS - 1, last)
                done.append(services.backfill(chain, begin, end, scope=scope))
                if done[-1].scanned <= end - begin:
                    break
                share = f"{end - first + 1} of {last - first + 1} blocks"
                self.progress(f"{chain} {scope or 'live'}: {share}, to {end}")
        return _merged(done)


def _range(first: int | None, last: int | None) -> tuple[int, int] | None:
    """Return the range that was asked for, None where none was. Raises CommandError."""
    if first is None and last is None:
        return None
    if first is None or last is None:
        raise CommandError("A range has two ends. Give --from-block and --to-block.")
    if first < 0:
        raise CommandError(f"There is no block {first}. Blocks count from 0.")
    if first > last:
        raise CommandError(f"Block {first} comes after {last}. Give the lower one first.")
    return first, last


def _refuse_beyond_head(chain: str, scope: str, last: int) -> None:
    try:
        newest = services.newest_block(chain, scope)
    except (ChainUnavailable, ChainRefused) as reason:
        raise CommandError(f"{chain} {scope or 'live'}: not read: {reason}") from reason
    if last > newest:
        raise CommandError(f"Block {last} is not there yet. The newest is {newest}.")


def _merged(done: Sequence[Followed]) -> list[Followed]:
    """Return one per network: sums, the newest head, every error once."""
    merged: dict[str, Followed] = {}
    for each in done:
        before = merged.get(each.scope)
        merged[each.scope] = each if before is None else _sum(before, each)
    return list(merged.values())


def _sum(one: Followed, other: Followed) -> Followed:
    counts = {name: getattr(one, name) + getattr(other, name) for name in _COUNTS}
    errors = dict.fromkeys(each for each in (one.error, other.error) if each)
    return replace(other, **counts, error="; ".join(errors))


def _status(followed: Followed) -> int:
    """A pass that got no head could not run; one with a complaint about a node found something."""
    if not followed.error:
        return DONE
    return FAILED if followed.head_number is None else FOUND


def _range_status(followed: Followed) -> int:
    """A range of which nothing was scanned since nobody answered could not run."""
    return FAILED if followed.error and not followed.scanned else _status(followed)


def _range_line(followed: Followed) -> str:
    place = f"{followed.chain} {followed.scope or 'live'}"
    said = f"{place}: scanned {followed.scanned} blocks, found {followed.found}"
    if followed.error:
        return f"{said}; {followed.error}"
    return said if followed.scanned else f"{place}: no address is watched, nothing scanned"


def _line(followed: Followed) -> str:
    place = f"{followed.chain} {followed.scope or 'live'}"
    if followed.error and followed.head_number is None:
        return f"{place}: not read: {followed.error}"
    if followed.head_number is None:
        return f"{place}: nothing in flight, nothing asked"
    said = (
        f"{place}: head {followed.head_number}, asked {followed.asked}, seen {followed.seen}, "
        f"final {followed.final}, orphaned {followed.orphaned}, {followed.http_requests} requests "
        f"with {followed.rpc_calls} calls"
    )
    return f"{said}; {followed.error}" if followed.error else said
