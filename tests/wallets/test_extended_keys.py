"""Extended public keys: read as BIP-32 writes them, and the addresses that follow from them."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import base58
import pytest
from bip32 import BIP32
from eth_account import Account
from eth_account.hdaccount import key_from_seed
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.errors import InvalidRequest
from tests.wallets.accounts import ABANDON_EVM, ABANDON_TRON, ADDRESSES, JUNK_EVM
from wallets.extended_keys import address_at, may_be_shown, parse, path_on, without_owner

_PUBLISHED = json.loads((Path(__file__).parent / "bip32_vectors.json").read_text())
VECTORS: dict[str, str] = _PUBLISHED["keys"]
IMPOSSIBLE: list[tuple[str, str, str]] = _PUBLISHED["impossible"]
POINT = bytes.fromhex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")  # G
XPUB, HARDENED_0 = bytes.fromhex("0488b21e"), bytes.fromhex("80000000")


def written(
    version: bytes = XPUB,
    *,
    depth: int = 3,
    child: bytes = HARDENED_0,
    code: bytes = bytes(32),
    point: bytes = POINT,
) -> str:
    """An extended key as nobody's program would write it."""
    payload = version + bytes([depth]) + bytes(4) + child + code + point
    return base58.b58encode_check(payload).decode()


def refusal_of(text: str) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as refused:
        parse(text)
    assert refused.value.param == "xpub"
    return refused.value


@pytest.mark.parametrize(("xpub", "chain", "index", "address"), ADDRESSES)
def test_addresses_are_those_of_every_wallet_program(
    xpub: str, chain: str, index: int, address: str
) -> None:
    assert address_at(parse(xpub), index, chain) == address


@pytest.mark.parametrize(
    ("parent", "step", "child"),
    [
        ("1 m/0'", 1, "1 m/0'/1"),
        ("1 m/0'/1/2'", 2, "1 m/0'/1/2'/2"),
        ("1 m/0'/1/2'/2", 1_000_000_000, "1 m/0'/1/2'/2/1000000000"),
        ("2 m", 0, "2 m/0"),
        ("2 m/0/2147483647'", 1, "2 m/0/2147483647'/1"),
        ("2 m/0/2147483647'/1/2147483646'", 2, "2 m/0/2147483647'/1/2147483646'/2"),
    ],
)
def test_the_published_public_steps_are_taken_as_published(
    parent: str, step: int, child: str
) -> None:
    assert BIP32.from_xpub(VECTORS[parent]).get_xpub_from_path([step]) == VECTORS[child]


@pytest.mark.parametrize(("name", "xpub"), VECTORS.items())
def test_of_the_published_keys_those_of_accounts_are_read(name: str, xpub: str) -> None:
    """Depth 3 and a hardened last step: one of the seventeen. All the others say where they are."""
    if name == "1 m/0'/1/2'":
        assert parse(xpub).xpub == xpub
        return
    refusal = refusal_of(xpub)
    depth = name.count("/")
    assert refusal.code == "invalid_xpub"
    assert f"depth {depth}" in refusal.message
    assert "m/44'/60'/0' for Arbitrum and Base, m/44'/195'/0' for Tron" in refusal.message


def test_what_was_read_is_the_published_point_and_chain_code() -> None:
    """The point of the vector's own private key, which BIP-32 publishes too (m/0'/1/2')."""
    key = parse(VECTORS["1 m/0'/1/2'"])

    assert key.public_key == "0357bfe1e341d01c69fe5654309956cbea516822fba8a601743a012a7896ee8dc2"
    assert key.chain_code == "04466b9cc8e161e966409ca52986c584f07e9dc81f735db683c3ff6ec7b1503f"


@pytest.mark.parametrize(("why", "text", "code"), IMPOSSIBLE)
def test_the_published_impossible_keys_are_refused(why: str, text: str, code: str) -> None:
    refusal = refusal_of(text)

    assert refusal.code == code
    assert text[:20] not in refusal.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "This is not an extended public key."),
        ("xpub", "It has 4 characters, an xpub has 111."),
        (ABANDON_EVM[:-1], "It has 110 characters, an xpub has 111."),
        (ABANDON_EVM + "1", "It has 112 characters, an xpub has 111."),
        (ABANDON_EVM + ABANDON_EVM, "It has 222 characters"),
        ("xpub" + "1" * 100_000, "It has 100004 characters"),
        (ABANDON_EVM[:-1] + "s", "Its checksum is wrong"),
        (ABANDON_EVM[:50] + ABANDON_EVM[51] + ABANDON_EVM[50] + ABANDON_EVM[52:], "checksum"),
        (ABANDON_EVM[:-1] + "0", "not 0, O, I and l"),
        (ABANDON_EVM[:-1] + "é", "not 0, O, I and l"),
        (ABANDON_EVM[:-1] + "\x00", "not 0, O, I and l"),
        (ABANDON_EVM[:60] + "\u200b" + ABANDON_EVM[60:], "not 0, O, I and l"),
        (ABANDON_EVM + "/0/*", "Give the key alone, without a path"),
        (f"[73c5da0a/44'/60'/0']{ABANDON_EVM}", "There is something before the xpub."),
        (f"wpkh({ABANDON_EVM}/0/*)", "There is something before the xpub."),
        (ABANDON_EVM.upper(), "This is not an extended public key."),
        (ABANDON_EVM[::-1], "This is not an extended public key."),
        ("0x9858EfFD232B4033E47d90003D41EC34EcaEda94", "This is an address."),
        ("TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH", "This is an address."),
        (POINT.hex(), "This is not an extended public key."),
        (written(bytes.fromhex("049d7cb2")), "This is a ypub, a form of Bitcoin's."),
        (written(bytes.fromhex("0295b43f")), "This is a Ypub, a form of Bitcoin's."),
        (written(bytes.fromhex("04b24746")), "This is a zpub, a form of Bitcoin's."),
        (written(bytes.fromhex("02aa7ed3")), "This is a Zpub, a form of Bitcoin's."),
        (written(bytes.fromhex("043587cf")), "This is a tpub, of Bitcoin's test network."),
        (written(bytes.fromhex("044a5262")), "This is a upub, of Bitcoin's test network."),
        (written(bytes.fromhex("024289ef")), "This is a Upub, of Bitcoin's test network."),
        (written(bytes.fromhex("045f1cf6")), "This is a vpub, of Bitcoin's test network."),
        (written(bytes.fromhex("02575483")), "This is a Vpub, of Bitcoin's test network."),
        (written(bytes.fromhex("019da462")), "This is a Ltub, a form of Litecoin's."),
        (written(bytes.fromhex("0488b21f")), "Its version is not that of an xpub."),
        (written(bytes.fromhex("02fe52f8")), "This is not an extended public key."),
        (written(depth=0), "This is the key of a whole wallet (depth 0)"),
        (written(depth=1), "This is a key at depth 1, above the account's"),
        (written(depth=2), "This is a key at depth 2, above the account's"),
        (written(depth=4), "This is a key at depth 4, below the account's"),
        (written(depth=5), "This is a key at depth 5, below the account's"),
        (written(depth=255), "This is a key at depth 255, below the account's"),
        (written(child=bytes(4)), "its last step is not hardened"),
        (written(child=bytes.fromhex("7fffffff")), "its last step is not hardened"),
        (written(point=b"\x02" + bytes(31) + b"\x07"), "Its point is not on the curve"),
        (written(point=b"\x02" + b"\xff" * 32), "Its point is not on the curve"),
        (written(point=b"\x02" + bytes(32)), "Its point is not on the curve"),
        (written(point=b"\x04" + POINT[1:]), "Its point is not on the curve"),
        (written(point=b"\x06" + POINT[1:]), "Its point is not on the curve"),
        (written(point=b"\x01" + POINT[1:]), "Its point is not on the curve"),
    ],
)
def test_what_is_no_key_of_an_account_is_refused_in_words(text: str, words: str) -> None:
    refusal = refusal_of(text)

    assert refusal.code == "invalid_xpub"
    assert words in refusal.message
    assert len(text) < 20 or text[4:24] not in refusal.message


XPRV = (
    "xprv9z4pot5VBttmtdRTWfWQmoH1taj2axGVzFqSb8C9xaxKymcFzXBDptWmT7FwuEzG3ryjH4ktypQSAewRiNMjANTtp"
    "gP4mLTj34bhnZX7UiM"
)
PRIVATE = b"\x00" + bytes(31) + b"\x07"
SEED = "legal winner thank year wave sausage worth useful legal winner thank yellow"


def _in_pieces(secret: str) -> str:
    """As it is printed on paper."""
    return " ".join(secret[at : at + 11] for at in range(0, len(secret), 11))


# yprv Yprv zprv Zprv, tprv uprv Uprv vprv Vprv, Ltpv Mtpv dgpv drkp, and an xpub's own
PRIVATE_VERSIONS = [
    *("049d7878", "0295b005", "04b2430c", "02aa7a99"),
    *("04358394", "044a4e28", "024285b5", "045f18bc", "02575048"),
    *("019d9cfe", "01b26792", "02fac398", "02fe52cc", "0488b21e"),
]
SECRETS = [
    XPRV,
    f" \n{XPRV}\t",
    XPRV[:40] + "\n" + XPRV[40:],
    _in_pieces(XPRV),
    _in_pieces(XPRV[:-1] + "N"),
    _in_pieces("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"),
    XPRV[:-1] + "N",  # mistyped, it is a secret all the same
    XPRV.upper(),
    XPRV[:60],
    f"[73c5da0a/44'/60'/0']{XPRV}",
    f"wpkh({XPRV}/0/*)",
    *(written(bytes.fromhex(version), point=PRIVATE) for version in PRIVATE_VERSIONS),
    base58.b58decode(XPRV).hex(),
    "0x" + base58.b58decode_check(XPRV).hex(),
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "5" * 128,
    "5KYZdUEo39z3FPrtuX2QbbwGnNP5zTd7yyr2SC1j299sBCnWjss",
    "L1aW4aubDFB7yfras2S1mN3bqg9nwySY8nkoLmJebSLD5BWv3ENZ",
    SEED,
    SEED.upper(),
]


@pytest.mark.parametrize("secret", SECRETS)
def test_private_forms_are_refused_as_such_and_never_repeated(
    secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")

    refusal = refusal_of(secret)

    assert refusal.code == "private_key_refused"
    for part in {secret[8:16], secret[-8:]}:
        assert part not in refusal.message
        assert part not in caplog.text
    assert not may_be_shown(secret)


def test_white_space_is_left_out() -> None:
    lines = "  \n".join(ABANDON_EVM[at : at + 30] for at in range(0, 111, 30))

    assert parse(f"\t{lines}\r\n") == parse(ABANDON_EVM)
    assert parse(lines).xpub == ABANDON_EVM


def test_what_a_key_is_does_not_hang_on_where_it_hangs() -> None:
    """Some programs leave the parent's fingerprint out: the key is the same one."""
    payload = base58.b58decode_check(ABANDON_EVM)
    bare = base58.b58encode_check(payload[:5] + bytes(4) + payload[9:]).decode()

    assert bare != ABANDON_EVM
    assert parse(bare).public_key == parse(ABANDON_EVM).public_key
    assert parse(bare).chain_code == parse(ABANDON_EVM).chain_code


def test_two_keys_of_one_point_are_two() -> None:
    """The chain code is the other half of a key: another one, other addresses."""
    key = parse(written())
    other = parse(written(code=b"\x01" * 32))

    assert key.public_key == other.public_key
    assert address_at(key, 0, "base") != address_at(other, 0, "base")


@pytest.mark.parametrize("index", [-1, 2**31, 2**31 + 1, 2**32])
def test_no_hardened_child_is_asked_for(index: int) -> None:
    with pytest.raises(AssertionError):
        address_at(parse(ABANDON_EVM), index, "base")


@given(
    seed=st.binary(min_size=16, max_size=64),
    account=st.integers(0, 2**31 - 1),
    index=st.integers(0, 2**31 - 1),
)
@settings(max_examples=60)
def test_the_private_key_of_every_address_is_its_owners(
    seed: bytes, account: int, index: int
) -> None:
    """From the seed down by private keys, with a library that shares nothing with ours."""
    path = f"m/44'/60'/{account}'"
    key = parse(BIP32.from_seed(seed).get_xpub_from_path(path))

    owner = Account.from_key(key_from_seed(seed, f"{path}/0/{index}"))

    assert address_at(key, index, "base") == owner.address
    tron = base58.b58decode_check(address_at(key, index, "tron"))
    assert tron == b"\x41" + bytes.fromhex(owner.address[2:])


@given(st.text(max_size=130) | st.binary(min_size=78, max_size=78).map(base58.b58encode_check))
@settings(max_examples=300)
def test_whatever_is_given_is_read_or_refused(given_text: str | bytes) -> None:
    text = given_text if isinstance(given_text, str) else given_text.decode()

    with contextlib.suppress(InvalidRequest):
        assert parse(text).xpub == "".join(text.split())


@given(st.integers(4, 110), st.sampled_from("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrst"))
@settings(max_examples=200)
def test_no_mistyped_character_makes_another_key(place: int, character: str) -> None:
    typed = JUNK_EVM[:place] + character + JUNK_EVM[place + 1 :]

    if typed != JUNK_EVM:
        assert refusal_of(typed).code == "invalid_xpub"


def test_a_key_without_owner_is_a_key_like_any_other_and_each_name_has_its_own() -> None:
    key = without_owner("org_1")

    assert key == without_owner("org_1")
    assert parse(key.xpub) == key
    assert without_owner("org_2").public_key != key.public_key
    assert without_owner("org_2").chain_code != key.chain_code


def test_a_path_is_said_as_wallet_programs_write_it() -> None:
    assert path_on("tron") == "m/44'/195'/0'/0/i"
    assert path_on("base") == path_on("arbitrum") == "m/44'/60'/0'/0/i"


@pytest.mark.parametrize(
    ("text", "is_shown"),
    [
        (ABANDON_EVM, True),
        (ABANDON_TRON[:-3], True),
        (written(bytes.fromhex("04b24746")), True),
        (IMPOSSIBLE[0][1], False),  # says xpub, and holds a private key
        ("legal winner thank year wave sausage", False),  # half a phrase, which nothing recognises
        ("", False),
    ],
)
def test_only_what_is_public_for_certain_may_be_shown_again(text: str, is_shown: bool) -> None:
    assert may_be_shown(text) is is_shown


def test_no_node_library_is_loaded_for_it() -> None:
    asked = (
        "import sys, django; django.setup(); import wallets.deposits, wallets.extended_keys;"
        "print(sorted({m.partition('.')[0] for m in sys.modules} & "
        "{'web3', 'tronpy', 'eth_account', 'eth_keys'}))"
    )

    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == "[]"
