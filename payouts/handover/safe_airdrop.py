"""A transfer file of Safe's app "CSV Airdrop": many transfers, signed as one transaction.

Source: github.com/bh2smith/safe-airdrop, README.md "Preparing a Transfer File" and
`src/parser/csvParser.ts`: the columns by name, amounts in token units, at most 400 rows. A column
of its own would not be read, so there is no room for the digest: it stands in the file's name.
"""

from payouts.handover.lines import Line, Part

_COLUMNS = "token_type,token_address,receiver,amount"


def write(part: Part) -> bytes:
    """Return the file. No value in it can hold a comma, a quote or a line's end."""
    rows = [_COLUMNS, *(_row(part, line) for line in part.lines)]
    return "".join(f"{row}\n" for row in rows).encode()


def _row(part: Part, line: Line) -> str:
    token, receiver = part.address(line.contract), part.address(line.recipient)
    return f"erc20,{token},{receiver},{line.amount}"
