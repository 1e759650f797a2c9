"""What `manage.py doctor` looks at: one finding per thing, and what to do where it is red."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.module_loading import import_string

from billing.chains import Finality, Network
from billing.database.holding import EmbeddedPostgresFailed

OLDEST_POSTGRESQL = 160000
CLOCK_MOST = timedelta(seconds=2)
LAG_MOST = timedelta(minutes=2)
BEHIND_MOST = 60  # blocks behind the furthest node of the chain
SOLID_BEHIND_MOST = 100  # blocks of Tron's that are not solid; 18 or 19 are usual
BACKLOG_MOST = 200
TRONGRID_KEY = "TRON-PRO-API-KEY"
_LEVELS = {Finality.SAFE: "safe", Finality.FINALIZED: "finalized", Finality.SOLIDIFIED: "solid"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor. `remedy` is empty where all is well, or well enough: `advice` says
    what would be better."""

    thing: str
    says: str
    remedy: str = ""
    advice: str = ""

    @property
    def is_red(self) -> bool:
        return bool(self.remedy)


class Node(Protocol):
    """What chainwatch.services.check_nodes answers; this floor does not import it."""

    @property
    def chain(self) -> str: ...
    @property
    def node(self) -> str: ...
    @property
    def head_number(self) -> int | None: ...
    @property
    def lag(self) -> timedelta | None: ...
    @property
    def behind(self) -> int | None: ...
    @property
    def final_number(self) -> int | None: ...
    @property
    def untold(self) -> Collection[Finality]: ...
    @property
    def error(self) -> str: ...


def examine() -> Iterator[Finding]:
    """Look at everything, the database first; without it what lies in it is left out."""
    database = look_at_database()
    yield database
    if not database.is_red:
        yield look_at_migrations()
        yield look_at_clock()
    yield look_at_broker()
    yield from look_at_secrets()
    yield from look_at_nodes(import_string("chainwatch.services.check_nodes"))


def look_at_database() -> Finding:
    try:
        with connection.cursor() as cursor:
            cursor.execute("show server_version_num")
            number = int(cursor.fetchone()[0])
    except (DatabaseError, EmbeddedPostgresFailed) as error:
        first = str(error).strip().partition("\n")[0]
        return Finding("database", first, "Start PostgreSQL, or mend DATABASE_URL.")
    kind = "yours" if settings.DATABASE_URL else f"embedded, in {settings.DATA_DIR / 'postgres'}"
    says = f"PostgreSQL {number // 10_000}.{number % 10_000} ({kind})"
    old = "Use PostgreSQL 16 or newer." if number < OLDEST_POSTGRESQL else ""
    return Finding("database", says, old)


def look_at_migrations() -> Finding:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return Finding("migrations", "all applied")
    first = plan[0][0]
    return Finding("migrations", f"{len(plan)} pending, from {first}", "Run manage.py migrate.")


def look_at_clock() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        off = abs(cursor.fetchone()[0] - timezone.now())
    says = f"{off.total_seconds():.3f} s off the database's"
    return Finding("clock", says, "" if off <= CLOCK_MOST else "Set both clocks by NTP.")


def look_at_broker() -> Finding:
    if settings.REDIS_URL:
        return _look_at_redis(settings.REDIS_URL)
    folder = settings.DATA_DIR / "broker" / "queue"
    if not folder.exists():
        return Finding("broker", f"files in {folder}, made with the first job")
    waiting = _count(folder)
    says = f"files in {folder}, {waiting} waiting"
    if not os.access(folder, os.W_OK):
        return Finding("broker", says, "Make the folder writable for this user.")
    return Finding("broker", says, _too_many(waiting))


def look_at_secrets() -> Iterable[Finding]:
    key: Path = settings.DATA_DIR / "secret_key"
    if settings.DATABASE_URL or not key.exists():
        yield Finding("secrets", "SECRET_KEY from the environment")
    elif key.stat().st_mode & 0o077:
        yield Finding("secrets", f"{key} can be read by others", f"Run chmod 600 {key}.")
    else:
        yield Finding("secrets", f"SECRET_KEY in {key}, readable by its owner alone")
    if settings.DEBUG:
        yield Finding("debug", "DEBUG is on: pages of errors show settings", "Set DEBUG=off.")


def look_at_nodes(check_nodes: Callable[[], Iterable[Node]]) -> Iterator[Finding]:
    """Ask every node who it is; chains without one are off for live, which is no fault."""
    nodes = list(check_nodes())
    for node in nodes:
        yield _judge(node)
    for chain, row in settings.NETWORKS.items():
        if row.is_configured:
            fit = [node for node in nodes if node.chain == chain and not node.error]
            yield from _judge_chain(row, len(fit))
        else:
            says = f"no node: off for live, sandbox only. {chain.upper()}_RPC_URLS turns it on"
            yield Finding(chain, says)


def _judge(node: Node) -> Finding:
    thing = f"{node.chain} {node.node}"
    variable = f"{node.chain.upper()}_RPC_URLS"
    if node.error:
        return Finding(thing, node.error, f"Mend the node, or take it out of {variable}.")
    lag_s = node.lag.total_seconds() if node.lag is not None else 0.0
    says = f"block {node.head_number}, {lag_s:.0f} s behind the clock"
    if node.behind:
        says += f", {node.behind} blocks behind the furthest node"
    is_late = lag_s > LAG_MOST.total_seconds() or (node.behind or 0) > BEHIND_MOST
    if is_late:
        wait = f"Wait until it has caught up, or put another in its place in {variable}."
        return Finding(thing, says, wait)
    return _judge_finality(node, thing, says)


def _judge_finality(node: Node, thing: str, says: str) -> Finding:
    """Look at what a node tells of finality: without it, its blocks settle nothing."""
    row: Network = settings.NETWORKS[node.chain]
    words = " and ".join(_LEVELS[level] for level in sorted(node.untold))
    says += f"; tells no {words} block" if words else ""
    if row.levels & set(node.untold):
        return Finding(thing, says, _remedy_of_finality(row))
    if words:
        advice = "What is settled is looked after for a day instead: a node that tells it is better"
        return Finding(thing, says, advice=f"{advice}.")
    if row.is_evm or (node.head_number or 0) - (node.final_number or 0) <= SOLID_BEHIND_MOST:
        return Finding(thing, says)
    return Finding(
        thing, f"{says}; solid only up to block {node.final_number}", _remedy_of_finality(row)
    )


def _remedy_of_finality(row: Network) -> str:
    name = row.chain.upper()
    if row.is_evm:
        return (
            f"Nothing settles by this node while {name}_FINALITY or {name}_FINALITY_BY_AMOUNT asks "
            f"for it: put one that tells it in {name}_RPC_URLS, or ask for another level."
        )
    return (
        "Nothing settles by this node: switch its walletsolidity API on, or wait until that has "
        f"caught up, or put another node in its place in {name}_RPC_URLS."
    )


def _judge_chain(row: Network, fit: int) -> Iterator[Finding]:
    """Look at a chain's nodes together: whether enough can agree, and whether a key is missing."""
    name = row.chain.upper()
    if fit < row.quorum:
        says = f"{fit} of {len(row.rpc_urls)} nodes can be asked, {row.quorum} must agree"
        remedy = f"Nothing settles until then: mend a node, add one, or lower {name}_QUORUM."
        yield Finding(row.chain, says, remedy)
    keys = {header.lower() for header in row.rpc_headers}
    hosts = {urlsplit(url).hostname or "" for url in row.rpc_urls}
    if any(_is_trongrid(host) for host in hosts) and TRONGRID_KEY.lower() not in keys:
        says = "TronGrid is asked without a key, and will refuse whoever asks often"
        advice = f'Give it one: {name}_RPC_HEADERS={{"{TRONGRID_KEY}": "…"}}'
        yield Finding(row.chain, says, advice=advice)


def _is_trongrid(host: str) -> bool:
    return host == "trongrid.io" or host.endswith(".trongrid.io")


def _look_at_redis(url: str) -> Finding:
    client = redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5)
    try:
        waiting = int(client.llen("celery"))
    except redis.RedisError as error:
        return Finding("broker", f"Redis: {error}", "Start Redis, or mend REDIS_URL.")
    finally:
        client.close()
    return Finding("broker", f"Redis, {waiting} waiting", _too_many(waiting))


def _too_many(waiting: int) -> str:
    return "Start a worker: nobody takes the jobs." if waiting > BACKLOG_MOST else ""


def _count(folder: Path) -> int:
    return sum(1 for _ in folder.iterdir())
