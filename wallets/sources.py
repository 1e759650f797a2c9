"""What leaves a source wallet is looked for on its chain, from when it is marked until it is not.

Several organizations may register the same live address, and chainwatch knows none of them: it is
told once, and told to stop only when the last of them has ended.
"""

from datetime import datetime

from django.db import connection

from billing.chains import Environment
from billing.locks import lock_key
from chainwatch import services as chainwatch
from chainwatch.models import Transfer
from wallets.models import DepositAddress, Wallet


def begin(wallet: Wallet, *, at: datetime) -> None:
    """Mark the wallet as a source since `at`, and have its transfers found from then on.

    In the transaction that saves it, and before that.
    """
    _hold(wallet)
    wallet.is_source, wallet.source_since = True, at
    scope = scope_of(wallet)
    chainwatch.watch_address(wallet.chain, wallet.address, scope=scope, outgoing=True, at=at)


def end(wallet: Wallet) -> None:
    """Mark the wallet as no source, and stop looking where no other wallet of the address is one.

    In the transaction that saves it, and before that.
    """
    _hold(wallet)
    wallet.is_source, wallet.source_since = False, None
    others = Wallet.objects.filter(
        environment=wallet.environment, chain=wallet.chain, address=wallet.address, is_source=True
    ).exclude(pk=wallet.pk)
    scope = scope_of(wallet)
    if scope:
        others = others.filter(organization_id=scope)
    if not others.exists():
        chainwatch.unwatch_address(wallet.chain, wallet.address, scope=scope, outgoing=True)


def transfers_seen(wallet: Wallet) -> int:
    """How many transfers of the pinned tokens were found to leave it since it is a source."""
    if wallet.source_since is None:
        return 0
    return Transfer.objects.filter(
        chain=wallet.chain,
        scope=scope_of(wallet),
        from_address=wallet.address,
        block_time__gte=wallet.source_since,
        amount_atomic__gt=0,
        orphaned_at=None,
    ).count()


def scope_of(row: Wallet | DepositAddress) -> str:
    """Which network of chainwatch: the live one, or its organization's own simulated one."""
    return "" if row.environment == Environment.LIVE else row.organization_id


def _hold(wallet: Wallet) -> None:
    """Let one transaction at a time begin or end an address, until it commits.

    Without it, one that ends would not see another organization's wallet that is just beginning,
    and would stop the look-out which that one has asked for. The address has no row to lock.
    """
    key = lock_key(f"source wallet {wallet.chain} {scope_of(wallet)} {wallet.address}")
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [key])
