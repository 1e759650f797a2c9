"""The QR code of an authenticator app."""

import segno
from django.utils.safestring import SafeString, mark_safe


def svg(text: str) -> SafeString:
    """Draw `text` as a QR code: inline SVG, without a script, its colours its own."""
    drawn = segno.make(text, error="m", micro=False).svg_inline(
        border=4, omitsize=True, dark="#000", light="#fff", svgclass="qr", lineclass=None
    )
    return mark_safe(drawn)  # noqa: S308  # segno's own markup: the text is in it as modules
