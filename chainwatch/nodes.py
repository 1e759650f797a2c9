"""How each node of the live networks fares: who rests, and what screens say of them.

A pass reads `resting` before it asks and writes `note` when it is done: two queries in all.
"""

from collections.abc import Iterable, Set
from datetime import UTC, date, datetime

from django.db import connection
from django.utils import timezone

from billing.chains import Network
from chainwatch.chains.asking import Tally
from chainwatch.chains.base import name_of
from chainwatch.models import ChainNode

_Value = str | int | date | None

# Three failures in a row and a node rests 10 s, then twice as long each time, up to 5 minutes.
PATIENCE = 3
FIRST_REST_S = 10
LONGEST_REST_S = 300

# One statement for all nodes of a pass, so that two passes at once lose no count of each other.
_NOTE = f"""
insert into chainwatch_chainnode as known
    (chain, name, head_number, head_time, answered_at, failures, failed_at, last_error,
     rests_until, day, requests_today, calls_today, created_at, updated_at)
values {{rows}}
on conflict (chain, name) do update set
    head_number = coalesce(excluded.head_number, known.head_number),
    head_time = coalesce(excluded.head_time, known.head_time),
    answered_at = coalesce(excluded.answered_at, known.answered_at),
    failures = case when excluded.failures = 0 then 0 else known.failures + 1 end,
    failed_at = coalesce(excluded.failed_at, known.failed_at),
    last_error = excluded.last_error,
    rests_until = case
        when excluded.failures = 0 or known.failures + 1 < {PATIENCE} then null
        else excluded.failed_at + make_interval(secs => least(
            {LONGEST_REST_S}, {FIRST_REST_S} * 2 ^ least(known.failures + 1 - {PATIENCE}, 10)
        ))
    end,
    updated_at = excluded.updated_at,
    day = excluded.day,
    requests_today = excluded.requests_today
        + case when known.day = excluded.day then known.requests_today else 0 end,
    calls_today = excluded.calls_today
        + case when known.day = excluded.day then known.calls_today else 0 end
"""  # noqa: S608  # Nothing in it comes from outside.


def names(row: Network) -> list[str]:
    """Return the names of a live network's nodes in the order of settings, each once."""
    return list(dict.fromkeys(map(name_of, row.rpc_urls)))


def of_chains(chains: Iterable[Network]) -> dict[str, list[ChainNode]]:
    """Return the configured nodes by chain, in the order of settings; new ones unsaved. One query.

    Rows of nodes that settings name no more are left out.
    """
    rows = {(row.chain, row.name): row for row in ChainNode.objects.all()}
    return {
        each.chain: [
            rows.get((each.chain, name)) or ChainNode(chain=each.chain, name=name)
            for name in names(each)
        ]
        for each in chains
    }


def is_failing(node: ChainNode) -> bool:
    """Whether it failed so often in a row that it is no accident."""
    return node.failures >= PATIENCE


def resting(chain: str, at: datetime | None = None) -> Set[str]:
    """Return the names of a live network's nodes that are to be asked last. One query."""
    rows = ChainNode.objects.filter(chain=chain, rests_until__gt=at or timezone.now())
    return set(rows.values_list("name", flat=True))


def note(chain: str, tally: Tally, *, at: datetime) -> None:
    """Write how the nodes of a live network fared in one pass. One query, none if none was asked.

    A failure counts once per pass; a pass without one clears what was before.
    """
    names = sorted({*tally.heads, *tally.failures})
    if not names:
        return
    values: list[_Value] = []
    for name in names:
        values += _row(chain, name, tally, at)
    rows = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s, null, %s, %s, %s, %s, %s)"] * len(names))
    with connection.cursor() as cursor:
        cursor.execute(_NOTE.format(rows=rows), values)


def _row(chain: str, name: str, tally: Tally, at: datetime) -> list[_Value]:
    head, error, spent = tally.heads.get(name), tally.failures.get(name), tally.spent(name)
    return [
        chain,
        name,
        head.number if head else None,
        head.block_time if head else None,
        at if error is None else None,
        0 if error is None else 1,
        at if error is not None else None,
        (error or "")[:2000],
        at.astimezone(UTC).date(),
        spent.http_requests,
        spent.calls,
        at,
        at,
    ]
