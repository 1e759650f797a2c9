"""A batch file of Safe's Transaction Builder: many transfers, signed as one transaction.

Source: github.com/safe-global/safe-react-apps, apps/tx-builder: `src/typings/models.ts` (BatchFile)
for the fields, `src/lib/checksum.ts` for the checksum. `data` is null where a method is named: the
app then shows "transfer" with its arguments and encodes them itself, and a signer reads whom it
pays.
"""

import json
from typing import Any

from billing.keccak import keccak256
from payouts.handover.lines import Line, Part

_TRANSFER = {
    "inputs": [
        {"internalType": "address", "name": "to", "type": "address"},
        {"internalType": "uint256", "name": "value", "type": "uint256"},
    ],
    "name": "transfer",
    "payable": False,
}


def write(part: Part) -> bytes:
    """Return the file. The app says so where somebody changed it: its checksum is in it."""
    file: dict[str, Any] = {
        "version": "1.0",
        "chainId": str(part.chain_id),
        "createdAt": int(part.created_at.timestamp()) * 1000,
        "meta": {
            "name": part.title,
            "description": f"Payout batch {part.batch_id}. Digest {part.digest}.",
            "createdFromSafeAddress": part.address(part.source),
            "createdFromOwnerAddress": "",
        },
        "transactions": [_transaction(part, line) for line in part.lines],
    }
    file["meta"]["checksum"] = checksum(file)
    return json.dumps(file, indent=2, ensure_ascii=False).encode()


def checksum(file: dict[str, Any]) -> str:
    """Return what the app calculates of a batch file: Keccak-256, `0x` and hexadecimal.

    Over the file's values in the app's own writing, with the name left out, so that a batch may be
    renamed. Whoever checks a file takes its checksum out of `meta` first.
    """
    nameless = {**file, "meta": {**file["meta"], "name": None}}
    return "0x" + keccak256(_serialized(nameless).encode()).hex()


def _serialized(value: Any) -> str:
    """The app's writing: of an object first its sorted names as a list, then its values."""
    if isinstance(value, list):
        return f"[{','.join(map(_serialized, value))}]"
    if isinstance(value, dict):
        names = sorted(value)
        values = "".join(f"{_serialized(value[name])}," for name in names)
        return f"{{{_plain(names)}{values}}}"
    return _plain(value)


def _plain(value: Any) -> str:
    """As JavaScript's JSON.stringify writes it: no blanks, letters as they are."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _transaction(part: Part, line: Line) -> dict[str, Any]:
    return {
        "to": part.address(line.contract),
        "value": "0",
        "data": None,
        "contractMethod": _TRANSFER,
        "contractInputsValues": {
            "to": part.address(line.recipient),
            "value": str(line.amount_atomic),
        },
    }
