"""What the files of a batch pay, read as their formats have it: by others' decoders, not ours."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from decimal import Decimal

from eth_abi.abi import decode

from tests.payouts.handover.parts import decoded

Pays = list[tuple[str, int]]  # whom, and how much in atomic units
MARK = "sandbox:"  # before every address of the simulated chains, so that no wallet takes it


def pays(name: str, content: bytes) -> Pays:
    """Whom a file pays and how much, by the end of its name; sorted."""
    read = next(read for end, read in _READERS.items() if name.endswith(end))
    return sorted((whom.removeprefix(MARK), amount) for whom, amount in read(content))


def unpacked(content: bytes) -> dict[str, bytes]:
    """The files of a pack by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as pack:
        assert pack.testzip() is None
        return {each: pack.read(each) for each in pack.namelist()}


def _builder(content: bytes) -> Pays:
    values = [each["contractInputsValues"] for each in json.loads(content)["transactions"]]
    return [(each["to"], int(each["value"])) for each in values]


def _airdrop(content: bytes) -> Pays:
    rows = csv.DictReader(io.StringIO(content.decode()))
    return [(row["receiver"], _atomic(row["amount"])) for row in rows]


def _calls(content: bytes) -> Pays:
    return [decoded(each["data"]) for each in json.loads(content)["transactions"]]


def _links(content: bytes) -> Pays:
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    for row in rows:
        assert row["link"].endswith(f"uint256={_atomic(row['amount'])}")
    return [(row["recipient"], _atomic(row["amount"])) for row in rows]


def _tron(content: bytes) -> Pays:
    found = []
    for each in json.loads(content)["transactions"]:
        arguments = bytes.fromhex(each["triggersmartcontract"]["parameter"])
        _, amount = decode(["address", "uint256"], arguments, strict=True)
        found.append((each["pays"]["recipient"], amount))
    return found


def _atomic(amount: str) -> int:
    return int(Decimal(amount).scaleb(6))


_READERS: dict[str, Callable[[bytes], Pays]] = {
    "safe-builder.json": _builder,
    "safe-airdrop.csv": _airdrop,
    "calldata.json": _calls,
    "payment-links.csv": _links,
    "tron-transfers.json": _tron,
}
