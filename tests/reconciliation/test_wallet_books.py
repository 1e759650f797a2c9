"""Source wallets: what was opened, what came and went, and what the chain says of it."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from billing.callers import system
from billing.chains import Environment
from chainwatch.models import Balance, Cursor, Transfer
from organizations.models import Organization
from reconciliation import services, wallet_books
from reconciliation.models import WalletBook
from reconciliation.wallet_books import Held, Verdict
from tests.payouts.making import RECIPIENT, TREASURY, USDC, USDT, a_hash, mined, moved
from tests.payouts.test_races import at_once
from wallets import services as wallets
from wallets.models import Wallet

UNIT = 1_000_000


@pytest.fixture
def hot(acme: Organization) -> Wallet:
    """Acme's one source wallet, and a scan that is far ahead."""
    caller = system(acme.id, Environment.LIVE)
    wallet = wallets.create(
        caller, wallets.NewWallet("arbitrum", TREASURY, name="Hot", is_source=True)
    )
    scanned(10_000)
    return wallet


def scanned(next_block: int) -> None:
    Cursor.objects.update_or_create(chain="arbitrum", scope="", defaults={"next_block": next_block})


def told(wallet: Wallet, amount: int, block: int, asset: str = USDC) -> None:
    """A node says that the wallet holds so much at that block."""
    Balance.objects.update_or_create(
        chain=wallet.chain,
        address=wallet.address,
        asset=asset,
        defaults={
            "amount_atomic": amount * UNIT,
            "block_number": block,
            "node": "test",
            "asked_at": timezone.now(),
        },
    )


def kept(wallet: Wallet, token: str = "USDC") -> Held:
    caller = system(wallet.organization_id, Environment.LIVE)
    wallet_books.keep(caller)
    (held,) = (each for each in wallet_books.read(caller) if each.token == token)
    return held


def went(amount: int, block: int, **how: str) -> str:
    tx_hash = a_hash()
    mined(tx_hash, moved(amount * UNIT, **how), block=block)
    return tx_hash


def came(amount: int, block: int) -> None:
    went(amount, block, to=TREASURY, sender=RECIPIENT)


def test_the_first_answer_opens_the_books(hot: Wallet) -> None:
    went(7, block=999)
    assert kept(hot).verdict == Verdict.UNKNOWN

    told(hot, 100, block=1_000)

    book = kept(hot).book
    assert book is not None
    assert (book.opening_atomic, book.opening_block) == (100 * UNIT, 1_000)
    assert (book.expected_atomic, book.difference_atomic) == (100 * UNIT, 0)
    assert kept(hot, "USDT").book is None


def test_what_came_and_went_is_added_up_to_the_block_of_the_answer(hot: Wallet) -> None:
    told(hot, 100, block=1_000)
    kept(hot)
    went(30, block=1_001)
    went(5, block=1_050, contract=USDT)
    came(20, block=1_100)
    went(40, block=1_101)
    told(hot, 90, block=1_100)

    held = kept(hot)

    assert held.book is not None
    assert (held.book.in_atomic, held.book.out_atomic) == (20 * UNIT, 30 * UNIT)
    assert held.verdict == Verdict.AGREES


@pytest.mark.parametrize(("says", "verdict"), [(71, Verdict.MORE), (69, Verdict.LESS)])
def test_a_difference_is_named(hot: Wallet, says: int, verdict: Verdict) -> None:
    told(hot, 100, block=1_000)
    kept(hot)
    went(30, block=1_001)
    told(hot, says, block=1_100)

    held = kept(hot)

    assert held.book is not None
    assert (held.verdict, held.book.difference_atomic) == (verdict, (says - 70) * UNIT)


def test_nothing_is_judged_before_the_scan_is_there(hot: Wallet) -> None:
    told(hot, 100, block=1_000)
    kept(hot)
    told(hot, 70, block=1_100)
    scanned(1_100)  # the first block that is not scanned yet

    held = kept(hot)

    assert held.book is not None
    assert (held.book.block_number, held.verdict) == (1_000, Verdict.AGREES)
    went(30, block=1_100)
    scanned(1_101)
    assert kept(hot).verdict == Verdict.AGREES


def test_what_left_the_chain_counts_no_more(hot: Wallet) -> None:
    told(hot, 100, block=1_000)
    kept(hot)
    tx_hash = went(30, block=1_001)
    told(hot, 100, block=1_100)
    assert kept(hot).verdict == Verdict.MORE

    Transfer.objects.filter(tx_hash=tx_hash).update(orphaned_at=timezone.now())

    assert kept(hot).verdict == Verdict.AGREES


def test_a_node_that_lags_takes_nothing_back(hot: Wallet) -> None:
    told(hot, 100, block=1_000)
    kept(hot)
    went(30, block=1_001)
    told(hot, 70, block=1_100)
    kept(hot)

    told(hot, 100, block=1_000)

    book = kept(hot).book
    assert book is not None
    assert (book.block_number, book.chain_atomic) == (1_100, 70 * UNIT)


def test_a_wallet_that_is_a_source_again_begins_anew(hot: Wallet) -> None:
    told(hot, 100, block=1_000)
    kept(hot)
    caller = system(hot.organization_id, Environment.LIVE)
    wallets.update(caller, hot.id, {"is_source": False})
    assert wallet_books.read(caller) == []
    wallets.update(caller, hot.id, {"is_source": True})
    hot.refresh_from_db()
    assert hot.source_since is not None
    Balance.objects.update(asked_at=hot.source_since - timedelta(seconds=1))
    assert kept(hot).verdict == Verdict.UNKNOWN

    told(hot, 25, block=2_000)

    book = kept(hot).book
    assert book is not None
    assert (book.opening_atomic, WalletBook.objects.count()) == (25 * UNIT, 2)


def test_a_run_keeps_the_books_of_live_alone(hot: Wallet) -> None:
    told(hot, 100, block=1_000)

    services.run(hot.organization_id, "sandbox")
    assert not WalletBook.objects.exists()
    services.run(hot.organization_id, "live")
    assert WalletBook.objects.count() == 1


def test_an_opening_is_written_once(hot: Wallet) -> None:
    told(hot, 100, block=1_000)
    kept(hot)
    for change in (
        lambda rows: rows.update(opening_atomic=1),
        lambda rows: rows.update(opening_block=1),
        lambda rows: rows.delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change(WalletBook.objects.all())


def test_a_stranger_reads_no_wallet_of_another(hot: Wallet, zenith: Organization) -> None:
    told(hot, 100, block=1_000)
    kept(hot)

    assert wallet_books.read(system(zenith.id, Environment.LIVE)) == []
    assert wallet_books.keep(system(zenith.id, Environment.LIVE)) == 0


@pytest.mark.django_db(transaction=True)
def test_of_runs_at_once_one_opens_and_the_newest_answer_stands(hot: Wallet) -> None:
    caller = system(hot.organization_id, Environment.LIVE)
    for round_ in range(5):
        block = 1_000 + 10 * round_
        told(hot, 100 - round_, block=block)
        if round_:
            went(1, block=block)

        assert at_once([partial(wallet_books.keep, caller)] * 4) == ["done"] * 4

        (row,) = WalletBook.objects.all()
        assert (row.opening_block, int(row.opening_atomic)) == (1_000, 100 * UNIT)
        assert (row.block_number, int(row.out_atomic)) == (block, round_ * UNIT)
        assert kept(hot).verdict == Verdict.AGREES
