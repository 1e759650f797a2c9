"""Links by which a wallet on a phone pays one payout each (ERC-681), as a list.

The printable page of a batch draws each link as a QR code too.
"""

from billing.qr import transfer_link
from payouts.handover.lines import Line, Part

_COLUMNS = "payout_id,recipient,amount,token,link,batch_digest"


def link(part: Part, line: Line) -> str:
    """Return the link of one payout."""
    return transfer_link(
        contract=part.address(line.contract),
        chain_id=part.chain_id,
        recipient=part.address(line.recipient),
        amount_atomic=line.amount_atomic,
    )


def write(part: Part) -> bytes:
    """Return the list. No value in it can hold a comma, a quote or a line's end."""
    rows = [_COLUMNS, *(_row(part, line) for line in part.lines)]
    return "".join(f"{row}\n" for row in rows).encode()


def _row(part: Part, line: Line) -> str:
    recipient = part.address(line.recipient)
    of_payout = f"{line.payout_id},{recipient},{line.amount},{line.token}"
    return f"{of_payout},{link(part, line)},{part.digest}"
