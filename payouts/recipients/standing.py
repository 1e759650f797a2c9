"""What an organization knows of addresses: whose they are, were they paid, what they look like."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection
from django.utils import timezone

from billing.addresses import is_lookalike, lookalike_key
from payouts.models import AddressStatus

Place = tuple[str, str]  # a chain and an address on it

# Whatever has an address's own key is that address, or one that it could be mistaken for. So one
# statement finds both, each arm by its own index. `paid` walks payout_paid_addresses from one
# address to the next, for one of them may have been paid a million times.
_KNOWN: Final = """
WITH RECURSIVE paid AS (
    SELECT of.key, of.address, of.chain
      FROM unnest(%(keys)s::text[]) AS k (key)
     CROSS JOIN LATERAL (
           SELECT p.recipient_key AS key, p.recipient_address AS address, p.chain
             FROM payouts_payoutintent p
            WHERE p.organization_id = %(organization)s AND p.environment = %(environment)s
              AND p.recipient_key = k.key AND p.status = 'settled'
            ORDER BY p.recipient_address, p.chain LIMIT 1
     ) of
    UNION ALL
    SELECT of.key, of.address, of.chain
      FROM paid
     CROSS JOIN LATERAL (
           SELECT p.recipient_key AS key, p.recipient_address AS address, p.chain
             FROM payouts_payoutintent p
            WHERE p.organization_id = %(organization)s AND p.environment = %(environment)s
              AND p.recipient_key = paid.key AND p.status = 'settled'
              AND (p.recipient_address, p.chain) > (paid.address, paid.chain)
            ORDER BY p.recipient_address, p.chain LIMIT 1
     ) of
)
SELECT 'book', a.chain, a.address, a.status, a.usable_at, r.id, r.name
  FROM payouts_recipientaddress a JOIN payouts_recipient r ON r.id = a.recipient_id
 WHERE a.organization_id = %(organization)s AND a.environment = %(environment)s
   AND a.lookalike_key = ANY(%(keys)s) AND a.status = 'approved'
UNION ALL
SELECT 'book', a.chain, a.address, a.status, a.usable_at, r.id, r.name
  FROM payouts_recipientaddress a JOIN payouts_recipient r ON r.id = a.recipient_id
 WHERE a.organization_id = %(organization)s AND a.environment = %(environment)s
   AND a.address = ANY(%(addresses)s) AND a.status = 'proposed'
UNION ALL
SELECT 'paid', paid.chain, paid.address, '', NULL, NULL, NULL FROM paid
UNION ALL
SELECT 'own', w.chain, w.address, '', NULL, NULL, NULL
  FROM wallets_wallet w
 WHERE w.organization_id = %(organization)s AND w.environment = %(environment)s
   AND w.lookalike_key = ANY(%(keys)s)
UNION ALL
SELECT 'contract', f.chain, f.address, '', NULL, NULL, NULL
  FROM chainwatch_addressfacts f
 WHERE %(environment)s = 'live' AND f.has_code
   AND f.chain = ANY(%(chains)s) AND f.address = ANY(%(addresses)s)
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one address on one chain.

    `recipient_id` and `recipient_name` are of whoever it is proposed or approved for, None where
    the book does not know it; `status` is then its own there. `is_usable`: approved, and its
    cool-down is over; `usable_at` is when that is or was. `was_paid`: a payout to it on this chain
    settled. `lookalike` is an address that is known and that it could be mistaken for.
    `is_contract`: in live, a node said that it has code.
    """

    recipient_id: str | None = None
    recipient_name: str | None = None
    status: str | None = None
    is_usable: bool = False
    usable_at: datetime | None = None
    was_paid: bool = False
    lookalike: str | None = None
    is_contract: bool = False

    @property
    def is_cooling(self) -> bool:
        """Whether it is approved and has still to wait."""
        return self.status == AddressStatus.APPROVED and not self.is_usable


def standing(
    organization_id: str, environment: str, chain: str, addresses: Collection[str]
) -> dict[str, Standing]:
    """What is known of each address (canonical) on `chain`, in one query. Each has its answer."""
    found = standings(organization_id, environment, [(chain, each) for each in addresses])
    return {address: found[chain, address] for address in addresses}


def standings(
    organization_id: str, environment: str, places: Iterable[Place]
) -> dict[Place, Standing]:
    """The same for addresses on several chains, in one query; none where nothing is asked."""
    wanted = list(dict.fromkeys(places))
    if not wanted:
        return {}
    known = _known(organization_id, environment, wanted)
    return {place: _of(place, known, timezone.now()) for place in wanted}


def lookalikes(organization_id: str, environment: str, address: str) -> list[str]:
    """Every known address that `address` could be mistaken for, and is not: paid, own, approved."""
    known = _known(organization_id, environment, [("", address)])
    return sorted({each.address for each in known if _is_like(address, each)})


@dataclass(frozen=True, slots=True)
class _Known:
    kind: str  # book, paid, own, or contract
    chain: str
    address: str
    status: str
    usable_at: datetime | None
    recipient_id: str | None
    recipient_name: str | None


def _known(organization_id: str, environment: str, places: Collection[Place]) -> list[_Known]:
    addresses = sorted({address for _, address in places})
    values: dict[str, str | list[str]] = {
        "organization": organization_id,
        "environment": environment,
        "keys": sorted({lookalike_key(address) for address in addresses}),
        "addresses": addresses,
        "chains": sorted({chain for chain, _ in places}),
    }
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, values)
        return [_Known(*row) for row in cursor.fetchall()]


def _of(place: Place, known: Iterable[_Known], at: datetime) -> Standing:
    address = place[1]
    book: _Known | None = None
    was_paid, is_contract, lookalike = False, False, None
    for each in known:
        is_it = (each.chain, each.address) == place
        if is_it and each.kind == "book":
            book = each
        elif is_it and each.kind == "paid":
            was_paid = True
        elif each.kind == "contract":
            is_contract = is_contract or is_it
        elif _is_like(address, each):
            lookalike = min(lookalike or each.address, each.address)
    if book is None:
        return Standing(was_paid=was_paid, lookalike=lookalike, is_contract=is_contract)
    is_usable = (
        book.status == AddressStatus.APPROVED
        and book.usable_at is not None
        and book.usable_at <= at
    )
    return Standing(
        recipient_id=book.recipient_id,
        recipient_name=book.recipient_name,
        status=book.status,
        is_usable=is_usable,
        usable_at=book.usable_at,
        was_paid=was_paid,
        lookalike=lookalike,
        is_contract=is_contract,
    )


def _is_like(address: str, known: _Known) -> bool:
    """Nobody has vouched yet for what is only proposed."""
    is_vouched = known.kind != "contract" and known.status != AddressStatus.PROPOSED
    return is_vouched and is_lookalike(address, known.address)
