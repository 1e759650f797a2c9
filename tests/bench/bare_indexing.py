"""The floor of indexing: the same questions, their answers parsed, the same rows copied. No more.

Nothing is held against anything, nothing is looked up, nobody else may write meanwhile.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import requests
from django.db import connection, transaction

from tests.bench.log_node import CONTRACT, HEAD, MOST_LOGS, PER_BLOCK, TRANSFER, WALLET, first_block
from tests.bench.node import topic
from tests.bench.ticking import CHAIN

BATCH = 100
TABLES = {
    "chainwatch_watchedtransaction": (
        "id, created_at, updated_at, chain, scope, tx_hash, key, watched_at, watch_until, asked_at,"
        " block_number, block_hash, block_time, succeeded, sender, replaced_by, found_at, finality,"
        " seen_at, node, changed_at"
    ),
    "chainwatch_transfer": (
        "id, created_at, updated_at, chain, scope, tx_hash, key, ordinal, log_index, contract,"
        " from_address, to_address, amount_atomic, block_number, block_hash, block_time, node,"
        " seen_at"
    ),
}


def run(url: str, logs: int) -> None:
    """Read all of a node's logs and their receipts, and copy a row of each into tables like ours.

    Range by range, each in a transaction; ranges are as long as the node answers.
    """
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"create temporary table bare_{table} (like {table} including all)")
    blocks = MOST_LOGS // PER_BLOCK
    with requests.Session() as session:
        for first in range(first_block(logs), HEAD + 1, blocks):
            receipts = list(_receipts(session, url, first, min(first + blocks - 1, HEAD)))
            with transaction.atomic():
                _copy("chainwatch_watchedtransaction", map(_transaction, receipts))
                _copy("chainwatch_transfer", map(_transfer, receipts))
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from bare_chainwatch_transfer")
        assert cursor.fetchone() == (logs,)
        for table in TABLES:
            cursor.execute(f"drop table bare_{table}")


def _receipts(session: requests.Session, url: str, first: int, last: int) -> Iterator[Any]:
    wanted = {
        "fromBlock": hex(first),
        "toBlock": hex(last),
        "address": [CONTRACT],
        "topics": [TRANSFER, [topic(WALLET)]],
    }
    (logs,) = _ask(session, url, "eth_getLogs", [wanted])
    hashes = [log["transactionHash"] for log in logs]
    for start in range(0, len(hashes), BATCH):
        yield from _ask(session, url, "eth_getTransactionReceipt", hashes[start : start + BATCH])


def _ask(session: requests.Session, url: str, method: str, params: Sequence[Any]) -> list[Any]:
    questions = [
        {"jsonrpc": "2.0", "id": number, "method": method, "params": [param]}
        for number, param in enumerate(params)
    ]
    answer = session.post(
        url,
        data=orjson.dumps(questions),
        headers={"Content-Type": "application/json"},
        timeout=60,
    )
    return [each["result"] for each in orjson.loads(answer.content)]


def _transaction(receipt: Any) -> tuple[Any, ...]:
    now, log = datetime.now(UTC), receipt["logs"][0]
    return (
        _number(receipt), now, now, CHAIN.value, "", receipt["transactionHash"], "", now, now, now,
        int(receipt["blockNumber"], 16), receipt["blockHash"], _time(log), True, receipt["from"],
        "", now, "confirmations", now, "bare", now,
    )  # fmt: skip


def _transfer(receipt: Any) -> tuple[Any, ...]:
    now, log = datetime.now(UTC), receipt["logs"][0]
    return (
        f"tr_{_number(receipt):024d}", now, now, CHAIN.value, "", receipt["transactionHash"], "", 0,
        int(log["logIndex"], 16), log["address"], _address(log["topics"][1]),
        _address(log["topics"][2]),
        int(log["data"], 16), int(receipt["blockNumber"], 16), receipt["blockHash"], _time(log),
        "bare", now,
    )  # fmt: skip


def _number(receipt: Any) -> int:
    """Return a number of its own for each transaction."""
    return int(receipt["blockNumber"], 16) * PER_BLOCK + int(receipt["transactionIndex"], 16)


def _time(log: Any) -> datetime:
    return datetime.fromtimestamp(int(log["blockTimestamp"], 16), UTC)


def _address(word: str) -> str:
    return f"0x{word[26:]}"


def _copy(table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    statement = f"copy bare_{table} ({TABLES[table]}) from stdin"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
