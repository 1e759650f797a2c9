"""The links that open a wallet with the payment filled in."""

import json
from urllib.parse import quote

from billing.chains import Environment, network
from billing.qr import svg, transfer_link
from checkouts.models import Checkout

__all__ = ["svg", "wallet_link"]

# Source: docs.tronlink.org, "DeepLink", "Open wallet". Its link for a transfer wants to know the
# sender's address, which a page that needs no log-in does not.
_TRONLINK = {"action": "open", "protocol": "tronlink", "version": "1.0"}


def wallet_link(checkout: Checkout, amount_atomic: int) -> str:
    """Return a link that opens a wallet; empty in the sandbox, where it would ask for real money.

    On EVM it holds token, chain, recipient and amount (ERC-681); on Tron it opens TronLink.
    """
    if checkout.environment == Environment.SANDBOX:
        return ""
    row = network(checkout.chain)
    if not row.is_evm:
        return f"tronlinkoutside://pull.activity?param={quote(json.dumps(_TRONLINK), safe='')}"
    return transfer_link(
        contract=checkout.contract,
        chain_id=row.chain_id,
        recipient=checkout.address,
        amount_atomic=amount_atomic,
    )
