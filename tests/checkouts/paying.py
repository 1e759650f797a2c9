"""How tests let customers pay: facts as chainwatch writes them, on chains that nobody asks."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from billing.chains import Token, network
from chainwatch.models import ChainHead, Cursor, Transfer, WatchedTransaction
from checkouts import recording, settling
from checkouts.answers import checkout_json
from checkouts.chunks import Moved
from checkouts.models import Checkout, Payment
from checkouts.states import EDGES
from events.models import Event

CUSTOMER = "0xA0Cf798816D4b9b9866b5330EEa46a18382f251e"
USDC_E = "0xFF970A61A04b1cA14834A43f5dE4533eBDDB5CC8"  # Arbitrum's
FAKE = "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # no token of ours, whatever its symbol
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Log:
    """One transfer of a transaction."""

    to: str
    amount: int
    contract: str


def a_hash() -> str:
    return f"0x{next(_numbers):064x}"


def contract_of(chain: str, token: str) -> str:
    return network(chain).contracts[Token(token)]


def log(checkout: Checkout, amount: int | None = None, **changes: Any) -> Log:
    """What pays the checkout exactly, but for `amount`, `token`, `contract` and `to`."""
    contract = contract_of(checkout.chain, changes.get("token", checkout.token))
    return Log(
        to=changes.get("to", checkout.address),
        amount=checkout.amount_atomic if amount is None else amount,
        contract=changes.get("contract", contract),
    )


def paid(checkout: Checkout, amount: int | None = None, **how: Any) -> str:
    """A customer pays this checkout: in block 1000, not final. Returns the hash."""
    named = {name: how.pop(name) for name in ("token", "contract", "to") if name in how}
    how = {"chain": checkout.chain, "scope": checkout.scope, **how}
    return mined(how.pop("tx_hash", None) or a_hash(), log(checkout, amount, **named), **how)


@transaction.atomic  # as chainwatch writes it: the row and its transfers together
def mined(
    tx_hash: str,
    *logs: Log,
    chain: str = "base",
    scope: str = "",
    block: int = 1_000,
    block_time: datetime | None = None,
    is_final: bool = False,
    fork: str = "",
) -> str:
    """Let chainwatch see the transaction in this block; where it was in another, it left that."""
    at = timezone.now()
    orphaned(tx_hash)
    block_time = block_time or at
    block_hash = f"0xb10c{fork}{block}"
    facts = {
        "block_number": block,
        "block_hash": block_hash,
        "block_time": block_time,
        "succeeded": True,
        "seen_at": at,
        "final_at": at if is_final else None,
        "finalized_at": None,
        "changed_at": timezone.now(),
    }
    WatchedTransaction.objects.update_or_create(
        chain=chain,
        scope=scope,
        tx_hash=tx_hash,
        key="",
        defaults=facts,
        create_defaults={
            **facts, "watched_at": at, "watch_until": at + timedelta(days=3), "found_at": at,
        },
    )  # fmt: skip
    Transfer.objects.bulk_create(
        _transfers(logs, chain=chain, scope=scope, tx_hash=tx_hash, block_number=block,
                   block_hash=block_hash, block_time=block_time, node="test", seen_at=at)
    )  # fmt: skip
    return tx_hash


def _transfers(logs: Sequence[Log], **common: Any) -> list[Transfer]:
    return [
        Transfer(
            ordinal=ordinal,
            log_index=40 + ordinal,
            contract=each.contract,
            from_address=CUSTOMER,
            to_address=each.to,
            amount_atomic=each.amount,
            **common,
        )
        for ordinal, each in enumerate(logs)
    ]


@transaction.atomic
def orphaned(tx_hash: str) -> None:
    """Its block left the chain, and it is in no other one yet."""
    at = timezone.now()
    Transfer.objects.filter(tx_hash=tx_hash, orphaned_at=None).update(orphaned_at=at)
    WatchedTransaction.objects.filter(tx_hash=tx_hash, block_hash__isnull=False).update(
        block_number=None, block_hash=None, block_time=None, succeeded=None, seen_at=None,
        final_at=None, finalized_at=None, orphaned_at=at, changed_at=at,
    )  # fmt: skip


def made_final(*tx_hashes: str) -> None:
    at = timezone.now()
    rows = WatchedTransaction.objects.filter(tx_hash__in=tx_hashes, block_hash__isnull=False)
    rows.update(final_at=at, changed_at=at)


def finalized(*tx_hashes: str) -> None:
    """No reorganization can take its block away any more."""
    at = timezone.now()
    rows = WatchedTransaction.objects.filter(tx_hash__in=tx_hashes, final_at__isnull=False)
    rows.update(finalized_at=at, changed_at=at)


def headed(number: int, chain: str = "base", scope: str = "") -> None:
    """The newest block of the chain that was read."""
    at = timezone.now()
    values = {"number": number, "block_hash": f"0x{number}", "block_time": at, "read_at": at}
    ChainHead.objects.update_or_create(chain=chain, scope=scope, defaults=values)


def followed(until: datetime, chain: str = "base", scope: str = "") -> None:
    """The chain was scanned up to a block of this time."""
    values = {"next_block": 1_001, "block_time": until, "moved_at": timezone.now()}
    Cursor.objects.update_or_create(chain=chain, scope=scope, defaults=values)


def a_pass() -> Moved:
    """What the job of every second does."""
    moved = recording.record()
    moved.add(settling.settle())
    return moved


def counts(moved: Moved) -> dict[str, int]:
    """What happened at all."""
    return {name: value for name in moved.__slots__ if (value := getattr(moved, name))}


def payments_of(checkout: Checkout) -> list[tuple[str, int, bool]]:
    """Its payments in the order in which they became known: kind, amount, whether it stands."""
    rows = checkout.payments.order_by("created_at", "id")
    return [(row.kind, int(row.amount_atomic), row.reversed_at is None) for row in rows]


def payment_at(tx_hash: str, ordinal: int = 0) -> Payment:
    stored: Payment = Payment.objects.get(tx_hash=tx_hash, ordinal=ordinal)
    return stored


def told(resource_id: str) -> list[str]:
    """What happened to it after it was created, bare of `checkout.`."""
    rows = Event.objects.filter(resource_id=resource_id).order_by("created_at", "id")
    types = [type_.removeprefix("checkout.") for type_ in rows.values_list("type", flat=True)]
    return types[1:] if types[:1] == ["created"] else types


def assert_replays(checkout: Checkout) -> None:
    """Check that its events go along legal edges and end in its stored state."""
    stored = Checkout.objects.get(id=checkout.id)
    rows = Event.objects.filter(resource_id=checkout.id).order_by("created_at", "id")
    states = [event.payload["data"]["status"] for event in rows]
    assert states[0] == "pending", states
    for before, after in itertools.pairwise(states):
        assert before == after or (before, after) in EDGES, states
    now, last = checkout_json(stored), rows.last()
    assert last is not None
    # What moves without an event: parts that come and go, and what the chain says of each.
    moving = {"updated_at", "confirmations", "payments", "amount_received_atomic"}
    said = {key: value for key, value in last.payload["data"].items() if key in now}
    assert {k: v for k, v in said.items() if k not in moving} == {
        k: v for k, v in now.items() if k not in moving
    }
