"""How events are sealed: each link is a hash of the link before it and of all that an event says.

A link is SHA-256(previous link ‖ canonical bytes of the event), 32 bytes. The "previous link" of
the first event is SHA-256 of the JSON `["v1", organization_id, environment]`. The canonical bytes
are JSON in UTF-8, without spaces and with nothing escaped that need not be: `["v1", id, …]`, every
column in the order of SEALED. Texts and numbers stand as they are, times as
`2025-01-15T12:00:00.000000Z`, the payload as the text that PostgreSQL makes of it. Whoever has the
rows can compute the same with any other program.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.utils.crypto import constant_time_compare, salted_hmac

from events.models import SealHead

VERSION = "v1"
LINK_BYTES = 32

_TIME = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
# Every column of an event, by its name, and how it is read. A test holds them to the model.
SEALED = {
    "id": "id",
    "organization_id": "organization_id",
    "environment": "environment",
    "sequence": "sequence",
    "type": "type",
    "resource_id": "resource_id",
    "checkout_id": "checkout_id",
    "actor_id": "actor_id",
    "actor_name": "actor_name",
    "address": "address",
    "payload": "payload::text",
    "created_at": _TIME.format("created_at"),
    "updated_at": _TIME.format("updated_at"),
}
COLUMNS = ", ".join(SEALED.values())
ID, SEQUENCE = list(SEALED).index("id"), list(SEALED).index("sequence")

Row = Sequence[str | int | None]
_json = msgspec.json.Encoder().encode


def genesis(organization_id: str, environment: str) -> bytes:
    """The link before the first event of an organization and environment."""
    return hashlib.sha256(_json([VERSION, organization_id, environment])).digest()


def canonical(row: Row) -> bytes:
    """What is sealed of an event: `row` holds its columns as COLUMNS reads them."""
    return _json([VERSION, *row])


def link(previous: bytes, row: Row) -> bytes:
    """The link of an event that stands behind the one whose link is `previous`."""
    return hashlib.sha256(previous + canonical(row)).digest()


def sign(head: SealHead) -> None:
    """Bind the head to SECRET_KEY; writes its `key_mark` and `mac`, and saves nothing."""
    head.key_mark = key_mark()
    head.mac = _mac(head)


def is_signed(head: SealHead) -> bool:
    """Whether this very head was signed with today's SECRET_KEY."""
    return constant_time_compare(head.mac, _mac(head))


def key_mark() -> str:
    """Tells one key from another, and nothing about it."""
    return salted_hmac("events.seal.key", "", algorithm="sha256").hexdigest()[:16]


def _mac(head: SealHead) -> str:
    begun_at: datetime = head.begun_at
    said = [
        *(VERSION, head.organization_id, head.environment, head.sequence, head.digest),
        begun_at.isoformat(),
    ]
    return salted_hmac("events.seal.head", _json(said).decode(), algorithm="sha256").hexdigest()
