"""GET /v1/payouts over many rows: the last page beside the first, and every row once."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection

from tests.bench.arms import interleaved, ratio, seconds
from tests.bench.calling import Answer, caller
from tests.bench.figures import Figure
from tests.bench.loading import Book
from tests.bench.place import Tenant

ROUNDS, REQUESTS, LIMIT = 30, 10, 100
Call = Callable[..., Answer]


def run(tenant: Tenant, book: Book) -> list[Figure]:
    workload = f"GET /v1/payouts, {book.payouts:,} rows"
    call = caller(WSGIHandler(), tenant.secret)
    seen: Counter[str] = Counter()
    last = ""
    for path, page in _pages(call):
        seen.update(row["id"] for row in page["data"])
        last = path
    first = _path(None)
    arms = {"last": _pages_like(call, last), "first": _pages_like(call, first)}
    answers = interleaved(arms, ROUNDS)
    first_ms = 1000 * min(answers["first"]) / REQUESTS
    beside = f"the first page {first_ms:.2f} ms"
    return [
        Figure(workload, "last page's time", ratio(answers, "last", "first"), "×", beside, 1.3),
        Figure(workload, "queries, one for the key", _queries(call, last), "", "", 3),
        Figure(workload, "rows walked", len(seen), "", "each once", book.payouts, exactly=True),
        Figure(workload, "rows met twice", seen.total() - len(seen), "", "", 0, exactly=True),
    ]


def _path(cursor: str | None) -> str:
    return f"/v1/payouts?limit={LIMIT}" + (f"&cursor={cursor}" if cursor else "")


def _pages(call: Call) -> Iterator[tuple[str, Any]]:
    cursor = None
    while True:
        path = _path(cursor)
        page = call("GET", path).json()
        yield path, page
        if not page["has_more"]:
            return
        cursor = page["next_cursor"]


def _pages_like(call: Call, path: str) -> Callable[[], float]:
    def many() -> None:
        for _ in range(REQUESTS):
            assert call("GET", path).status == 200

    return seconds(many)


def _queries(call: Call, path: str) -> int:
    statements: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        call("GET", path)
    return len(statements)
