"""What the emulated node answers has the shapes of what real nodes were recorded to answer.

A shape is the set of an answer's keys, with the kind of value at each. Real nodes leave fields out
and add others, so several recordings are held together: a key that all of them have must be there,
and none may be that no recording has.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.chainwatch.recordings import RECORDINGS, needs_recordings
from tests.tron.emulator import TronNode, running_tron
from tests.tron.test_emulator import UNKNOWN, ask

pytestmark = needs_recordings

Shape = dict[str, set[str]]
BY_ID = "gettransactioninfobyid"
SUCCESS = [
    f"info_usdt_success_{name}"
    for name in (
        "1000_a", "10000_b", "1000_c", "10000_d", "3500000_free_energy", "41677389",
    )
]  # fmt: skip
FAILED = [
    "info_usdt_out_of_energy_burnt",
    "info_usdt_out_of_energy_mixed",
    "info_trc20_revert_nile",
]
PLAIN = ["info_trx_plain_fee", "info_trx_plain_net_usage"]


@dataclass(frozen=True)
class World:
    """A node on whose chain everything has happened once; `words` are what to ask for it."""

    node: TronNode
    words: dict[str, dict[str, Any]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with running_tron() as node:
        usdt = node.deploy("PlainToken", 10**15)
        rich, other = node.anvil.accounts[:2]
        ids = {
            "good": usdt.send("transfer", node.accounts[1], 7),
            "exhausted": usdt.send("transfer", node.accounts[2], 7, gas=hex(40_000)),
            "reverted": usdt.send("transfer", node.accounts[2], 7, sender=node.accounts[5]),
        }
        node.mine()
        plain = node.anvil.send(to=other, data="0x", sender=rich, value=hex(10**18))
        number = node.mine()
        node.mine(19)
        words: dict[str, dict[str, Any]] = {name: {"value": tx_id} for name, tx_id in ids.items()}
        words |= {
            "plain": {"value": plain.removeprefix("0x")},
            "plain block": {"num": number},
            "head": {},
            "headless": {"detail": False},
            "unknown": {"value": UNKNOWN},
            "no hash": {"value": "x"},
            "no number": {"num": "abc"},
        }
        yield World(node, words)


def shape_of(value: Any, place: str = "") -> Shape:
    """Every place in an answer, and the kinds of what stands there; for a list, of any element."""
    shape: Shape = {place: {kind_of(value)}}
    parts: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        parts = [(f"{place}.{name}", each) for name, each in value.items()]
    elif isinstance(value, list):
        parts = [(f"{place}[]", each) for each in value]
    for name, each in parts:
        for inner, kinds in shape_of(each, name).items():
            shape.setdefault(inner, set()).update(kinds)
    return shape


def kind_of(value: Any) -> str:
    """The kind of a value; of text, which alphabet it is of."""
    if not isinstance(value, str):
        return type(value).__name__
    if value.startswith("T") and len(value) == 34:
        return "base58"
    is_hex = set(value) <= set("0123456789abcdef")
    # Only ids and addresses have a length of their own.
    return f"hex {len(value)}" if is_hex and len(value) in (40, 42, 64) else "text"


def oddities(ours: Any, real: list[Any]) -> list[str]:
    """In what our answer differs from all the real ones."""
    mine, theirs = shape_of(ours), [shape_of(each) for each in real]
    known: Shape = {}
    for shape in theirs:
        for place, kinds in shape.items():
            known.setdefault(place, set()).update(kinds)
    always = set.intersection(*(set(shape) for shape in theirs))
    return [
        *(f"{place} is missing" for place in sorted(always - set(mine))),
        *(f"{place} is on no real node" for place in sorted(set(mine) - set(known))),
        *(
            f"{place} is {sorted(kinds)}, not {sorted(known[place])}"
            for place, kinds in sorted(mine.items())
            if place in known and not kinds <= known[place]
        ),
    ]


def recorded(name: str) -> Any:
    return json.loads((RECORDINGS / "tron" / f"{name}.json").read_text())


@pytest.mark.parametrize("api", ["wallet", "walletsolidity"])
@pytest.mark.parametrize(
    ("path", "what", "recordings"),
    [
        (BY_ID, "good", SUCCESS),
        (BY_ID, "exhausted", FAILED),
        (BY_ID, "reverted", FAILED),
        (BY_ID, "plain", PLAIN),
        ("gettransactionbyid", "good", ["tx_usdt_transfer"]),
        ("gettransactionbyid", "plain", ["tx_trx_plain"]),
        ("gettransactioninfobyblocknum", "plain block", ["infos_by_blocknum_nile"]),
        ("getnowblock", "head", ["nowblock_nile"]),
        ("getblock", "headless", ["nowblock_nile"]),
        ("getnodeinfo", "head", ["nodeinfo_nile"]),
    ],
)
def test_an_answer_has_the_keys_that_real_answers_have_and_no_others(
    world: World, api: str, path: str, what: str, recordings: list[str]
) -> None:
    real = [recorded(name) for name in recordings]
    if path == "gettransactioninfobyblocknum":
        # Two of the same kind: what they have in common is what any of them has.
        real += [[recorded(name)] for name in PLAIN]

    said = ask(world.node, f"{api}/{path}", **world.words[what])

    assert oddities(said, real) == []


def test_a_visible_answer_has_the_keys_and_the_alphabets_of_a_real_one(world: World) -> None:
    said = ask(world.node, f"wallet/{BY_ID}", **world.words["good"], visible=True)

    # That one is of 2020: nothing was staked for it, and there was no penalty yet.
    assert oddities(said, [recorded("info_usdt_success_visible_true_2020")]) == [
        ".receipt.energy_penalty_total is on no real node",
        ".receipt.energy_usage is on no real node",
    ]
    assert oddities(said, [recorded(name) for name in SUCCESS]) == [
        ".contract_address is ['base58'], not ['hex 42']",
        ".log[].address is ['base58'], not ['hex 40']",
    ]


@pytest.mark.parametrize(
    ("path", "what", "recording"),
    [
        (BY_ID, "unknown", "unknown_tx_empty"),
        (BY_ID, "no hash", "error_http200_invalid_hex"),
        ("getblockbynum", "no number", "error_http200_bad_integer"),
    ],
)
def test_what_is_unknown_or_wrong_is_answered_word_for_word(
    world: World, path: str, what: str, recording: str
) -> None:
    assert ask(world.node, f"wallet/{path}", **world.words[what]) == recorded(recording)


def test_a_key_too_few_a_key_too_many_and_another_alphabet_are_seen() -> None:
    """Of the comparison itself."""
    real = [{"id": "ab" * 32, "fee": 1, "log": [{"data": ""}]}, {"id": "cd" * 32}]

    assert oddities({"id": "ef" * 32, "log": []}, real) == []
    assert oddities({"fee": "1", "hash": "T" * 34}, real) == [
        ".id is missing",
        ".hash is on no real node",
        ".fee is ['text'], not ['int']",
    ]
