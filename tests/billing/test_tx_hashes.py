import pytest

from billing.addresses import parse_tx_hash
from billing.errors import InvalidRequest

DIGITS = "aB" * 32
LOWER = "ab" * 32


@pytest.mark.parametrize(
    ("text", "chain", "expected"),
    [
        (f"0x{DIGITS}", "base", f"0x{LOWER}"),
        (f"0X{DIGITS}", "arbitrum", f"0x{LOWER}"),
        (DIGITS, "base", f"0x{LOWER}"),
        (DIGITS, "tron", LOWER),
        (f"0x{DIGITS}", "tron", LOWER),
    ],
)
def test_a_hash_has_one_form_per_chain(text: str, chain: str, expected: str) -> None:
    assert parse_tx_hash(text, chain, "live") == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not a transaction hash"),
        ("0x", "not a transaction hash"),
        (LOWER[:-1], "not a transaction hash"),
        (LOWER + "0", "not a transaction hash"),
        ("0x" + "g" * 64, "not a transaction hash"),
        (f"{LOWER}\n", "white space"),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "This is an address."),
        (f"https://basescan.org/tx/0x{LOWER}", "address of a page"),
        ("\x00" * 64, "not a transaction hash"),
        ("１" * 64, "not a transaction hash"),
    ],
)
def test_what_is_no_hash_is_refused_in_live(text: str, words: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_tx_hash(text, "base", "live")

    assert refusal.value.code == "invalid_tx_hash"
    assert refusal.value.param == "tx_hash"
    assert words in refusal.value.message


@pytest.mark.parametrize("text", ["x", "0xABC", "any hash at all", "h" * 255, "Ünïcode", " "])
def test_the_sandbox_keeps_a_hash_as_it_was_submitted(text: str) -> None:
    assert parse_tx_hash(text, "tron", "sandbox") == text


@pytest.mark.parametrize("text", ["", "h" * 256, "a\x00b", "a\nb", "\x7f", "\ud800"])
def test_the_sandbox_refuses_what_cannot_be_stored(text: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_tx_hash(text, "tron", "sandbox")

    assert refusal.value.code == "invalid_tx_hash"
