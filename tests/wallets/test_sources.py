"""What leaves a source wallet is looked for, for as long as anybody pays from its address."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from chainwatch.models import Cursor, Transfer, WatchedAddress
from organizations.models import Organization
from wallets import services, sources
from wallets.models import Wallet
from wallets.services import NewWallet

EVM = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
MakeApi = Callable[..., Any]
MakeWallet = Callable[..., Wallet]


def watched(scope: str = "", chain: str = "base") -> bool:
    row = WatchedAddress.objects.filter(chain=chain, scope=scope, address=EVM).first()
    return row is not None and row.is_outgoing


def test_a_source_is_watched_from_its_registration_on(
    acme: Organization, make_wallet: MakeWallet
) -> None:
    wallet = make_wallet(acme, is_source=True)

    row = WatchedAddress.objects.get()
    assert (row.chain, row.scope, row.address) == ("base", acme.id, EVM)
    assert (row.is_outgoing, row.is_incoming) == (True, False)
    assert wallet.source_since == row.watched_at
    assert Cursor.objects.get(chain="base", scope=acme.id).version == 1


def test_a_live_source_is_watched_on_the_live_network(
    acme: Organization, make_wallet: MakeWallet
) -> None:
    make_wallet(acme, "live", is_source=True)

    assert watched()
    assert not watched(scope=acme.id)


def test_what_is_no_source_is_not_watched(acme: Organization, make_wallet: MakeWallet) -> None:
    wallet = make_wallet(acme)

    assert wallet.source_since is None
    assert not WatchedAddress.objects.exists()


def test_marked_later_it_is_watched_from_then_on(
    acme: Organization, api: MakeApi, make_wallet: MakeWallet
) -> None:
    wallet = make_wallet(acme)
    before = timezone.now()

    answer = api(acme).patch(f"/v1/wallets/{wallet.id}", {"is_source": True})

    wallet.refresh_from_db()
    assert wallet.source_since is not None and wallet.source_since >= before
    assert answer.json()["source_since"] is not None
    assert watched(scope=acme.id)


def test_a_new_name_leaves_the_date_alone(
    acme: Organization, api: MakeApi, make_wallet: MakeWallet
) -> None:
    wallet = make_wallet(acme, is_source=True)

    api(acme).patch(f"/v1/wallets/{wallet.id}", {"name": "Payroll", "is_source": True})

    renamed = Wallet.objects.get()
    assert (renamed.name, renamed.source_since) == ("Payroll", wallet.source_since)


def test_unmarked_it_is_watched_no_longer(
    acme: Organization, api: MakeApi, make_wallet: MakeWallet
) -> None:
    wallet = make_wallet(acme, is_source=True)

    answer = api(acme).patch(f"/v1/wallets/{wallet.id}", {"is_source": False})

    assert answer.json()["source_since"] is None
    assert not watched(scope=acme.id)


def test_an_address_that_two_organizations_pay_from_is_watched_until_both_have_ended(
    acme: Organization, zenith: Organization, api: MakeApi, make_wallet: MakeWallet
) -> None:
    ours, theirs = (make_wallet(each, "live", is_source=True) for each in (acme, zenith))

    api(acme, "live").patch(f"/v1/wallets/{ours.id}", {"is_source": False})
    assert watched()

    api(zenith, "live").patch(f"/v1/wallets/{theirs.id}", {"is_source": False})
    assert not watched()


def test_sandboxes_and_chains_are_watched_apart(
    acme: Organization, zenith: Organization, api: MakeApi, make_wallet: MakeWallet
) -> None:
    ours = make_wallet(acme, is_source=True)
    make_wallet(zenith, is_source=True)
    make_wallet(acme, "live", is_source=True)
    make_wallet(acme, chain="arbitrum", is_source=True)

    api(acme).patch(f"/v1/wallets/{ours.id}", {"is_source": False})

    assert not watched(scope=acme.id)
    assert watched(scope=zenith.id) and watched()
    assert watched(scope=acme.id, chain="arbitrum")


def test_a_refused_registration_watches_nothing(acme: Organization, api: MakeApi) -> None:
    api(acme).post("/v1/wallets", {"chain": "base", "address": EVM})

    again = api(acme).post("/v1/wallets", {"chain": "base", "address": EVM, "is_source": True})

    assert again.json()["error"]["code"] == "wallet_already_registered"
    assert not WatchedAddress.objects.exists()


def test_what_was_found_since_is_counted(acme: Organization, make_wallet: MakeWallet) -> None:
    wallet = make_wallet(acme, is_source=True)
    now = timezone.now()
    for number, amount in enumerate((5, 0, 7)):
        Transfer.objects.create(
            chain="base", scope=acme.id, tx_hash=f"0x{number}", ordinal=0, log_index=0,
            contract="0xc", from_address=EVM, to_address="0xd", amount_atomic=amount,
            block_number=1, block_hash="0xb", block_time=now, node="test", seen_at=now,
        )  # fmt: skip

    assert sources.transfers_seen(wallet) == 2


@pytest.mark.django_db(transaction=True)
def test_one_that_ends_while_another_begins_leaves_it_watched(
    acme: Organization, zenith: Organization, api: MakeApi
) -> None:
    """Whoever is second waits, so that the end sees the beginning, or the other way round."""
    ours, theirs = api(acme, "live").caller, api(zenith, "live").caller
    new = NewWallet("base", EVM, is_source=True)
    mine, other = services.create(ours, new), services.create(theirs, new)
    for _ in range(25):
        services.update(ours, mine.id, {"is_source": True})
        services.update(theirs, other.id, {"is_source": False})

        together(
            partial(services.update, ours, mine.id, {"is_source": False}),
            partial(services.update, theirs, other.id, {"is_source": True}),
        )

        assert watched()


@pytest.mark.django_db(transaction=True)
def test_an_end_waits_for_a_beginning_that_is_not_committed_yet(
    acme: Organization, zenith: Organization, api: MakeApi
) -> None:
    ours, theirs = api(acme, "live").caller, api(zenith, "live").caller
    mine = services.create(ours, NewWallet("base", EVM, is_source=True))
    end = threading.Thread(
        target=closing, args=(partial(services.update, ours, mine.id, {"is_source": False}),)
    )

    with transaction.atomic():
        services.create(theirs, NewWallet("base", EVM, is_source=True))
        end.start()
        end.join(0.5)
        assert end.is_alive()
    end.join()

    assert watched()


def closing(act: Callable[[], object]) -> None:
    try:
        act()
    finally:
        connection.close()


def together(*acts: Callable[[], object]) -> None:
    threads = [threading.Thread(target=closing, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
