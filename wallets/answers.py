"""A wallet as the API and events write it."""

from billing.times import iso
from wallets.models import Wallet


def wallet_json(wallet: Wallet) -> dict[str, object]:
    """The one spelling of a wallet. The key is `wallet_id`, as payment methods call it."""
    return {
        "wallet_id": wallet.id,
        "org_id": wallet.organization_id,
        "chain": wallet.chain,
        "name": wallet.name,
        "address": wallet.address,
        "is_source": wallet.is_source,
        "source_since": iso(wallet.source_since) if wallet.source_since else None,
        "environment": wallet.environment,
        "created_at": iso(wallet.created_at),
        "updated_at": iso(wallet.updated_at),
    }
