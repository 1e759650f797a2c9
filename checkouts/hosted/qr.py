"""QR codes, and the links that open a wallet with the payment filled in."""

import json
from urllib.parse import quote

import segno
from django.utils.safestring import SafeString, mark_safe

from billing.chains import Environment, network
from checkouts.models import Checkout

# Source: docs.tronlink.org, "DeepLink", "Open wallet". Its link for a transfer wants to know the
# sender's address, which a page that needs no log-in does not.
_TRONLINK = {"action": "open", "protocol": "tronlink", "version": "1.0"}


def svg(text: str) -> SafeString:
    """Draw `text` as a QR code: inline SVG, scalable, without the quiet zone around it."""
    code = segno.make(text, error="m", micro=False)
    drawn = code.svg_inline(border=0, omitsize=True, dark="#000", svgclass="qr", lineclass=None)
    return mark_safe(drawn)  # noqa: S308  # segno's own markup: the text is in it as modules


def wallet_link(checkout: Checkout, amount_atomic: int) -> str:
    """Return a link that opens a wallet; empty in the sandbox, where it would ask for real money.

    On EVM it holds token, chain, recipient and amount (ERC-681); on Tron it opens TronLink.
    """
    if checkout.environment == Environment.SANDBOX:
        return ""
    row = network(checkout.chain)
    if not row.is_evm:
        return f"tronlinkoutside://pull.activity?param={quote(json.dumps(_TRONLINK), safe='')}"
    return (
        f"ethereum:{checkout.contract}@{row.chain_id}/transfer"
        f"?address={checkout.address}&uint256={amount_atomic}"
    )
