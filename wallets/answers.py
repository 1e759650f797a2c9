"""A wallet as the API and events write it."""

from billing.times import iso
from wallets.extended_keys import DERIVATION
from wallets.models import Wallet


def wallet_json(wallet: Wallet) -> dict[str, object]:
    """The one spelling of a wallet. The key is `wallet_id`, as payment methods call it.

    Either `address` is null, or all that belongs to an extended key is. Reads the key's row.
    """
    key = wallet.extended_key
    return {
        "wallet_id": wallet.id,
        "org_id": wallet.organization_id,
        "chain": wallet.chain,
        "name": wallet.name,
        "address": wallet.address or None,
        "xpub": key.xpub if key else None,
        "derivation": DERIVATION if key else None,
        "first_index": key.first_index if key else None,
        "next_index": key.next_index if key else None,
        "is_source": wallet.is_source,
        "source_since": iso(wallet.source_since) if wallet.source_since else None,
        "environment": wallet.environment,
        "created_at": iso(wallet.created_at),
        "updated_at": iso(wallet.updated_at),
    }
