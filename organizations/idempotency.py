"""One act per Idempotency-Key, however often and however simultaneously it is sent.

The key's row, the act and the stored answer commit together, so a killed call leaves nothing.
"In use" is a refused advisory lock, which lives exactly as long as the first call's transaction.
Lock and look-up are one statement, whose snapshot may be older than its lock: between the two a
first call may have committed unseen. The insert at the end decides: it writes only where no live
row stands, and the loser is rolled back and answered from the winner's row.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models.functions import Now

from billing import exact_json
from billing.api.repeats import Answer, Call
from billing.errors import IdempotencyConflict
from organizations import secrets
from organizations.models import IdempotencyKey

KEPT_FOR = timedelta(hours=24)
_FORGET_AT_ONCE = 5_000

LOCK_AND_FIND: Final = """
SELECT pg_try_advisory_xact_lock(%s), k.body_digest, k.answer, k.is_encrypted
FROM (SELECT) AS call LEFT JOIN organizations_idempotencykey k
    ON k.id = %s AND k.expires_at > statement_timestamp()
"""
_UNLESS_LIVE: Final = """
ON CONFLICT (id) DO UPDATE SET
    body_digest = excluded.body_digest, status = excluded.status, answer = excluded.answer,
    is_encrypted = excluded.is_encrypted, created_at = excluded.created_at,
    updated_at = excluded.updated_at, expires_at = excluded.expires_at
WHERE kept.expires_at <= statement_timestamp()
RETURNING id
"""
_COLUMNS: Final = (
    "id", "organization_id", "environment", "method", "path", "key", "body_digest", "status",
    "answer", "is_encrypted",
)  # fmt: skip
KEEP: Final = """
INSERT INTO organizations_idempotencykey AS kept
    ({columns}, created_at, updated_at, expires_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, now(), now(), now() + %s)
{unless_live}
""".format(columns=", ".join(_COLUMNS), unless_live=_UNLESS_LIVE)

# The same for an act that is itself one statement, as its parts, with the names of
# `call_parameters`. Such an act selects from `kept`, and so does nothing where that is empty.
CALL: Final = """
call AS MATERIALIZED (
    SELECT pg_try_advisory_xact_lock(%(call_lock)s) AS is_locked,
           k.body_digest, k.answer, k.is_encrypted
      FROM (SELECT) one LEFT JOIN organizations_idempotencykey k
        ON k.id = %(call_id)s AND k.expires_at > statement_timestamp()
)
"""
_KEPT: Final = """
kept AS (
    INSERT INTO organizations_idempotencykey AS kept
    SELECT row.* FROM call, jsonb_populate_record(
        NULL::organizations_idempotencykey, %(call_row)s::jsonb || jsonb_build_object(
            'created_at', now(), 'updated_at', now(), 'expires_at', now() + %(call_kept_for)s)
        ) row, {condition} AND is_locked AND call.body_digest IS NULL
    {unless_live}
)
"""


class _OvertakenError(Exception):
    """Another first call committed between our snapshot and our lock. Ours is rolled back."""


def once(call: Call, act: Callable[[], Answer]) -> Answer:
    """Run `act` for the first call of a key, answer every repeat from what was stored.

    Raises IdempotencyConflict where the key came with another body, or its first call still runs.
    What `act` raises undoes everything; an answer that is not 2xx is not kept.
    """
    try:
        return _attempt(call, act)
    except _OvertakenError:
        return _attempt(call, act)


def _attempt(call: Call, act: Callable[[], Answer]) -> Answer:
    with transaction.atomic():
        stored = find(call)
        if stored is not None:
            return stored
        answer = act()
        if 200 <= answer.status < 300 and not _keep(call, answer):
            raise _OvertakenError
        return answer


def find(call: Call) -> Answer | None:
    """Take the call's lock and return its stored answer, None for a first call.

    Inside a transaction; the lock goes with it. One round trip. Raises IdempotencyConflict.
    """
    identity = identity_of(call)
    with connection.cursor() as cursor:
        cursor.execute(LOCK_AND_FIND, [lock_of(identity), identity])
        return stored_answer(call, *_only(cursor.fetchone()))


def stored_answer(
    call: Call, is_locked: bool, body_digest: str | None, answer: bytes | None, is_encrypted: bool
) -> Answer | None:
    """Read the row that LOCK_AND_FIND, or CALL, gives. Raises IdempotencyConflict."""
    if body_digest is not None and answer is not None:
        if body_digest != exact_json.digest(call.body):
            raise IdempotencyConflict(
                "This Idempotency-Key was used with another body. Take a new key."
            )
        text = bytes(answer)
        return Answer(200, secrets.decrypt(text) if is_encrypted else text, is_replay=True)
    if not is_locked:
        raise IdempotencyConflict(
            "The first call with this Idempotency-Key is still running. Repeat it in a moment.",
            code="idempotency_key_in_use",
        )
    return None


def identity_of(call: Call) -> str:
    """What makes two calls the same one; the primary key of the stored answer."""
    parts = (
        call.caller.organization_id,
        call.caller.environment,
        call.method,
        call.path,
        call.key,
    )
    return hashlib.sha256(exact_json.dumps(parts)).hexdigest()


def lock_of(identity: str) -> int:
    """The advisory lock of an identity: its first 64 bits, signed as PostgreSQL wants them."""
    return int.from_bytes(bytes.fromhex(identity[:16]), "big", signed=True)


def kept(condition: str) -> str:
    """The part that keeps the answer of a first call where `condition` holds: `table WHERE …`."""
    return _KEPT.format(condition=condition, unless_live=_UNLESS_LIVE)


def call_parameters(call: Call, answer: Answer) -> dict[str, Any]:
    """The parameters of CALL and of `kept`. The stored row is one JSON text: bytes go as hex."""
    identity = identity_of(call)
    row = dict(zip(_COLUMNS, _kept_values(call, answer, identity), strict=True))
    row["answer"] = "\\x" + row["answer"].hex()
    return {
        "call_id": identity,
        "call_lock": lock_of(identity),
        "call_row": exact_json.dumps(row).decode(),
        "call_kept_for": KEPT_FOR,
    }


def forget_expired() -> int:
    """Delete stored answers older than 24 hours, in batches; returns how many."""
    forgotten = 0
    while True:
        expired = IdempotencyKey.objects.filter(expires_at__lte=Now())
        batch = list(expired.values_list("id", flat=True)[:_FORGET_AT_ONCE])
        forgotten += expired.filter(id__in=batch).delete()[0]
        if len(batch) < _FORGET_AT_ONCE:
            return forgotten


def _keep(call: Call, answer: Answer) -> bool:
    with connection.cursor() as cursor:
        values: list[Any] = [*_kept_values(call, answer, identity_of(call)), KEPT_FOR]
        cursor.execute(KEEP, values)
        return cursor.fetchone() is not None


def _kept_values(call: Call, answer: Answer, identity: str) -> list[Any]:
    """What the row says, in the order of _COLUMNS."""
    body = secrets.encrypt(answer.body) if call.stores_secrets else answer.body
    return [
        identity,
        call.caller.organization_id,
        call.caller.environment.value,
        call.method,
        call.path,
        call.key,
        exact_json.digest(call.body),
        answer.status,
        body,
        call.stores_secrets,
    ]


def _only(row: tuple[Any, ...] | None) -> tuple[Any, ...]:
    assert row is not None  # a SELECT from one row has one row
    return row
