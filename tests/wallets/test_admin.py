"""Wallets in the admin: registered by address or by extended key, and their gaps told in words."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing.admin import record_url
from billing.private_keys import private_kind
from organizations.models import Organization, User
from tests.admin.reading import text_of
from tests.wallets.accounts import ABANDON_EVM, ABANDON_TRON, account
from tests.wallets.test_extended_keys import SECRETS
from tests.wallets.test_gaps import issued, paid
from wallets import deposits, services
from wallets.models import Wallet

MakeWallet = Callable[..., Wallet]
WALLETS = "/admin/wallets/wallet/"
NEW = f"{WALLETS}new/"
EVM = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
# A form's own check of the length comes first.
REFUSALS = {
    "xpub": ["It was not stored."],
    "address": ["It was not stored.", "at most 128 characters", "This is not an address."],
    "name": ["It was not stored.", "at most 120 characters"],
}
FIRST = "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"  # of ABANDON_EVM


@pytest.fixture
def client(otto: User) -> Client:
    """Otto, who operates, in the sandbox."""
    browser = Client()
    browser.force_login(otto)
    session = browser.session
    session["environment"] = "sandbox"
    session.save()
    return browser


@pytest.fixture
def wallet(acme: Organization, make_wallet: MakeWallet) -> Wallet:
    return make_wallet(acme, name="Shop", address=None, xpub=ABANDON_EVM)


def page_of(client: Client, wallet: Wallet) -> str:
    answer = client.get(record_url(Wallet, wallet.pk))
    assert answer.status_code == 200
    return text_of(answer)


def posted(client: Client, **fields: str) -> Any:
    return client.post(NEW, {"chain": "base", "name": "Shop", "is_source": "on", **fields})


# --- Registering ----------------------------------------------------------------------------------


def test_the_form_asks_for_an_address_or_a_key(client: Client) -> None:
    page = text_of(client.get(NEW))

    assert "One address optional" in page
    assert "Or an extended public key (xpub) optional" in page
    assert "m/44'/60'/0' for Arbitrum and Base, m/44'/195'/0' for Tron" in page


def test_an_extended_key_is_registered_and_its_first_address_shown(client: Client) -> None:
    answer = posted(client, xpub=ABANDON_EVM, first_index="3")

    wallet = Wallet.objects.get()
    assert answer.status_code == 302 and answer.url == record_url(Wallet, wallet.pk)
    assert wallet.extended_key is not None
    assert (wallet.extended_key.xpub, wallet.extended_key.next_index) == (ABANDON_EVM, 3)
    assert wallet.is_source is False
    page = text_of(client.get(answer.url))
    assert "does your wallet program show the same address at index 0?" in page
    assert f"To compare: index 0 {FIRST}" in page


def test_an_address_is_registered_as_before(client: Client) -> None:
    posted(client, address=EVM)

    wallet = Wallet.objects.get()
    assert (wallet.address, wallet.is_source, wallet.extended_key) == (EVM, True, None)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Give an address, or an extended public key as xpub."),
        ({"address": EVM, "xpub": ABANDON_EVM}, "Give an address or an xpub, not both."),
        ({"xpub": ABANDON_EVM[:-1]}, "It has 110 characters, an xpub has 111."),
        ({"xpub": account(1, "m/44'/60'")}, "This is a key at depth 2, above the account's"),
        ({"xpub": ABANDON_EVM, "first_index": "-1"}, "greater than or equal to 0"),
        ({"xpub": ABANDON_EVM, "first_index": str(2**31)}, "less than or equal to 2147483647"),
        ({"xpub": ABANDON_EVM, "first_index": "x"}, "Enter a whole number."),
        ({"address": EVM, "first_index": "4"}, "A single address has no indexes."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    client: Client, fields: dict[str, str], words: str
) -> None:
    answer = posted(client, **fields)

    assert words in text_of(answer)
    assert not Wallet.objects.exists()


def test_what_was_typed_is_there_again_where_it_is_public(client: Client) -> None:
    body = posted(client, xpub=ABANDON_EVM[:-1], first_index="7").content.decode()

    assert f'value="{ABANDON_EVM[:-1]}"' in body
    assert 'value="7"' in body and 'value="Shop"' in body


@pytest.mark.parametrize("field", ["xpub", "address", "name"])
def test_private_material_is_refused_and_never_shown_again(
    client: Client, caplog: pytest.LogCaptureFixture, field: str
) -> None:
    """Whatever it is in the fields that are read closely; in a name what every door knows."""
    caplog.set_level("DEBUG")
    known = [each for each in SECRETS if field != "name" or private_kind(each)]
    for secret in known:
        answer = posted(client, **{"address": EVM if field == "name" else "", field: secret})

        refusal = text_of(answer)
        assert any(words in refusal for words in REFUSALS[field])
        assert secret[8:16] not in answer.content.decode()
        assert secret[8:16] not in caplog.text

    assert len(known) > 20
    assert not Wallet.objects.exists()


def test_half_a_phrase_that_nothing_recognises_is_not_shown_again_either(client: Client) -> None:
    answer = posted(client, xpub="legal winner thank year wave sausage worth")

    assert "This is not an extended public key." in text_of(answer)
    assert "sausage" not in answer.content.decode()


# --- The page -------------------------------------------------------------------------------------


def test_the_page_of_a_key_says_where_its_addresses_are(client: Client, wallet: Wallet) -> None:
    page = page_of(client, wallet)

    assert f"Extended public key {ABANDON_EVM}" in page
    assert "Path m/44'/60'/0'/0/i" in page
    assert "Next index 0" in page
    assert "Issued on this chain none yet" in page
    assert "Gap limit it needs 20 is enough" in page
    assert "No address was issued yet" in page


def test_on_tron_the_path_is_that_of_tron(
    client: Client, acme: Organization, make_wallet: MakeWallet
) -> None:
    wallet = make_wallet(acme, chain="tron", address=None, xpub=ABANDON_TRON)

    page = page_of(client, wallet)

    assert "m/44'/195'/0'/0/i" in page
    assert "To compare: index 0 TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH" in page


def test_the_newest_addresses_stand_on_the_page_with_what_was_paid(
    client: Client, wallet: Wallet
) -> None:
    with transaction.atomic():
        rows = [deposits.issue(wallet, at=timezone.now()) for _ in range(3)]
    long_ago = timezone.now() - timedelta(days=9)
    paid(wallet, [1], to_address=rows[1].address, block_time=long_ago)
    paid(wallet, [2], to_address=rows[1].address)
    deposits.rest([rows[0].pk], at=timezone.now())

    page = page_of(client, wallet)

    listed = page[page.index("Newest addresses") :]
    assert listed.index(rows[2].address[-6:]) < listed.index(rows[1].address[-6:])
    assert "9 days ago 2 transfers" in listed
    assert listed.count("at every pass") == 2 and listed.count("once a day") == 1
    assert "3, of which 1 were paid" in page


@pytest.mark.parametrize(
    ("number", "paid_indexes", "warning"),
    [
        (20, [], None),
        (40, [19, 39], None),
        (
            25,
            [2],
            "Set your wallet program's gap limit to at least 22, or it will not show what is paid "
            "to the newest addresses: the last 22 got nothing so far",
        ),
        (
            90,
            [3, 60],
            "Set your wallet program's gap limit to at least 57, or it will not show all that was "
            "paid: 56 addresses in a row got nothing",
        ),
    ],
)
def test_a_gap_that_hides_money_is_told_in_words(
    client: Client, wallet: Wallet, number: int, paid_indexes: list[int], warning: str | None
) -> None:
    issued(wallet, range(number))
    paid(wallet, paid_indexes)

    page = page_of(client, wallet)

    if warning is None:
        assert "Set your wallet program" not in page
        assert "Gap limit it needs 20 is enough" in page
    else:
        assert warning in page
        assert "most programs have 20" in page


def test_the_sandboxs_own_wallet_says_that_nobody_has_its_keys(
    client: Client, acme: Organization
) -> None:
    wallet = services.sandbox_wallet(acme.id, "base")
    issued(wallet, range(90))

    page = page_of(client, wallet)

    assert "Private keys nobody has them: this is the sandbox’s own wallet" in page
    assert "wallet program" not in page and "To compare" not in page


def test_a_key_is_renamed_and_never_made_a_source(client: Client, wallet: Wallet) -> None:
    page = page_of(client, wallet)
    assert "Rename…" in page and "Change…" not in page

    client.post(f"{WALLETS}{wallet.pk}/act/rename/", {"name": "Webshop"})
    refused = client.post(
        f"{WALLETS}{wallet.pk}/act/update/", {"name": "Webshop", "is_source": "on"}
    )

    wallet.refresh_from_db()
    assert (wallet.name, wallet.is_source) == ("Webshop", False)
    assert "Nothing is paid from an extended key." in text_of(refused)


def test_a_single_address_says_whether_customers_pay_to_it(
    client: Client, acme: Organization, make_wallet: MakeWallet
) -> None:
    wallet = make_wallet(acme)
    assert "Customers pay to it no" in page_of(client, wallet)

    with transaction.atomic():
        row = deposits.issue(wallet, at=timezone.now())
    assert "Customers pay to it followed at every pass" in page_of(client, wallet)

    deposits.rest([row.pk], at=timezone.now())
    assert "Customers pay to it followed once a day" in page_of(client, wallet)


def test_a_strangers_key_is_not_there(
    client: Client, zenith: Organization, make_wallet: MakeWallet
) -> None:
    wallet = make_wallet(zenith, address=None, xpub=ABANDON_EVM)

    assert client.get(record_url(Wallet, wallet.pk)).status_code == 404
    assert ABANDON_EVM[:12] not in client.get(WALLETS).content.decode()


def test_the_lists_queries_do_not_grow_with_keys_and_their_addresses(
    client: Client, acme: Organization, make_wallet: MakeWallet, wallet: Wallet
) -> None:
    client.get(WALLETS)
    with CaptureQueriesContext(connection) as of_one:
        assert "extended key" in text_of(client.get(WALLETS))
    for number in range(4):
        make_wallet(acme, address=None, xpub=account(number))
    issued(wallet, range(300))

    with CaptureQueriesContext(connection) as of_five:
        client.get(WALLETS)

    assert len(of_five) == len(of_one)


def test_the_pages_queries_do_not_grow_with_its_addresses(client: Client, wallet: Wallet) -> None:
    issued(wallet, range(2))
    page_of(client, wallet)
    with CaptureQueriesContext(connection) as of_two:
        page_of(client, wallet)
    issued(wallet, range(2, 400))
    paid(wallet, range(0, 400, 3))

    with CaptureQueriesContext(connection) as of_many:
        page = page_of(client, wallet)

    assert len(of_many) == len(of_two)
    assert "the last 20 of 400" in page
