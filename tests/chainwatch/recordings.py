"""Answers of real nodes, where they are at hand beside the repository.

They are no part of the project: without them the tests that read them are skipped, and the shapes
that matter stand written out in test_evm_answers.py and test_tron_answers.py.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings"

needs_recordings = pytest.mark.skipif(
    not RECORDINGS.is_dir(), reason=f"no recordings of real nodes at {RECORDINGS}"
)

Row = dict[str, Any]


@cache
def expected(chain: str) -> list[Row]:
    """What each recorded answer of a chain means, none where there are no recordings."""
    place = RECORDINGS / chain / "expected.json"
    rows: list[Row] = json.loads(place.read_text()) if place.is_file() else []
    return rows


def answers(*chains: str, method: str) -> list[Any]:
    """The good answers to one method, as parameters `chain` and `row`."""
    return [
        pytest.param(chain, row, id=f"{chain}/{row['file']}")
        for chain in chains
        for row in expected(chain)
        if row["status"] != "error" and row.get("method") == method
    ]


def errors(*chains: str) -> list[Any]:
    """The errors, whatever was asked, as parameters `chain` and `row`."""
    return [
        pytest.param(chain, row, id=f"{chain}/{row['file']}")
        for chain in chains
        for row in expected(chain)
        if row["status"] == "error"
    ]


def recorded(chain: str, row: Row) -> Any:
    return json.loads((RECORDINGS / chain / row["file"]).read_text())
