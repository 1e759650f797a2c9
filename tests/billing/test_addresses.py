"""Vectors: of EIP-55 itself; of Tron from the pages of issuers and explorers."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.addresses import (
    canonical,
    evm_checksum,
    is_lookalike,
    lookalike_key,
    parse_address,
    parse_recipient,
)
from billing.errors import InvalidRequest

EIP_55 = [
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]
TRON = [
    "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
    "TEkxiTehnzSmSe2XqrBj4w32RUN966rdz8",
    "TLyqzVGLV1srkB7dToTAEqgDSfPtXRJZYH",
    "TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy",
    "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb",
]
ALICE = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
WRONG_CASE = "0x5aAeb6053f3E94C9b9A09f33669435E7Ef1BeAed"
TRON_ALICE = "TLyqzVGLV1srkB7dToTAEqgDSfPtXRJZYH"


@pytest.mark.parametrize("address", EIP_55)
@pytest.mark.parametrize("chain", ["arbitrum", "base"])
def test_a_checksummed_address_is_kept_as_it_is(address: str, chain: str) -> None:
    assert parse_address(address, chain, "live").address == address


@pytest.mark.parametrize("address", EIP_55)
def test_one_case_alone_is_given_its_checksum(address: str) -> None:
    assert canonical(address.lower(), "base") == address
    assert canonical("0x" + address[2:].upper(), "base") == address


@pytest.mark.parametrize("address", TRON)
def test_a_tron_address_is_kept_as_it_is(address: str) -> None:
    assert parse_address(address, "tron", "live").address == address


@pytest.mark.parametrize(
    ("text", "chain", "words"),
    [
        (WRONG_CASE, "base", "checksum is wrong"),
        ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u", "tron", "checksum is wrong"),
        (TRON_ALICE, "arbitrum", "This is a Tron address."),
        (ALICE, "tron", "of an EVM chain or Tron's hexadecimal form"),
        ("4178c842ee63b253f8f0d2955bbc582c661a078c9d", "tron", "begins with 41"),
        ("0x4178c842ee63b253f8f0d2955bbc582c661a078c9d", "tron", "begins with 41"),
        ("0X" + ALICE[2:], "base", "does not begin with a small 0x"),
        (ALICE[2:], "base", "does not begin with a small 0x"),
        (f" {ALICE}", "base", "white space"),
        (f"{ALICE}\n", "base", "white space"),
        (f"{TRON_ALICE} ", "tron", "white space"),
        ("0x" + "ab" * 32, "base", "transaction hash or a private key"),
        ("ab" * 32, "tron", "transaction hash or a private key"),
        ("vitalik.eth", "base", "names are not looked up"),
        ("", "base", "not an address"),
        ("", "tron", "not an address"),
        ("0x", "base", "not an address"),
        (ALICE[:-1], "base", "not an address"),
        (ALICE + "0", "base", "not an address"),
        ("0x５aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "base", "not an address"),
        ("T0yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb", "tron", "not an address"),
        ("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "tron", "not an address"),
        ("x" * 10_000, "base", "not an address"),
        ("\x00", "tron", "not an address"),
        ("\ud800", "base", "not an address"),
    ],
)
def test_what_is_no_address_of_the_chain_is_refused_in_words(
    text: str, chain: str, words: str
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_address(text, chain, "live", param="recipient_address")

    assert refusal.value.code == "invalid_address"
    assert refusal.value.param == "recipient_address"
    assert words in refusal.value.message
    assert len(text) < 3 or text not in refusal.value.message


SEED = "legal winner thank year wave sausage worth useful legal winner thank yellow"


def test_a_seed_phrase_is_called_by_its_name_and_not_repeated() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_address(SEED, "base", "sandbox")

    assert "seed phrase" in refusal.value.message
    assert "sausage" not in refusal.value.message


@pytest.mark.parametrize(
    ("address", "chain"),
    [
        (WRONG_CASE, "base"),
        ("0x1234abcd", "arbitrum"),
        ("TXyz123exampleexampleexample", "tron"),
        ("TN0OIl", "tron"),
    ],
)
def test_the_sandbox_takes_an_address_of_the_right_look_with_a_warning(
    address: str, chain: str
) -> None:
    parsed = parse_address(address, chain, "sandbox", param="recipient_address")

    assert parsed.address == address
    assert len(parsed.warnings) == 1
    assert parsed.warnings[0].startswith("Live refuses the address in recipient_address. ")
    with pytest.raises(InvalidRequest):
        parse_address(address, chain, "live")


@pytest.mark.parametrize(
    ("address", "chain"),
    [
        (ALICE, "tron"),
        (TRON_ALICE, "base"),
        ("T-dash", "tron"),
        ("T" + "x" * 64, "tron"),
        ("0x" + "a" * 63, "base"),
        ("0xghij", "base"),
        ("T", "tron"),
        ("Té", "tron"),
    ],
)
def test_the_sandbox_refuses_an_address_of_another_look(address: str, chain: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_address(address, chain, "sandbox")


def test_the_sandbox_knows_the_canonical_form_of_a_good_address() -> None:
    parsed = parse_address(ALICE.lower(), "base", "sandbox")

    assert parsed.address == ALICE
    assert parsed.warnings == ()


@pytest.mark.parametrize("environment", ["live", "sandbox"])
@pytest.mark.parametrize(
    ("address", "chain", "words"),
    [
        ("0x0000000000000000000000000000000000000000", "base", "the zero address"),
        ("0x000000000000000000000000000000000000dEaD", "base", "burn address"),
        ("0xdEAD000000000000000042069420694206942069", "arbitrum", "burn address"),
        ("0x0000000000000000000000000000000000000001", "base", "reserved"),
        ("0x00000000000000000000000000000000000000ff", "arbitrum", "reserved"),
        ("0x4200000000000000000000000000000000000006", "base", "OP stack"),
        ("0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE", "base", "placeholder"),
        ("0xffffffffffffffffffffffffffffffffffffffff", "base", "placeholder"),
        ("T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb", "tron", "the zero address"),
        ("TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy", "tron", "black hole"),
        ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "tron", "USDT on Tron"),
        ("TEkxiTehnzSmSe2XqrBj4w32RUN966rdz8", "tron", "USDC on Tron"),
        ("0xaf88d065e77c8cc2239327c5edb3a432268e5831", "arbitrum", "USDC on Arbitrum One"),
        ("0xfd086bc7cd5c481dcc9c85ebe478a1c0b69fcbb9", "arbitrum", "USDT on Arbitrum One"),
        ("0xff970a61a04b1ca14834a43f5de4533ebddb5cc8", "arbitrum", "USDC.e"),
        ("0x833589fcd6edb6e08f4c7c32d4f71b54bda02913", "base", "USDC on Base"),
        # A token of one chain is no person on another one either.
        ("0x833589fcd6edb6e08f4c7c32d4f71b54bda02913", "arbitrum", "USDC on Base"),
    ],
)
def test_money_is_not_sent_where_nobody_can_spend_it(
    address: str, chain: str, words: str, environment: str
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_recipient(address, chain, environment)

    assert refusal.value.code == "invalid_recipient"
    assert refusal.value.param == "recipient_address"
    assert words in refusal.value.message


def test_a_malformed_zero_address_is_refused_in_the_sandbox_too() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_recipient("0x0", "base", "sandbox")

    assert refusal.value.code == "invalid_recipient"


def test_a_persons_address_is_taken_as_recipient() -> None:
    assert parse_recipient(ALICE, "base", "live").address == ALICE
    assert parse_recipient(TRON_ALICE, "tron", "live").address == TRON_ALICE


@given(st.binary(min_size=20, max_size=20))
def test_every_spelling_of_twenty_bytes_has_one_canonical_form(payload: bytes) -> None:
    checksummed = evm_checksum(payload.hex())

    assert canonical(checksummed, "base") == checksummed
    assert canonical("0x" + payload.hex(), "base") == checksummed
    assert canonical("0x" + payload.hex().upper(), "base") == checksummed


def test_a_flipped_character_is_caught_as_often_as_a_checksum_can() -> None:
    """EIP-55 gives about four bits for 15 letters; base58check 32 bits. Measured, seeded."""
    dice = random.Random(55)
    evm = [
        address[:i]
        + dice.choice([c for c in "0123456789abcdefABCDEF" if c != address[i]])
        + address[i + 1 :]
        for address in EIP_55[4:]
        for i in range(2, 42)
        for _ in range(20)
    ]
    tron = [
        address[:i] + other + address[i + 1 :]
        for address in TRON
        for i in range(1, 34)
        for other in "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
        if other != address[i]
    ]

    assert sum(_is_taken(a, "base") for a in evm) / len(evm) < 0.01
    assert [a for a in tron if _is_taken(a, "tron")] == []


def test_a_single_letter_in_the_wrong_case_is_always_caught() -> None:
    for address in EIP_55[4:]:
        for i in range(2, 42):
            flipped = address[:i] + address[i].swapcase() + address[i + 1 :]
            assert flipped == address or not _is_taken(flipped, "base")


def _is_taken(address: str, chain: str) -> bool:
    try:
        canonical(address, chain)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("address", "key"),
    [
        (ALICE, "5aaeeaed"),
        (TRON_ALICE, "lyqzjzyh"),
        ("0x12", "1212"),
        ("T", ""),
    ],
)
def test_the_key_is_the_first_and_last_four_characters(address: str, key: str) -> None:
    assert lookalike_key(address) == key


@pytest.mark.parametrize(
    ("address", "known", "expected"),
    [
        (ALICE, ALICE, False),
        (ALICE.lower(), ALICE, False),
        ("0x5aAe00000000000000000000000000000000eAed", ALICE, True),
        ("0x5AAE00000000000000000000000000000000EAED", ALICE, True),
        ("0x5aAe00000000000000000000000000000000eAee", ALICE, False),
        ("0x5bAe00000000000000000000000000000000eAed", ALICE, False),
        (TRON_ALICE, TRON_ALICE, False),
        ("TLyqzxxxxxxxxxxxxxxxxxxxxxxxxxJZYH", TRON_ALICE, True),
        # On Tron a letter in another case is another address.
        ("TLYQzVGLV1srkB7dToTAEqgDSfPtXRJZYH", TRON_ALICE, True),
        ("0xLyqz0000000000000000000000000000JZYH", TRON_ALICE, False),
    ],
)
def test_a_lookalike_differs_only_where_nobody_looks(
    address: str, known: str, expected: bool
) -> None:
    assert is_lookalike(address, known) is expected
