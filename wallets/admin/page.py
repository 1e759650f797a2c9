"""What a wallet's page shows beside its name: its addresses, the gaps in them, who was paid."""

from datetime import datetime

from django.db.models import Count, Min
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.admin import Facts
from billing.display import NOTHING, address_html, copy_html, moment_html
from chainwatch.models import Transfer
from wallets import deposits, sources
from wallets.deposits import Gap
from wallets.extended_keys import NoSuchChild, address_at, path_on, without_owner
from wallets.gaps import USUAL_LIMIT
from wallets.models import DepositAddress, ExtendedKey, Wallet

# One row of a table: label, class and content of each cell.
Cells = list[tuple[str, str, str | SafeString]]
Rows = list[tuple[str, str | SafeString]]
NEWEST = 20


def what_it_is(wallet: Wallet) -> Rows:
    """Its address or its extended key, whole."""
    if wallet.extended_key is not None:
        return [("Extended public key", copy_html(wallet.extended_key.xpub, "extended key"))]
    return [("Address", address_html(wallet.address, wallet.chain, wallet.environment, whole=True))]


def use_of(wallet: Wallet) -> Rows:
    """What is paid from it, and what is known of that; what customers pay to a single address."""
    rows: Rows = [("Payouts are paid from it", "yes" if wallet.is_source else "no")]
    if wallet.source_since is not None:
        rows += [
            ("Watched since", moment_html(wallet.source_since)),
            ("Transfers found since", f"{sources.transfers_seen(wallet):,}"),
        ]
    if wallet.extended_key is None:
        shared = wallet.deposit_addresses.first()
        rows.append(("Customers pay to it", f"followed {_followed(shared)}" if shared else "no"))
    return rows


def addresses_of(wallet: Wallet, gap: Gap) -> Facts:
    """Where the addresses of an extended key are, how many were issued and how they were paid."""
    key = wallet.extended_key
    assert key is not None
    paid = f"{gap.issued:,}, of which {gap.paid:,} were paid"
    unpaid = f"{gap.unpaid_now:,} now, {gap.unpaid_before:,} at most before one that was paid"
    rows: Rows = [
        ("First index", f"{key.first_index:,}"),
        ("Next index", f"{key.next_index:,}"),
        ("Issued on this chain", paid if gap.issued else "none yet"),
        ("Unpaid in a row", unpaid if gap.issued else NOTHING),
    ]
    if is_for_play(wallet):
        rows = [("Private keys", "nobody has them: this is the sandbox’s own wallet"), *rows]
    else:
        rows = [
            ("Path", f"{path_on(wallet.chain)}, in an account’s usual place"),
            ("To compare: index 0", _first_address(wallet, key)),
            *rows,
            ("Gap limit it needs", limit_words(gap)),
        ]
    return Facts("Addresses for customers", rows)


def is_for_play(wallet: Wallet) -> bool:
    """Whether it is the sandbox's own (services.sandbox_wallet): no wallet program shows it."""
    key = wallet.extended_key
    return key is not None and key.xpub == without_owner(wallet.organization_id).xpub


def limit_words(gap: Gap) -> str:
    if gap.is_beyond_usual:
        return f"at least {gap.limit_needed:,}; most programs have {USUAL_LIMIT}"
    return f"{USUAL_LIMIT} is enough, which most programs have"


def warning(wallet: Wallet, gap: Gap) -> str:
    """What stands on top of the page where a wallet program would not show all; else empty."""
    if not gap.is_beyond_usual or is_for_play(wallet):
        return ""
    advice = f"Set your wallet program's gap limit to at least {gap.limit_needed:,}, or it will not"
    if gap.unpaid_before >= USUAL_LIMIT:
        return (
            f"{advice} show all that was paid: {gap.unpaid_before:,} addresses in a row got "
            f"nothing, and most programs stop looking after {USUAL_LIMIT}. The money is there."
        )
    return (
        f"{advice} show what is paid to the newest addresses: the last {gap.unpaid_now:,} got "
        f"nothing so far, and most programs stop looking after {USUAL_LIMIT}."
    )


def newest_of(wallet: Wallet) -> list[Cells]:
    """The newest addresses that were issued, as rows of a table. Two queries."""
    issued = wallet.deposit_addresses.filter(extended_key=wallet.extended_key)
    rows = list(issued.order_by("-index")[:NEWEST])
    paid = _paid(wallet, [row.address for row in rows])
    return [_cells(row, paid.get(row.address)) for row in rows]


def _cells(row: DepositAddress, paid: tuple[datetime, int] | None) -> Cells:
    return [
        ("index", "number", f"{row.index:,}"),
        ("address", "lead", address_html(row.address, row.chain, row.environment)),
        ("paid", "", _paid_html(paid)),
        ("issued", "", moment_html(row.created_at)),
        ("followed", "", _followed(row)),
    ]


def _paid_html(paid: tuple[datetime, int] | None) -> SafeString:
    if paid is None:
        return NOTHING
    first, transfers = paid
    if transfers == 1:
        return moment_html(first)
    count = f"{transfers:,} transfers"
    return format_html('{}<span class="sub">{}</span>', moment_html(first), count)


def _followed(row: DepositAddress) -> str:
    return "at every pass" if row.rests_since is None else "once a day"


def _paid(wallet: Wallet, addresses: list[str]) -> dict[str, tuple[datetime, int]]:
    """When each of these was paid first, and in how many transfers, as the chain stands."""
    found = Transfer.objects.filter(
        chain=wallet.chain,
        scope=sources.scope_of(wallet),
        to_address__in=addresses,
        amount_atomic__gt=0,
        orphaned_at=None,
    )
    each = found.values("to_address").annotate(first=Min("block_time"), transfers=Count("pk"))
    return {row["to_address"]: (row["first"], row["transfers"]) for row in each.order_by()}


def _first_address(wallet: Wallet, key: ExtendedKey) -> SafeString:
    """The one thing that shows whether it is the right account: no wallet program shows a key."""
    try:
        address = address_at(key, 0, wallet.chain)
    except NoSuchChild:
        return NOTHING
    return address_html(address, wallet.chain, wallet.environment, whole=True)


def gap_of(wallet: Wallet) -> Gap:
    found = deposits.gap(wallet)
    assert found is not None, "who calls knows that it has an extended key"
    return found
