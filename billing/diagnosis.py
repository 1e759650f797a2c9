"""What `manage.py doctor` looks at: one finding per thing, and what to do where it is red."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.module_loading import import_string

from billing.database.holding import EmbeddedPostgresFailed

OLDEST_POSTGRESQL = 160000
CLOCK_MOST = timedelta(seconds=2)
LAG_MOST = timedelta(seconds=60)
BACKLOG_MOST = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor. `remedy` is empty where all is well."""

    thing: str
    says: str
    remedy: str = ""

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
    for node in check_nodes():
        yield _judge(node)
    for chain, row in settings.NETWORKS.items():
        if not row.is_configured:
            says = f"no node: off for live, sandbox only. {chain.upper()}_RPC_URLS turns it on"
            yield Finding(chain, says)


def _judge(node: Node) -> Finding:
    thing = f"{node.chain} {node.node}"
    variable = f"{node.chain.upper()}_RPC_URLS"
    if node.error:
        return Finding(thing, node.error, f"Mend the node, or take it out of {variable}.")
    lag_s = node.lag.total_seconds() if node.lag is not None else 0.0
    says = f"block {node.head_number}, {lag_s:.0f} s behind the clock"
    is_late = lag_s > LAG_MOST.total_seconds()
    return Finding(thing, says, "Wait until it has caught up, or use another." if is_late else "")


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
