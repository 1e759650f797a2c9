"""QR codes, and the link in one that fills a wallet's form in (ERC-681)."""

from django.utils.safestring import SafeString, mark_safe


def svg(text: str, *, is_framed: bool = False) -> SafeString:
    """Draw `text` as a QR code: inline SVG, scalable, without a script.

    The quiet zone that readers want is the page's affair, unless the code `is_framed`: then it has
    one of its own, and white behind it.
    """
    import segno  # loaded by the first code: few processes ever draw one, and it weighs megabytes

    drawn = segno.make(text, error="m", micro=False).svg_inline(
        border=4 if is_framed else 0,
        omitsize=True,
        dark="#000",
        light="#fff" if is_framed else None,
        svgclass="qr",
        lineclass=None,
    )
    return mark_safe(drawn)  # noqa: S308  # segno's own markup: the text is in it as modules


def transfer_link(*, contract: str, chain_id: int, recipient: str, amount_atomic: int) -> str:
    """Return the link that asks a wallet for one ERC-20 transfer.

    Source: ERC-681, "URL Format for Transaction Requests", `transfer` with its two arguments.
    """
    return f"ethereum:{contract}@{chain_id}/transfer?address={recipient}&uint256={amount_atomic}"
