"""Payouts in flight: one goes the product's way to executed, as many as wanted are its copies."""

import secrets
from dataclasses import dataclass

from chainwatch.models import WatchedTransaction
from payouts import services
from payouts.models import PayoutIntent, SubmittedHash
from tests.bench.loading import copy
from tests.bench.node import Payment
from tests.bench.payouts import a_draft
from tests.bench.place import Tenant


@dataclass(frozen=True, slots=True)
class Flight:
    """Payouts of one tenant that were executed, and the payments that would settle them."""

    tenant: Tenant
    payments: list[Payment]

    @property
    def settled(self) -> int:
        ours = PayoutIntent.objects.visible_to(self.tenant.caller)
        return ours.filter(status="settled").count()


def take_off(tenant: Tenant, chain: str, count: int) -> Flight:
    """Have `count` live payouts executed, each with a hash of its own that is in no block yet."""
    if count == 0:
        return Flight(tenant, [])
    payout = services.create(tenant.caller, a_draft(chain))
    services.approve(tenant.caller, payout.id)
    salt = secrets.token_hex(20)
    services.execute(tenant.caller, payout.id, _hash(salt, 0))
    payout = PayoutIntent.objects.get(pk=payout.pk)
    _copy(payout, salt, count - 1)
    recipients = [payout.recipient_address, *map(_recipient, range(1, count))]
    return Flight(
        tenant,
        [
            Payment(_hash(salt, number), payout.contract, recipient, payout.amount_atomic)
            for number, recipient in enumerate(recipients)
        ],
    )


def _recipient(number: int) -> str:
    """An address of its own for each, as a payroll has; of digits alone, it is its own checksum."""
    return f"0x52{number:038d}"


def _hash(salt: str, number: int) -> str:
    return f"0x{salt}{number:024x}"


def _copy(payout: PayoutIntent, salt: str, copies: int) -> None:
    payout_id = f"'po_{salt[:12]}' || lpad(to_hex(n), 12, '0')"
    tx_hash = f"'0x{salt}' || lpad(to_hex(n), 24, '0')"
    recipient = "'0x52' || lpad(n::text, 38, '0')"
    changes = {
        "id": payout_id,
        "expected_tx_hash": tx_hash,
        "recipient_address": recipient,
        "approval_digest": _digest(payout, payout_id, recipient),
    }
    copy(PayoutIntent, payout.id, copies, changes)
    submitted = SubmittedHash.objects.get(payout=payout)
    changes = {"id": _next_id(SubmittedHash), "payout_id": payout_id, "tx_hash": tx_hash}
    copy(SubmittedHash, submitted.pk, copies, changes)
    watched = WatchedTransaction.objects.get(chain=payout.chain, tx_hash=submitted.tx_hash)
    copy(
        WatchedTransaction,
        watched.pk,
        copies,
        {"id": _next_id(WatchedTransaction), "tx_hash": tx_hash},
    )


def _digest(payout: PayoutIntent, payout_id: str, recipient: str) -> str:
    """What was approved, as `approvals.facts.digest` says it: else each settles as a mismatch."""
    before = f"v1|live|' || {payout_id} || '|{payout.chain}|{payout.contract}|"
    text = f"'{before}' || {recipient} || '|{payout.amount_atomic}|'"
    return f"encode(sha256(convert_to({text}, 'UTF8')), 'hex')"


def _next_id(model: type[SubmittedHash | WatchedTransaction]) -> str:
    return f"nextval(pg_get_serial_sequence('{model._meta.db_table}', 'id'))"
