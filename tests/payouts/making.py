"""How tests of payouts make payouts in each state, and put facts on chains."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from billing.callers import Caller
from billing.chains import Environment
from chainwatch.models import ChainHead, Transfer, WatchedTransaction
from events.models import Event
from organizations.callers import caller_for_user
from organizations.models import Organization, User
from organizations.roles import Role, scopes_of
from payouts import services
from payouts.models import PayoutIntent, Status
from payouts.services import NewPayout
from payouts.verifying import Verified, verify

RECIPIENT = "0x8617E340B3D01FA5F11F306F4090FD50E238070D"
OTHER_RECIPIENT = "0x52908400098527886E0F7030069857D2E4169EE7"
TREASURY = "0xde709f2102306220921060314715629080e2fb77"  # lower case on purpose: no EIP-55 claim
USDC = "0xaf88d065e77c8cC2239327C5EDb3A432268e5831"
USDT = "0xFd086bC7CD5C481DCC9C85ebE478A1C0b69FCbb9"
USDC_E = "0xFF970A61A04b1cA14834A43f5dE4533eBDDB5CC8"
TRON_RECIPIENT = "TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf"
NOBODY = "0x0000000000000000000000000000000000000000"

_numbers = itertools.count(1)


def a_draft(**changes: Any) -> NewPayout:
    """500 USDC on Arbitrum."""
    values: dict[str, Any] = {
        "recipient_address": RECIPIENT,
        "chain": "arbitrum",
        "token": "USDC",
        "amount": Decimal(500),
        **changes,
    }
    return NewPayout(**values)


def a_hash() -> str:
    """A fresh EVM transaction hash."""
    return f"0x{next(_numbers):064x}"


@dataclass(frozen=True)
class People:
    """Who acts in a test, in one organization and environment."""

    preparer: Caller
    approver: Caller
    operator: Caller
    admin: Caller

    @classmethod
    def of(cls, organization: Organization, environment: str, *users: User) -> "People":
        return cls(*(caller_for_user(u, organization, Environment(environment)) for u in users))

    @staticmethod
    def admin_of(caller: Caller) -> Caller:
        """The same person with an admin's scopes."""
        return replace(caller, scopes=scopes_of(Role.ADMIN))


def event_types(payout: PayoutIntent | str) -> list[str]:
    """The types of everything that happened to it, in order."""
    payout_id = payout if isinstance(payout, str) else payout.id
    rows = Event.objects.filter(resource_id=payout_id).order_by("created_at", "id")
    return list(rows.values_list("type", flat=True))


def reload(payout: PayoutIntent) -> PayoutIntent:
    stored: PayoutIntent = PayoutIntent.objects.get(id=payout.id)
    return stored


def moved(
    amount_atomic: int = 500_000_000,
    *,
    to: str = RECIPIENT,
    contract: str = USDC,
    sender: str = TREASURY,
) -> dict[str, Any]:
    """One Transfer log as the chain shows it: 500 USDC to the recipient."""
    return {
        "to_address": to,
        "contract": contract,
        "from_address": sender,
        "amount_atomic": amount_atomic,
    }


def mined(
    tx_hash: str,
    *logs: dict[str, Any],
    chain: str = "arbitrum",
    block: int = 1_000,
    block_time: datetime | None = None,
    succeeded: bool = True,
    is_final: bool = True,
    fork: str = "",
) -> WatchedTransaction:
    """Let chainwatch know that the transaction is in a block, with these transfers."""
    at = timezone.now()
    block_time = block_time or at
    block_hash = f"0xb10c{fork}{block}"
    facts = {
        "block_number": block,
        "block_hash": block_hash,
        "block_time": block_time,
        "succeeded": succeeded,
        "sender": TREASURY,
        "seen_at": at,
        "final_at": at if is_final else None,
        "finalized_at": None,
        "absent_block_time": None,
        "superseded_at": None,
        "replaced_by": "",
        "node": "test",
        "changed_at": at,
    }
    row, _ = WatchedTransaction.objects.update_or_create(
        chain=chain,
        scope="",
        tx_hash=tx_hash,
        key="",
        defaults=facts,
        create_defaults={**facts, "watched_at": at, "watch_until": at + timedelta(days=30)},
    )
    standing = Transfer.objects.filter(tx_hash=tx_hash, block_hash=block_hash, orphaned_at=None)
    if not standing.exists():
        Transfer.objects.bulk_create(_logs(tx_hash, logs, chain, block, block_hash, block_time, at))
    head(chain, block + 20)
    return row


def head(chain: str, number: int) -> None:
    at = timezone.now()
    values = {"number": number, "block_hash": "0xhead", "block_time": at, "read_at": at}
    ChainHead.objects.update_or_create(chain=chain, scope="", defaults=values)


def _logs(
    tx_hash: str,
    logs: Sequence[dict[str, Any]],
    chain: str,
    block: int,
    block_hash: str,
    block_time: datetime,
    at: datetime,
) -> list[Transfer]:
    return [
        Transfer(
            chain=chain,
            scope="",
            tx_hash=tx_hash,
            ordinal=ordinal,
            log_index=40 + ordinal,
            block_number=block,
            block_hash=block_hash,
            block_time=block_time,
            node="test",
            seen_at=at,
            **log,
        )
        for ordinal, log in enumerate(logs)
    ]


def orphaned(tx_hash: str) -> None:
    """Its block left the chain, and it is in no other one yet."""
    at = timezone.now()
    Transfer.objects.filter(tx_hash=tx_hash, orphaned_at=None).update(orphaned_at=at)
    WatchedTransaction.objects.filter(tx_hash=tx_hash).update(
        block_number=None, block_hash=None, block_time=None, succeeded=None, seen_at=None,
        final_at=None, finalized_at=None, orphaned_at=at, changed_at=at,
    )  # fmt: skip


def finalized(tx_hash: str) -> None:
    """No reorganization can take its block away any more."""
    at = timezone.now()
    rows = WatchedTransaction.objects.filter(tx_hash=tx_hash, final_at__isnull=False)
    rows.update(finalized_at=at, changed_at=at)


def superseded(tx_hash: str, by: str = "") -> None:
    """Its nonce was used by another transaction: `by`, where that one moves a pinned token."""
    at = timezone.now()
    WatchedTransaction.objects.filter(tx_hash=tx_hash, block_hash=None).update(
        superseded_at=at, replaced_by=by, changed_at=at
    )


def absent(tx_hash: str, until: datetime) -> None:
    """Every node denied the transaction, with heads of at least this block time."""
    WatchedTransaction.objects.filter(tx_hash=tx_hash).update(
        absent_block_time=until, changed_at=timezone.now()
    )


def executed(people: People, tx_hash: str | None = None, **changes: Any) -> PayoutIntent:
    """A payout that was created, approved and given a hash."""
    payout = services.create(people.preparer, a_draft(confirm_duplicate=True, **changes))
    services.approve(people.approver, payout.id)
    return services.execute(people.operator, payout.id, tx_hash or a_hash())


def verified() -> Verified:
    return verify()


def make_payout(people: People, status: str, **changes: Any) -> PayoutIntent:
    """A live payout in any state, brought there by the acts that lead there."""
    if status in (Status.EXECUTED, Status.VERIFYING, Status.SETTLED, Status.FAILED):
        return _on_chain(people, status, **changes)
    payout = services.create(people.preparer, a_draft(confirm_duplicate=True, **changes))
    if status == Status.CANCELED:
        return services.cancel(people.preparer, payout.id)
    if status in (Status.APPROVED, Status.PENDING_EXECUTION):
        services.approve(people.approver, payout.id)
    if status == Status.PENDING_EXECUTION:
        services.hand_over(people.operator, [payout.id])
    return reload(payout)


def _on_chain(people: People, status: str, **changes: Any) -> PayoutIntent:
    payout = executed(people, **changes)
    assert payout.expected_tx_hash is not None
    if status == Status.EXECUTED:
        return payout
    paid = moved(payout.amount_atomic, to=payout.recipient_address)
    if status == Status.VERIFYING:
        mined(payout.expected_tx_hash, paid, is_final=False)
    elif status == Status.SETTLED:
        mined(payout.expected_tx_hash, paid)
    else:
        mined(payout.expected_tx_hash, succeeded=False)
    verify()
    payout = reload(payout)
    assert payout.status == status
    return payout
