"""Many rows fast: one statement copies a row that the product wrote, some columns changed."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Model

from payouts import services, simulation
from payouts.models import PayoutIntent, Settlement
from tests.bench.payouts import a_draft
from tests.bench.place import Tenant


@dataclass(frozen=True, slots=True)
class Book:
    """How many payouts were loaded, and how many of them in each bucket of reconciliation."""

    matched: int
    different: int
    unmatched: int
    unexpected: int

    @property
    def payouts(self) -> int:
        return self.matched + self.different + self.unmatched


def book(rows: int) -> Book:
    """Split `rows` payouts as a finance department would find them, most of them in order."""
    different, unexpected, unmatched = rows // 1000, rows // 1000, rows // 20
    return Book(rows - different - unmatched, different, unmatched, unexpected)


def load(tenant: Tenant, wanted: Book, *, mark: str = "") -> None:
    """Fill both tables for reconciliation. Many rows share a creation time, 3,000 of them one.

    A second book in one database has another `mark`, in its ids.
    """
    settled = _settled(tenant, "settle")
    _copy_settled(settled, f"{mark}a", wanted.matched - 1)
    _copy_settled(_settled(tenant, "wrong_amount"), f"{mark}b", wanted.different - 1)
    # Approved before money is unexpected: what fits it would be a reason to refuse the approval.
    approved = services.create(tenant.caller, a_draft())
    services.approve(tenant.caller, approved.id)
    _copy_unexpected(settled, f"{mark}u", wanted.unexpected)
    copy(PayoutIntent, approved.id, wanted.unmatched - 1, {"id": id_("po_", f"{mark}c"), **TIMES})
    with connection.cursor() as cursor:
        cursor.execute("analyze payouts_payoutintent, payouts_settlement")


TIMES = {"created_at": "date_trunc('second', now()) - greatest(n, 3000) / 20 * interval '1 second'"}


def _settled(tenant: Tenant, outcome: str) -> PayoutIntent:
    payout = services.create(tenant.caller, a_draft())
    services.approve(tenant.caller, payout.id)
    simulation.simulate(tenant.caller, payout.id, outcome)
    return PayoutIntent.objects.get(pk=payout.pk)


def _copy_settled(payout: PayoutIntent, letters: str, copies: int) -> None:
    assert payout.settlement_id is not None
    ours, theirs = id_("po_", letters), id_("stl_", letters)
    changes = {"id": ours, "settlement_id": theirs, "expected_tx_hash": _hash(letters), **TIMES}
    copy(PayoutIntent, payout.id, copies, changes)
    changes = {"id": theirs, "payout_id": ours, "tx_hash": _hash(letters), **TIMES}
    copy(Settlement, payout.settlement_id, copies, changes)


def _copy_unexpected(payout: PayoutIntent, letters: str, copies: int) -> None:
    assert payout.settlement_id is not None
    changes = {"id": id_("stl_", letters), "payout_id": "null", **TIMES}
    changes["tx_hash"] = _hash(letters)
    copy(Settlement, payout.settlement_id, copies, changes)


def id_(prefix: str, letters: str) -> str:
    """The SQL of the n-th copy's id; `letters` tell kinds of copies apart."""
    return f"'{prefix}{letters}' || lpad(to_hex(n), {24 - len(letters)}, '0')"


def _hash(letters: str) -> str:
    return f"'{letters}' || lpad(to_hex(n), {64 - len(letters)}, '0')"


def copy(model: type[Model], pk: str | int, copies: int, changes: Mapping[str, str]) -> None:
    """Insert `copies` of one row; `changes` are SQL expressions in n, the copy's number from 1 on.

    Triggers and foreign keys sleep meanwhile: the rows are copies of one that passed them.
    """
    table = model._meta.db_table
    pairs = ", ".join(f"'{column}', {value}" for column, value in changes.items())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute("set local statement_timeout = 0")  # A million rows take minutes.
        cursor.execute(
            f"insert into {table} select copy.* from {table} row,"
            " generate_series(1, %s) n,"
            f" lateral jsonb_populate_record(row, jsonb_build_object({pairs})) copy"
            " where row.id = %s",
            [copies, pk],
        )
