"""What Safe's apps take, written down from what their makers publish."""

from typing import Any

ADDRESS = {"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"}

# github.com/safe-global/safe-react-apps, apps/tx-builder/src/typings/models.ts: BatchFile and what
# it is made of. Stricter than the app: nothing it does not name, and one method alone.
BATCH_FILE: dict[str, Any] = {
    "type": "object",
    "required": ["version", "chainId", "createdAt", "meta", "transactions"],
    "additionalProperties": False,
    "properties": {
        "version": {"const": "1.0"},
        "chainId": {"type": "string", "pattern": "^[1-9][0-9]*$"},
        "createdAt": {"type": "integer", "minimum": 1_500_000_000_000},
        "meta": {
            "type": "object",
            "required": ["name", "checksum"],
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string", "minLength": 1},
                "description": {"type": "string"},
                "txBuilderVersion": {"type": "string"},
                "createdFromSafeAddress": {"anyOf": [ADDRESS, {"const": ""}]},
                "createdFromOwnerAddress": {"type": "string"},
                "checksum": {"type": "string", "pattern": "^0x[0-9a-f]{64}$"},
            },
        },
        "transactions": {
            "type": "array",
            "minItems": 1,
            "maxItems": 200,
            "items": {
                "type": "object",
                "required": ["to", "value", "data", "contractMethod", "contractInputsValues"],
                "additionalProperties": False,
                "properties": {
                    "to": ADDRESS,
                    "value": {"const": "0"},
                    "data": {"type": "null"},
                    "contractMethod": {
                        "type": "object",
                        "required": ["inputs", "name", "payable"],
                        "additionalProperties": False,
                        "properties": {
                            "name": {"const": "transfer"},
                            "payable": {"const": False},
                            "inputs": {
                                "const": [
                                    {"internalType": "address", "name": "to", "type": "address"},
                                    {"internalType": "uint256", "name": "value", "type": "uint256"},
                                ]
                            },
                        },
                    },
                    "contractInputsValues": {
                        "type": "object",
                        "required": ["to", "value"],
                        "additionalProperties": False,
                        "properties": {
                            "to": ADDRESS,
                            "value": {"type": "string", "pattern": "^[1-9][0-9]*$"},
                        },
                    },
                },
            },
        },
    },
}

# github.com/bh2smith/safe-airdrop, README.md and src/parser: at most 400 rows, read by name.
AIRDROP_COLUMNS = ["token_type", "token_address", "receiver", "amount"]
AIRDROP_ROW: dict[str, Any] = {
    "type": "object",
    "required": AIRDROP_COLUMNS,
    "additionalProperties": False,
    "properties": {
        "token_type": {"const": "erc20"},
        "token_address": ADDRESS,
        "receiver": ADDRESS,
        "amount": {"type": "string", "pattern": r"^(0|[1-9][0-9]*)(\.[0-9]{1,6})?$"},
    },
}
