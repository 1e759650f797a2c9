"""Raw calls for any signer that takes them: to the token's contract, no value, these bytes."""

import json
from typing import Any

from payouts.handover.encoding import calldata
from payouts.handover.lines import Line, Part


def write(part: Part) -> bytes:
    """Return the file. Raises NoAddress."""
    file = {
        "batch_id": part.batch_id,
        "digest": part.digest,
        "environment": part.environment,
        "chain": part.chain,
        "chain_id": part.chain_id,
        "part": part.number,
        "parts": part.parts,
        "from": part.address(part.source) or None,
        "transactions": [_transaction(part, line) for line in part.lines],
    }
    return json.dumps(file, indent=2, ensure_ascii=False).encode()


def _transaction(part: Part, line: Line) -> dict[str, Any]:
    return {
        "to": part.address(line.contract),
        "value": "0",
        "data": calldata(line.recipient, line.amount_atomic, line.chain),
        "payout_id": line.payout_id,
        "pays": {
            "recipient": part.address(line.recipient),
            "token": line.token,
            "amount": line.amount,
            "amount_atomic": str(line.amount_atomic),
        },
    }
