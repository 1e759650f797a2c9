"""Somebody who has the whole database, triggers and all, and changes what was told."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from events import chain
from events.stored import Place, chunks

# What another value of each column looks like; every column of an event is here, a test holds that.
OTHERS: dict[str, str] = {
    "id": "'evt_forged'",
    "organization_id": "'org_elsewhere'",
    "environment": "'nowhere'",
    "sequence": "100000 + sequence",
    "type": "type || '.forged'",
    "resource_id": "'po_forged'",
    "checkout_id": "coalesce(checkout_id || 'x', '')",
    "actor_id": "'usr_forged'",
    "actor_name": "actor_name || ' '",
    "address": "'203.0.113.9'",
    "payload": "jsonb_set(payload, '{data,note}', '\"another\"')",
    "created_at": "created_at + interval '1 microsecond'",
    "updated_at": "updated_at - interval '1 microsecond'",
}
OF_PLACE = "organization_id = %(organization_id)s AND environment = %(environment)s"


@dataclass(frozen=True, slots=True)
class Tampering:
    """What was done, and the numbers of which one must be named."""

    what: str
    found_at: set[int]


def run(sql: str, place: Place, **more: Any) -> None:
    """Raw SQL past every trigger, as the owner of the database can."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql.replace("OF_PLACE", OF_PLACE), {**place.parameters, **more})
        cursor.execute("SET LOCAL session_replication_role = origin")


def edit(place: Place, n: int, last: int, dice: random.Random) -> Tampering:
    return edit_column(place, n, dice.choice(sorted(OTHERS)))


def edit_column(place: Place, n: int, column: str) -> Tampering:
    run(f"UPDATE events_event AS event SET {column} = {OTHERS[column]}"
        " WHERE OF_PLACE AND sequence = %(n)s", place, n=n)  # fmt: skip
    return Tampering(f"edit {column}", {n})


def remove(place: Place, n: int, last: int, dice: random.Random) -> Tampering:
    run("DELETE FROM events_event WHERE OF_PLACE AND sequence = %(n)s", place, n=n)
    return Tampering("remove", {n})


def remove_and_renumber(place: Place, n: int, last: int, dice: random.Random) -> Tampering:
    remove(place, n, last, dice)
    shift(place, n, -1)
    return Tampering("remove and renumber", {n})


def insert(place: Place, n: int, last: int, dice: random.Random) -> Tampering:
    shift(place, n, 1)
    columns = [name for name in chain.SEALED if name not in ("id", "sequence")]
    run(f"INSERT INTO events_event (id, sequence, {', '.join(columns)})"
        f" SELECT 'evt_inserted', %(n)s, {', '.join(columns)} FROM events_event"
        " WHERE OF_PLACE AND sequence = %(n)s + 1", place, n=n)  # fmt: skip
    return Tampering("insert", {n})


def insert_before_all(place: Place, n: int, last: int, dice: random.Random) -> Tampering:
    columns = [name for name in chain.SEALED if name not in ("id", "sequence")]
    run(f"INSERT INTO events_event (id, sequence, {', '.join(columns)})"
        f" SELECT 'evt_inserted', -%(n)s, {', '.join(columns)} FROM events_event"
        " WHERE OF_PLACE AND sequence = %(n)s", place, n=n)  # fmt: skip
    return Tampering("insert before all", {-n})


def swap(place: Place, n: int, last: int, dice: random.Random) -> Tampering:
    other = dice.choice([m for m in range(1, last + 1) if m != n])
    renumber(place, {n: other, other: n})
    return Tampering(f"swap with {other}", {min(n, other)})


def reorder(place: Place, n: int, last: int, dice: random.Random) -> Tampering:
    """One event moves to another place, and those between move up."""
    to = dice.choice([m for m in range(1, last + 1) if m != n])
    step = 1 if to > n else -1
    renumber(place, {n: to, **{m: m - step for m in range(n + step, to + step, step)}})
    return Tampering(f"move to {to}", {min(n, to)})


def cut_tail(place: Place, n: int, last: int, dice: random.Random) -> Tampering:
    run("DELETE FROM events_event WHERE OF_PLACE AND sequence >= %(n)s", place, n=n)
    return Tampering("cut the tail", {n})


def cut_tail_and_head(place: Place, n: int, last: int, dice: random.Random) -> Tampering:
    """Everything from n on is gone, and seals and head say that it never was."""
    cut_tail(place, n, last, dice)
    cut_seals(place, n)
    run("UPDATE events_sealhead SET sequence = %(n)s - 1, digest = coalesce("
        " (SELECT encode(substring(links from octet_length(links) - 31), 'hex') FROM events_seal"
        "  WHERE OF_PLACE ORDER BY last_sequence DESC LIMIT 1), %(genesis)s)"
        " WHERE OF_PLACE", place, n=n, genesis=chain.genesis(*place.key).hex())  # fmt: skip
    return Tampering("cut tail and head", {n - 1})


def edit_and_seal_anew(place: Place, n: int, last: int, dice: random.Random) -> Tampering:
    """What follows is computed anew, head and all, by somebody who has not the key."""
    edit_column(place, n, "payload")
    reseal(place)
    return Tampering("edit and seal anew", {last})


def change_a_link(place: Place, n: int, last: int, dice: random.Random) -> Tampering:
    run("UPDATE events_seal SET links = set_byte(links, 32 * (%(n)s - first_sequence)::int,"
        " 255 - get_byte(links, 32 * (%(n)s - first_sequence)::int))"
        " WHERE OF_PLACE AND %(n)s BETWEEN first_sequence AND last_sequence",
        place, n=n)  # fmt: skip
    return Tampering("change a link", {n})


def remove_the_head(place: Place, n: int, last: int, dice: random.Random) -> Tampering:
    run("DELETE FROM events_sealhead WHERE OF_PLACE", place)
    return Tampering("remove the head", {last})


KINDS: list[Callable[[Place, int, int, random.Random], Tampering]] = [
    edit, edit, edit, edit, remove, remove_and_renumber, insert, insert_before_all, swap, reorder,
    cut_tail, cut_tail_and_head, edit_and_seal_anew, change_a_link, remove_the_head,
]  # fmt: skip


def renumber(place: Place, numbers: dict[int, int]) -> None:
    """Give events other numbers, past the constraint that each is there once."""
    for old, new in numbers.items():
        run("UPDATE events_event SET sequence = 1000000 + %(new)s"
            " WHERE OF_PLACE AND sequence = %(old)s", place, old=old, new=new)  # fmt: skip
    run("UPDATE events_event SET sequence = sequence - 1000000"
        " WHERE OF_PLACE AND sequence > 1000000", place)  # fmt: skip


def shift(place: Place, n: int, step: int) -> None:
    """Every event from number n on gets a number that is `step` higher."""
    run("UPDATE events_event SET sequence = 1000000 + sequence + %(step)s"
        " WHERE OF_PLACE AND sequence >= %(n)s", place, n=n, step=step)  # fmt: skip
    run("UPDATE events_event SET sequence = sequence - 1000000"
        " WHERE OF_PLACE AND sequence > 1000000", place)  # fmt: skip


def cut_seals(place: Place, n: int) -> None:
    run("DELETE FROM events_seal WHERE OF_PLACE AND first_sequence >= %(n)s", place, n=n)
    run("UPDATE events_seal SET last_sequence = %(n)s - 1,"
        " links = substring(links from 1 for (32 * (%(n)s - first_sequence))::int)"
        " WHERE OF_PLACE AND last_sequence >= %(n)s", place, n=n)  # fmt: skip


def reseal(place: Place) -> None:
    """Compute every link from the rows as they are now, and write them over the sealed ones."""
    link, links = chain.genesis(*place.key), b""
    for rows in chunks(place, 10**6):
        for row in rows:
            link = chain.link(link, row)
            links += link
    run("DELETE FROM events_seal WHERE OF_PLACE", place)
    run("INSERT INTO events_seal (organization_id, environment, first_sequence, last_sequence,"
        " links, created_at, updated_at) VALUES (%(organization_id)s, %(environment)s, 1, %(last)s,"
        " %(links)s, now(), now())", place, last=len(links) // 32, links=links)  # fmt: skip
    run("UPDATE events_sealhead SET digest = %(digest)s WHERE OF_PLACE", place, digest=link.hex())
