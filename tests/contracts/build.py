"""Compile the test tokens: `python tests/contracts/build.py` rewrites the JSON beside each source.

The output is committed, so that tests need no compiler. A test compares the digest of the source.
"""

import hashlib
import json
import sys
from pathlib import Path

from vyper import __version__ as compiler
from vyper import compile_code

HERE = Path(__file__).resolve().parent
# Runs on every network since 2023, which no test token needs to be newer than.
EVM_VERSION = "shanghai"


def build(source: Path) -> Path:
    """Write `<name>.json` with the ABI, the bytecode and what they were made from."""
    text = source.read_text()
    made = compile_code(
        f"#pragma evm-version {EVM_VERSION}\n{text}", output_formats=["abi", "bytecode"]
    )
    target = source.with_suffix(".json")
    content = {
        "compiler": f"vyper {compiler}",
        "evm_version": EVM_VERSION,
        "source_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "abi": made["abi"],
        "bytecode": made["bytecode"],
    }
    target.write_text(json.dumps(content, indent=1) + "\n")
    return target


if __name__ == "__main__":
    for path in sorted(HERE.glob("*.vy")):
        sys.stdout.write(f"{build(path).name}\n")
