"""The secrets here are published test vectors (BIP-32, BIP-39) and anvil's first account."""

from collections.abc import Mapping

import pytest

from billing.errors import InvalidRequest
from billing.private_keys import private_kind, refuse_private_keys, refuse_private_keys_in_words

SEED_12 = "legal winner thank year wave sausage worth useful legal winner thank yellow"
SEED_24 = "abandon " * 23 + "art"
HEX_KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
XPRV = (
    "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3"
    "TGtRBeJgk33yuGBxrMPHi"
)
XPUB = (
    "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265T"
    "MgRo26DKfkW5MQVBYLz2"
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (SEED_12, "a seed phrase"),
        (SEED_12.upper(), "a seed phrase"),
        (SEED_12.replace(" ", ", "), "a seed phrase"),
        (
            "1. legal 2. winner 3. thank 4. year 5. wave 6. sausage 7. worth 8. useful 9. legal "
            "10. winner 11. thank 12. yellow",
            "a seed phrase",
        ),
        (SEED_24, "a seed phrase"),
        (HEX_KEY, "a private key"),
        (f"0x{HEX_KEY}", "a private key"),
        (f"my key: {HEX_KEY.upper()} thanks", "a private key"),
        ("5KYZdUEo39z3FPrtuX2QbbwGnNP5zTd7yyr2SC1j299sBCnWjss", "a private key"),
        ("L1aW4aubDFB7yfras2S1mN3bqg9nwySY8nkoLmJebSLD5BWv3ENZ", "a private key"),
        (XPRV, "an extended private key"),
        (f"key={XPRV}", "an extended private key"),
    ],
)
def test_a_secret_is_recognised(text: str, kind: str) -> None:
    assert private_kind(text) == kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Treasury",
        "The wallet of the finance team in Berlin",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
        XPUB,
        "wal_0123456789abcdef01234567",
    ],
)
def test_what_is_public_is_let_through(text: str) -> None:
    assert private_kind(text) is None


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"name": SEED_12}, "name"),
        ({"address": HEX_KEY}, "address"),
        ({"xpub": XPRV}, "xpub"),
        ({"note": {"deep": ["a", XPRV]}}, "note"),
        ({"words": SEED_12.split()}, "words"),
        ({"private_key": "anything"}, "private_key"),
        ({"Mnemonic": ["one"]}, None),
        ({"Bad name; drop": HEX_KEY}, None),
    ],
)
def test_a_body_with_a_secret_is_refused_and_not_repeated(
    fields: Mapping[str, object], param: str | None
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        refuse_private_keys(fields)

    assert refusal.value.code == "private_key_refused"
    assert refusal.value.param == param
    for secret in (SEED_12, HEX_KEY, XPRV, "sausage", "anything"):
        assert secret not in refusal.value.message


def test_a_body_without_secrets_is_let_through() -> None:
    refuse_private_keys({"name": "Treasury", "is_source": True, "metadata": {"a": ["b", 1, None]}})


@pytest.mark.parametrize(
    "text",
    [
        f"refunded in 0x{'ab' * 32}",
        "ab" * 32,
        "https://shop.example/thanks?signature=" + "0f" * 32,
    ],
)
def test_words_may_hold_the_hash_of_a_transaction(text: str) -> None:
    refuse_private_keys_in_words({"note": text, "metadata": {"order": text}})


@pytest.mark.parametrize(
    "secret", [SEED_12, XPRV, "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"]
)
def test_words_that_hold_a_secret_are_refused(secret: str) -> None:
    with pytest.raises(InvalidRequest, match="This looks like"):
        refuse_private_keys_in_words({"metadata": {"note": secret}})
