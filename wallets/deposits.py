"""The addresses that customers are told to pay to: issued, rested, and counted.

Locks are taken in one order: the counter or the deposit address, then the scope's lock of `_hold`,
then what chainwatch locks.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from billing.chains import Environment
from billing.errors import InvalidRequest
from billing.locks import lock_key
from chainwatch import services as chainwatch
from wallets.extended_keys import INDEXES, NoSuchChild, address_at
from wallets.gaps import Gap, gap
from wallets.models import DepositAddress, ExtendedKey, Wallet
from wallets.sources import scope_of

__all__ = ["Gap", "gap", "hold", "is_issued", "issue", "issued_already", "rest"]

# The row lock lets one transaction after the other choose, each until it commits: one that is
# rolled back or killed gives its index to nobody, and the next one takes it.
_NEXT_INDEX = """
UPDATE wallets_extendedkey SET next_index = next_index + 1, updated_at = %s
 WHERE id = %s AND next_index < %s
RETURNING next_index - 1
"""

# What moves to a wallet is no customer's payment, so nobody is told to pay there: the treasury may
# be the first address of the account. Then nothing is inserted.
_INSERT = """
INSERT INTO wallets_depositaddress (
    id, organization_id, environment, wallet_id, extended_key_id, index, chain, address,
    created_at, updated_at
)
SELECT %(id)s, wallet.organization_id, wallet.environment, wallet.id, %(extended_key_id)s,
    %(index)s, wallet.chain, %(address)s, %(created_at)s, %(created_at)s
  FROM wallets_wallet AS wallet
 WHERE wallet.id = %(wallet_id)s AND NOT EXISTS (
    SELECT FROM wallets_wallet AS own
     WHERE own.organization_id = wallet.organization_id AND own.environment = wallet.environment
       AND own.chain = wallet.chain AND own.address = %(address)s::varchar
)
"""


def issue(wallet: Wallet, *, at: datetime) -> DepositAddress:
    """Return the address a new checkout is paid to, and have what it gets found from now on.

    In the transaction of that checkout. Of an extended key it is a fresh one. A single-address
    wallet has one, which comes locked until the commit, so that amounts are chosen one by one.
    Raises InvalidRequest: `extended_key_used_up`, `wallet_already_registered`.
    """
    assert connection.in_atomic_block, "an address belongs to the transaction of its checkout"
    if wallet.extended_key is None:
        return _shared(wallet, at=at)
    return _fresh(wallet, wallet.extended_key, at=at)


def hold(deposit_address_ids: Collection[str]) -> list[DepositAddress]:
    """Lock deposit addresses until the commit: no checkout is made on a shared one meanwhile."""
    rows = DepositAddress.objects.select_for_update().filter(pk__in=deposit_address_ids)
    return list(rows.order_by("pk"))


@transaction.atomic
def rest(deposit_address_ids: Collection[str], *, at: datetime) -> None:
    """Follow these from now on once a day, no longer at every pass. A repetition changes nothing.

    Who calls has held them (`hold`) and looked after that whether a checkout still needs one: a
    shared address may have got a new one since it was chosen.
    """
    places: dict[tuple[str, str], list[DepositAddress]] = defaultdict(list)
    for row in hold(deposit_address_ids):
        if row.rests_since is None:
            places[row.chain, scope_of(row)].append(row)
    for (chain, scope), rows in sorted(places.items()):
        _hold(chain, scope)
        idle = _needed_by_nobody_else(rows)
        chainwatch.rest_addresses(chain, idle, scope=scope, at=at)
        DepositAddress.objects.filter(pk__in=[row.pk for row in rows]).update(
            rests_since=at, updated_at=at
        )


def is_issued(wallet: Wallet, address: str) -> bool:
    """Whether an extended key of the wallet's organization issued `address` on its chain."""
    return DepositAddress.objects.filter(
        organization_id=wallet.organization_id,
        environment=wallet.environment,
        chain=wallet.chain,
        address=address,
        extended_key__isnull=False,
    ).exists()


def issued_already() -> InvalidRequest:
    """What is so of an address that `is_issued`: money there is a customer's payment."""
    return InvalidRequest(
        "An extended key of yours issued this address to a customer. What it gets is recorded "
        "there. Register another address.",
        code="wallet_already_registered",
        param="address",
    )


def _fresh(wallet: Wallet, key: ExtendedKey, *, at: datetime) -> DepositAddress:
    while True:
        index = _next_index(key, at=at)
        try:
            address = address_at(key, index, wallet.chain)
        except NoSuchChild:
            continue
        row = DepositAddress(
            organization_id=wallet.organization_id,
            environment=wallet.environment,
            wallet=wallet,
            extended_key=key,
            index=index,
            chain=wallet.chain,
            address=address,
            created_at=at,
            updated_at=at,
        )
        if _inserted(row):
            break
    chainwatch.watch_fresh_address(wallet.chain, address, scope=scope_of(wallet), at=at)
    return row


def _inserted(row: DepositAddress) -> bool:
    """Insert a fresh address, unless it is a wallet too: in one statement."""
    names = ("id", "wallet_id", "extended_key_id", "index", "address", "created_at")
    values = {name: getattr(row, name) for name in names}
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
        inserted: bool = cursor.rowcount == 1
    row._state.adding = False
    return inserted


def _next_index(key: ExtendedKey, *, at: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_INDEX, [at, key.pk, INDEXES])
        row = cursor.fetchone()
    if row is None:
        raise InvalidRequest(
            "Every address of this wallet's extended key was issued. Register the key of another "
            "account, and a payment method for it.",
            code="extended_key_used_up",
        )
    index: int = row[0]
    return index


def _shared(wallet: Wallet, *, at: datetime) -> DepositAddress:
    place = {
        "organization_id": wallet.organization_id,
        "environment": wallet.environment,
        "chain": wallet.chain,
        "address": wallet.address,
    }
    try:
        row, is_new = DepositAddress.objects.get_or_create(wallet=wallet, defaults=place)
    except IntegrityError as error:
        if "one_deposit_address_per_address" not in str(error):
            raise
        raise issued_already() from None
    if not is_new:
        row = DepositAddress.objects.select_for_update().get(pk=row.pk)
    if is_new or row.rests_since is not None:
        _follow(row, at=at)
    return row


def _follow(row: DepositAddress, *, at: datetime) -> None:
    scope = scope_of(row)
    _hold(row.chain, scope)
    chainwatch.watch_address(row.chain, row.address, scope=scope, incoming=True, at=at)
    row.rests_since = None
    row.save(update_fields=["rests_since", "updated_at"])


def _needed_by_nobody_else(rows: Sequence[DepositAddress]) -> list[str]:
    """Their addresses, but for those that another organization still follows live."""
    addresses = {row.address for row in rows}
    if rows[0].environment == Environment.LIVE:
        others = DepositAddress.objects.filter(
            chain=rows[0].chain,
            environment=Environment.LIVE,
            address__in=addresses,
            rests_since__isnull=True,
        ).exclude(pk__in=[row.pk for row in rows])
        addresses -= set(others.values_list("address", flat=True))
    return sorted(addresses)


def _hold(chain: str, scope: str) -> None:
    """Let one transaction at a time begin or end to follow addresses of a network.

    Two organizations may share an address, and chainwatch knows neither: without this, one that
    ends would not see another that is just beginning. Fresh addresses are nobody else's.
    """
    with connection.cursor() as cursor:
        key = lock_key(f"deposit addresses {chain} {scope}")
        cursor.execute("select pg_advisory_xact_lock(%s)", [key])
