"""What Tron's `wallet/triggersmartcontract` asks for, one transaction for each payout.

Source: developers.tron.network, "TriggerSmartContract" and "Parameter Encoding and Decoding". Tron
signs one transfer at a time, so the file is never split.
"""

import json
from typing import Any

from payouts.handover.encoding import SELECTOR, arguments
from payouts.handover.lines import Line, Part

# The most that a transfer may burn, in sun, no price: one to an address that never held the token
# takes about 130,000 energy, 55 TRX at the dearest energy there was yet, and what is not needed is
# not taken. With less it can fail as OUT_OF_ENERGY and cost its fee all the same.
FEE_LIMIT_SUN = 100_000_000


def write(part: Part) -> bytes:
    """Return the file. Raises NoAddress."""
    file = {
        "batch_id": part.batch_id,
        "digest": part.digest,
        "environment": part.environment,
        "chain": part.chain,
        "chain_id": part.chain_id,
        "transactions": [_transaction(part, line) for line in part.lines],
    }
    return json.dumps(file, indent=2, ensure_ascii=False).encode()


def _transaction(part: Part, line: Line) -> dict[str, Any]:
    return {
        "payout_id": line.payout_id,
        "pays": {
            "recipient": part.address(line.recipient),
            "token": line.token,
            "amount": line.amount,
            "amount_atomic": str(line.amount_atomic),
        },
        "triggersmartcontract": {
            "owner_address": part.address(part.source) or None,
            "contract_address": part.address(line.contract),
            "function_selector": SELECTOR,
            "parameter": arguments(line.recipient, line.amount_atomic, line.chain),
            "call_value": 0,
            "fee_limit": FEE_LIMIT_SUN,
            "visible": True,
        },
    }
