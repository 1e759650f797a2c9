"""What tests of outgoing money share: a registered source wallet, and money that leaves it."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from chainwatch.models import WatchedTransaction
from payouts import outflows
from payouts.models import PayoutIntent
from tests.payouts.making import TREASURY, People, a_hash, make_payout, mined, moved
from wallets import services as wallets
from wallets.models import Wallet

OWN = "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"


def a_source(people: People, address: str = TREASURY, chain: str = "arbitrum") -> Wallet:
    draft = wallets.NewWallet(chain=chain, address=address, name="Hot", is_source=True)
    return wallets.create(people.admin, draft)


def an_own_wallet(people: People, address: str = OWN) -> Wallet:
    draft = wallets.NewWallet(chain="arbitrum", address=address, name="Treasury")
    return wallets.create(people.admin, draft)


def left(*logs: dict[str, Any], **how: Any) -> str:
    """Money left the wallet: a final transaction that nobody named; returns its hash."""
    tx_hash = a_hash()
    mined(tx_hash, *(logs or (moved(),)), **how)
    return tx_hash


def found() -> tuple[int, int, int, int]:
    """One pass: how many transfers were matched, unexpected, internal, and wait."""
    now = outflows.find()
    return now.matched, now.unexpected, now.internal, now.waiting


def approved(people: People, **changes: Any) -> PayoutIntent:
    return make_payout(people, "approved", **changes)


def approved_at(payout: PayoutIntent, moment: datetime) -> None:
    """As if it had been approved then: triggers, which hold what was approved, sleep meanwhile."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        PayoutIntent.objects.filter(id=payout.id).update(approved_at=moment)
        cursor.execute("set local session_replication_role = origin")


def minutes_ago(minutes: float) -> datetime:
    return timezone.now() - timedelta(minutes=minutes)


def became_final(tx_hash: str, moment: datetime | None = None) -> None:
    moment = moment or timezone.now()
    WatchedTransaction.objects.filter(tx_hash=tx_hash).update(final_at=moment, changed_at=moment)
