"""manage.py follow CHAIN"""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from billing.chains import Chain, Environment
from billing.commands import DONE, FAILED, FOUND, JsonCommand, Outcome
from chainwatch import following, passes
from chainwatch.passes import Followed


class Command(JsonCommand):
    help = (
        "Makes one pass over one chain: asks its nodes for every hash that is in flight and writes "
        "what they say (watched transactions, transfers, the head). Asks nothing where nothing is "
        "in flight. Moves no payout: `tick` does, or the beat."
    )

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("chain", metavar="CHAIN", choices=Chain.values)
        parser.add_argument(
            "--environment",
            choices=Environment.values,
            default=Environment.LIVE.value,
            help="sandbox: the simulated networks of all organizations (default: live)",
        )

    def run(self, **options: Any) -> Outcome:
        chain: str = options["chain"]
        if options["environment"] == Environment.SANDBOX:
            done = following.follow_sandboxes(chain)
        else:
            done = [following.follow(chain)]
        data = passes.summary(chain, done) | {"networks": [asdict(each) for each in done]}
        lines = [_line(each) for each in done] or [f"{chain}: nothing in flight"]
        return Outcome(data, lines, max((_status(each) for each in done), default=DONE))


def _status(followed: Followed) -> int:
    """A pass that got no head could not run; one with a complaint about a node found something."""
    if not followed.error:
        return DONE
    return FAILED if followed.head_number is None else FOUND


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
