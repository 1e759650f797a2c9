"""QR codes, and the link in one that fills a wallet's form in (ERC-681)."""

import segno
from django.utils.safestring import SafeString, mark_safe


def svg(text: str) -> SafeString:
    """Draw `text` as a QR code: inline SVG, scalable, without the quiet zone around it."""
    code = segno.make(text, error="m", micro=False)
    drawn = code.svg_inline(border=0, omitsize=True, dark="#000", svgclass="qr", lineclass=None)
    return mark_safe(drawn)  # noqa: S308  # segno's own markup: the text is in it as modules


def transfer_link(*, contract: str, chain_id: int, recipient: str, amount_atomic: int) -> str:
    """Return the link that asks a wallet for one ERC-20 transfer.

    Source: ERC-681, "URL Format for Transaction Requests", `transfer` with its two arguments.
    """
    return f"ethereum:{contract}@{chain_id}/transfer?address={recipient}&uint256={amount_atomic}"
