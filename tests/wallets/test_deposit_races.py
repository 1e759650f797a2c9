"""Many who ask for addresses at once: no index twice, none left out, and nobody unwatched."""

import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import TypeVar

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from billing.callers import ALL_SCOPES, Caller
from billing.chains import Environment
from chainwatch.models import WatchedAddress
from organizations.services import create_organization
from tests.wallets.accounts import ABANDON_EVM
from wallets import deposits, services
from wallets.extended_keys import address_at, parse
from wallets.models import DepositAddress, ExtendedKey, Wallet
from wallets.services import NewWallet

pytestmark = pytest.mark.django_db(transaction=True)
EVM = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
Answer = TypeVar("Answer")


def make(**fields: str) -> Wallet:
    """A live wallet on Base, of an organization of its own."""
    organization = create_organization("Acme")
    caller = Caller(organization.id, Environment.LIVE, "usr_otto", "Otto", ALL_SCOPES)
    return services.create(caller, NewWallet("base", **fields))  # type: ignore[arg-type]  # texts


def issue(wallet: Wallet) -> DepositAddress:
    with transaction.atomic():
        return deposits.issue(wallet, at=timezone.now())


def rest(row: DepositAddress) -> None:
    deposits.rest([row.pk], at=timezone.now())


def closing(act: Callable[[], Answer]) -> Answer:
    try:
        return act()
    finally:
        connection.close()


def at_once(acts: Sequence[Callable[[], Answer]]) -> list[Answer]:
    start = Barrier(len(acts))

    def run(act: Callable[[], Answer]) -> Answer:
        start.wait(30)
        return closing(act)

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def issued(wallet: Wallet) -> list[int | None]:
    rows = DepositAddress.objects.filter(extended_key=wallet.extended_key).order_by("index")
    return list(rows.values_list("index", flat=True))


def test_64_at_once_get_the_first_64_addresses() -> None:
    wallet = make(xpub=ABANDON_EVM)
    key = parse(ABANDON_EVM)

    rows = at_once([partial(issue, wallet)] * 64)

    assert sorted(row.index for row in rows if row.index is not None) == list(range(64))
    assert {row.address for row in rows} == {address_at(key, i, "base") for i in range(64)}
    assert ExtendedKey.objects.get().next_index == 64
    assert WatchedAddress.objects.filter(is_incoming=True).count() == 64


def test_wallets_of_one_key_take_from_one_counter() -> None:
    on_base = make(xpub=ABANDON_EVM)
    caller = Caller(on_base.organization_id, Environment.LIVE, "usr_otto", "Otto", ALL_SCOPES)
    others = [services.create(caller, NewWallet(c, xpub=ABANDON_EVM)) for c in ("arbitrum", "tron")]

    at_once([partial(issue, wallet) for wallet in (on_base, *others)] * 6)

    assert issued(on_base) == list(range(18))


@pytest.mark.parametrize(("is_committed", "index"), [(True, 1), (False, 0)])
def test_the_second_waits_to_learn_whether_the_first_took_its_index(
    is_committed: bool, index: int
) -> None:
    wallet = make(xpub=ABANDON_EVM)
    second: Future[DepositAddress] = Future()

    def ask() -> None:
        second.set_result(closing(partial(issue, wallet)))

    waiting = threading.Thread(target=ask)
    with transaction.atomic():
        assert deposits.issue(wallet, at=timezone.now()).index == 0
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive()
        if not is_committed:
            transaction.set_rollback(True)
    waiting.join(30)

    assert second.result(0).index == index
    assert issued(wallet) == list(range(index + 1))


def test_whoever_is_killed_before_the_commit_leaves_no_hole() -> None:
    """A third of them dies with its connection, a third thinks better of it: of 90, 30 are left."""
    wallet = make(xpub=ABANDON_EVM)
    fates = ["killed", "rolled back", "committed"] * 30
    random.Random(7).shuffle(fates)
    told: list[int | None] = []

    def ask(fate: str) -> None:
        with transaction.atomic():
            row = deposits.issue(wallet, at=timezone.now())
            if fate == "killed":
                with connection.cursor() as cursor, pytest.raises(OperationalError):
                    cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            transaction.set_rollback(fate != "committed")
        if fate == "committed":
            told.append(row.index)

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(lambda fate: closing(partial(ask, fate)), fates))

    assert sorted(index for index in told if index is not None) == list(range(30))
    assert issued(wallet) == list(range(30))
    assert ExtendedKey.objects.get().next_index == 30
    assert WatchedAddress.objects.count() == 30


def test_a_shared_address_is_made_once_by_many_at_once() -> None:
    wallet = make(address=EVM)

    rows = at_once([partial(issue, wallet)] * 16)

    assert {row.pk for row in rows} == {DepositAddress.objects.get().pk}
    assert WatchedAddress.objects.get().is_incoming


@pytest.mark.parametrize("is_new", [True, False])
def test_a_shared_address_is_held_until_the_checkout_is_committed(is_new: bool) -> None:
    """So that two checkouts at once do not choose the same amount."""
    wallet = make(address=EVM)
    if not is_new:
        issue(wallet)
    waiting = threading.Thread(target=closing, args=(partial(issue, wallet),))

    with transaction.atomic():
        deposits.issue(wallet, at=timezone.now())
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive()
    waiting.join(30)

    assert not waiting.is_alive()
    assert DepositAddress.objects.count() == 1


def test_an_end_waits_for_another_beginning_at_the_same_address() -> None:
    ours, theirs = make(address=EVM), make(address=EVM)
    row = issue(ours)
    end = threading.Thread(target=closing, args=(partial(rest, row),))

    with transaction.atomic():
        deposits.issue(theirs, at=timezone.now())
        end.start()
        end.join(0.5)
        assert end.is_alive()
    end.join(30)

    assert WatchedAddress.objects.get().is_incoming


def test_one_that_ends_while_another_begins_leaves_the_address_followed() -> None:
    ours, theirs = make(address=EVM), make(address=EVM)
    for _ in range(15):
        mine, other = issue(ours), issue(theirs)
        rest(other)

        acts: list[Callable[[], object]] = [partial(rest, mine), partial(issue, theirs)]
        at_once(acts)

        assert WatchedAddress.objects.get().is_incoming
