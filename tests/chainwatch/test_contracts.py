"""The committed bytecode belongs to the committed source."""

import hashlib

import pytest

from tests.nodes import CONTRACTS, compiled


@pytest.mark.parametrize("name", ["PlainToken", "TetherLike", "Pretender"])
def test_the_bytecode_was_made_from_the_source_beside_it(name: str) -> None:
    source = (CONTRACTS / f"{name}.vy").read_bytes()

    assert compiled(name)["source_sha256"] == hashlib.sha256(source).hexdigest()
