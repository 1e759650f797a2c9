"""Every transfer to an address of ours becomes a payment, once, and says where it stands."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from billing.callers import Caller
from chainwatch.models import Transfer, WatchedTransaction
from checkouts import recording, services
from checkouts.models import Checkout, Payment
from checkouts.settling import resolve
from events.models import Event
from organizations.models import Organization
from tests.checkouts.making import (
    TREASURY,
    a_draft,
    a_method,
    a_shared_method,
    a_wallet,
    an_xpub,
    caller_of,
    reload,
)
from tests.checkouts.paying import (
    CUSTOMER,
    FAKE,
    USDC_E,
    a_hash,
    a_pass,
    assert_replays,
    contract_of,
    counts,
    finalized,
    headed,
    log,
    made_final,
    mined,
    orphaned,
    paid,
    payment_at,
    payments_of,
    told,
)  # fmt: skip


@pytest.fixture
def checkout(in_live: Caller) -> Checkout:
    """49.99 USDC on Base, at an address of its own."""
    a_method(in_live)
    return services.create(in_live, a_draft())


@pytest.fixture
def shared(in_live: Caller) -> Checkout:
    """49.99 USDC on Base, at an address that checkouts share."""
    a_shared_method(in_live)
    return services.create(in_live, a_draft())


def test_a_transfer_to_its_address_is_a_payment_of_the_checkout(checkout: Checkout) -> None:
    tx_hash = paid(checkout, block=1_000)

    moved = a_pass()

    assert counts(moved) == {"recorded": 1, "detected": 1}
    payment = payment_at(tx_hash)
    transfer = Transfer.objects.get(tx_hash=tx_hash)
    told_of_it = {
        "organization_id": checkout.organization_id,
        "environment": "live",
        "deposit_address_id": checkout.deposit_address_id,
        "checkout_id": checkout.id,
        "kind": "on_time",
        "chain": "base",
        "key": "",
        "ordinal": 0,
        "transfer_id": transfer.id,
        "contract": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
        "token": "USDC",
        "from_address": CUSTOMER,
        "amount_atomic": 49_990_000,
        "log_index": 40,
        "block_number": 1_000,
        "block_hash": "0xb10c1000",
        "block_time": transfer.block_time,
        "final_at": None,
        "finalized_at": None,
        "reversed_at": None,
        "resolution": "",
    }
    assert {name: getattr(payment, name) for name in told_of_it} == told_of_it
    checkout = reload(checkout)
    assert (checkout.status, checkout.tx_hash, checkout.block_number) == (
        "detected", tx_hash, 1_000,
    )  # fmt: skip
    assert checkout.amount_received_atomic == 49_990_000
    (event,) = Event.objects.filter(type="checkout.payment_detected")
    assert (event.resource_id, event.checkout_id) == (checkout.id, checkout.id)
    (said,) = event.payload["data"]["payments"]
    assert (said["payment_id"], said["amount_atomic"]) == (payment.id, "49990000")
    assert_replays(checkout)


def test_doing_it_again_changes_nothing(checkout: Checkout, shared: Checkout) -> None:
    hashes = [paid(checkout), paid(checkout, 1), paid(shared, 7), paid(shared, token="USDT")]
    headed(1_000)
    a_pass()
    rows = list(Payment.objects.order_by("id").values())
    events = Event.objects.count()

    for _ in range(3):
        assert counts(a_pass()) == {}
        assert counts(recording.catch_up()) == {}
        assert counts(recording.record_transfers([("base", "", h, "") for h in hashes])) == {}

    assert list(Payment.objects.order_by("id").values()) == rows
    assert len(rows) == 4
    assert Event.objects.count() == events


@pytest.mark.django_db
def test_a_recorder_that_was_killed_left_nothing_and_the_next_one_does_it(
    checkout: Checkout, shared: Checkout
) -> None:
    tx_hash = a_hash()
    mined(tx_hash, log(checkout), log(shared), log(shared, 7))
    before = Event.objects.count()

    with transaction.atomic():
        assert counts(recording.record()) == {"recorded": 3, "detected": 2}
        transaction.set_rollback(True)

    assert not Payment.objects.exists()
    assert Event.objects.count() == before
    assert counts(recording.record()) == {"recorded": 3, "detected": 2}
    assert told(checkout.id) == told(shared.id) == ["payment_detected"]
    assert told(payment_at(tx_hash, 2).id) == ["payment.unassigned"]


def test_mined_again_in_another_block_it_is_the_same_payment_somewhere_else(
    checkout: Checkout,
) -> None:
    tx_hash = paid(checkout, block=1_000)
    a_pass()
    first = payment_at(tx_hash)

    mined(tx_hash, log(checkout), block=1_003, is_final=True)
    moved = a_pass()

    assert counts(moved) == {"detected": 1, "confirming": 1, "reorged": 1}
    again = payment_at(tx_hash)
    assert (again.id, again.created_at) == (first.id, first.created_at)
    assert (again.block_number, again.block_hash) == (1_003, "0xb10c1003")
    assert again.transfer.orphaned_at is None and again.transfer_id != first.transfer_id
    assert again.final_at is not None
    assert told(checkout.id) == ["payment_detected", "reorged", "payment_detected", "confirming"]
    assert reload(checkout).block_number == 1_003
    assert_replays(checkout)


def test_while_it_is_in_no_block_it_is_reversed(checkout: Checkout) -> None:
    tx_hash = paid(checkout)
    a_pass()

    orphaned(tx_hash)
    gone = a_pass()
    lost, pending = payment_at(tx_hash), reload(checkout)
    mined(tx_hash, log(checkout))
    back = a_pass()

    assert counts(gone) == {"reorged": 1}
    assert lost.reversed_at is not None
    assert (pending.status, int(pending.amount_received_atomic)) == ("pending", 0)
    assert pending.tx_hash is None
    assert counts(back) == {"detected": 1}
    assert payment_at(tx_hash).reversed_at is None
    assert told(checkout.id) == ["payment_detected", "reorged", "payment_detected"]


def test_what_left_before_anybody_looked_is_no_payment(checkout: Checkout) -> None:
    orphaned(paid(checkout))

    assert counts(a_pass()) == counts(recording.catch_up()) == {}
    assert not Payment.objects.exists()


def test_how_final_it_is_is_kept_up_to_date(checkout: Checkout) -> None:
    tx_hash = paid(checkout)
    a_pass()
    young = payment_at(tx_hash)

    made_final(tx_hash)
    a_pass()
    final = payment_at(tx_hash)
    finalized(tx_hash)
    a_pass()
    done = payment_at(tx_hash)

    watched = WatchedTransaction.objects.get(tx_hash=tx_hash)
    assert (young.final_at, young.finalized_at) == (None, None)
    assert (final.final_at, final.finalized_at) == (watched.final_at, None)
    assert (done.final_at, done.finalized_at) == (watched.final_at, watched.finalized_at)
    assert done.judged_change == watched.changed_at


def test_one_that_is_finalized_is_never_looked_at_again(checkout: Checkout) -> None:
    tx_hash = paid(checkout)
    a_pass()
    made_final(tx_hash)
    finalized(tx_hash)
    a_pass()
    known = payment_at(tx_hash).updated_at

    WatchedTransaction.objects.update(changed_at=timezone.now())

    assert counts(a_pass()) == {}
    assert payment_at(tx_hash).updated_at == known


def test_its_kind_follows_its_block(checkout: Checkout) -> None:
    in_time, too_late = checkout.deadline, checkout.deadline + timedelta(seconds=1)
    tx_hash = paid(checkout, block_time=in_time)
    a_pass()
    first = payment_at(tx_hash).kind

    mined(tx_hash, log(checkout), block=1_001, block_time=too_late)
    a_pass()
    moved = payment_at(tx_hash).kind
    mined(tx_hash, log(checkout), block=1_002, block_time=in_time, fork="b")
    a_pass()

    assert (first, moved, payment_at(tx_hash).kind) == ("on_time", "late", "on_time")
    assert told(checkout.id) == [
        "payment_detected", "reorged", "late_payment", "payment_detected",
    ]  # fmt: skip
    assert_replays(checkout)


def test_what_a_person_resolved_stays_what_it_was(checkout: Checkout, in_live: Caller) -> None:
    tx_hash = paid(checkout, block_time=checkout.deadline + timedelta(seconds=1))
    a_pass()
    resolve(in_live, payment_at(tx_hash).id, "refunded", "sent back, 0xabc")

    mined(tx_hash, log(checkout), block=1_001, block_time=checkout.deadline)
    a_pass()

    payment = payment_at(tx_hash)
    assert (payment.kind, payment.resolution, payment.block_number) == ("late", "refunded", 1_001)
    assert reload(checkout).status == "pending"


def test_zero_values_and_tokens_of_strangers_are_no_payments(checkout: Checkout) -> None:
    mined(a_hash(), log(checkout, 0), log(checkout, contract=FAKE), log(checkout, to=CUSTOMER))

    assert counts(a_pass()) == counts(recording.catch_up()) == {}


@pytest.mark.parametrize(
    ("chain", "contract", "token"),
    [
        ("base", contract_of("base", "USDT"), "USDT"),
        ("arbitrum", contract_of("arbitrum", "USDT"), "USDT"),
        ("arbitrum", USDC_E, ""),
    ],
)
def test_another_token_is_a_payment_that_does_not_count(
    in_live: Caller, chain: str, contract: str, token: str
) -> None:
    a_method(in_live, chain, wallet=a_wallet(in_live, chain, xpub=an_xpub()))
    checkout = services.create(in_live, a_draft(chain=chain))
    tx_hash = paid(checkout, contract=contract)

    a_pass()

    payment = payment_at(tx_hash)
    assert (payment.kind, payment.token, payment.checkout_id) == (
        "wrong_token", token, checkout.id,
    )  # fmt: skip
    assert payment.needs_a_person
    checkout = reload(checkout)
    assert (checkout.status, int(checkout.amount_received_atomic)) == ("pending", 0)
    (event,) = Event.objects.filter(type="checkout.wrong_token")
    assert (event.resource_id, event.checkout_id) == (checkout.id, checkout.id)
    assert event.payload["data"]["payment"]["payment_id"] == payment.id
    assert event.payload["data"]["status"] == "pending"


def test_the_exact_amount_in_the_other_token_names_the_checkout_of_a_shared_address(
    shared: Checkout,
) -> None:
    paid(shared, token="USDT")
    paid(shared, 49_990_001, token="USDT")

    a_pass()

    assert payments_of(shared) == [("wrong_token", 49_990_000, True)]
    (unassigned,) = Payment.objects.filter(checkout=None)
    assert (unassigned.kind, int(unassigned.amount_atomic)) == ("unassigned", 49_990_001)


def test_of_two_open_checkouts_on_a_shared_address_each_gets_its_amount(
    shared: Checkout, in_live: Caller
) -> None:
    other = services.create(in_live, a_draft())
    assert other.amount_atomic == 49_990_001

    mined(a_hash(), log(other), log(shared))
    a_pass()

    assert payments_of(shared) == [("on_time", 49_990_000, True)]
    assert payments_of(other) == [("on_time", 49_990_001, True)]


def test_what_names_no_checkout_is_unassigned_and_told(shared: Checkout) -> None:
    tx_hash = paid(shared, 40_000_000)

    moved = a_pass()

    assert counts(moved) == {"recorded": 1}
    payment = payment_at(tx_hash)
    assert (payment.kind, payment.checkout) == ("unassigned", None)
    (event,) = Event.objects.filter(type="payment.unassigned")
    assert (event.resource_id, event.checkout_id) == (payment.id, None)
    assert event.payload["data"]["amount_atomic"] == "40000000"
    assert event.payload["data"]["deposit_address"] == shared.address
    assert reload(shared).status == "pending"


def test_what_was_mined_before_the_checkout_was_made_is_not_its_payment(
    checkout: Checkout, shared: Checkout
) -> None:
    early = checkout.created_at - timedelta(minutes=1, seconds=5)
    within = checkout.created_at - timedelta(seconds=55)
    mined(a_hash(), log(checkout), log(shared), block_time=early)
    a_pass()
    assert [reload(each).status for each in (checkout, shared)] == ["pending", "pending"]

    mined(a_hash(), log(checkout), log(shared), block_time=within)
    a_pass()

    kinds = sorted(Payment.objects.values_list("kind", flat=True))
    assert kinds == ["on_time", "on_time", "unassigned", "unassigned"]
    assert [reload(each).status for each in (checkout, shared)] == ["detected", "detected"]


def test_an_address_that_two_organizations_have_gives_each_its_own_payment(
    shared: Checkout, zenith: Organization
) -> None:
    stranger = caller_of(zenith, "live")
    a_shared_method(stranger)
    theirs = services.create(stranger, a_draft(amount_usd=Decimal(20)))
    assert theirs.address == shared.address == TREASURY
    tx_hash = a_hash()
    mined(tx_hash, log(shared), log(theirs))

    a_pass()

    found = Payment.objects.filter(tx_hash=tx_hash).order_by("ordinal", "kind")
    assert [(p.organization_id, p.kind, p.checkout_id) for p in found] == [
        (shared.organization_id, "on_time", shared.id),
        (zenith.id, "unassigned", None),
        (zenith.id, "on_time", theirs.id),
        (shared.organization_id, "unassigned", None),
    ]
    assert [reload(each).status for each in (shared, theirs)] == ["detected", "detected"]


def test_the_live_address_of_a_sandbox_checkout_pays_nothing_there(
    shared: Checkout, acme: Organization
) -> None:
    sandboxed = caller_of(acme)
    a_shared_method(sandboxed)
    rehearsal = services.create(sandboxed, a_draft())
    assert rehearsal.address == shared.address

    paid(shared)
    a_pass()

    assert (payments_of(rehearsal), reload(rehearsal).status) == ([], "pending")
    assert reload(shared).status == "detected"


def test_one_transaction_pays_many_checkouts_log_by_log(in_live: Caller) -> None:
    a_method(in_live)
    checkouts = [services.create(in_live, a_draft()) for _ in range(60)]
    tx_hash = a_hash()
    mined(tx_hash, *(log(each) for each in checkouts))

    assert counts(a_pass()) == {"recorded": 60, "detected": 60}

    assert [payment_at(tx_hash, n).checkout_id for n in range(60)] == [c.id for c in checkouts]


def test_what_a_stopped_worker_did_not_see_as_news_is_caught_up_with(checkout: Checkout) -> None:
    tx_hash = paid(checkout)
    long_ago = timezone.now() - timedelta(minutes=16)
    WatchedTransaction.objects.filter(tx_hash=tx_hash).update(changed_at=long_ago)

    assert counts(a_pass()) == {}
    assert counts(recording.catch_up()) == {"recorded": 1, "detected": 1}

    # What is recorded is followed however long ago it changed.
    orphaned(tx_hash)
    a_while_ago = long_ago + timedelta(seconds=5)
    WatchedTransaction.objects.filter(tx_hash=tx_hash).update(changed_at=a_while_ago)
    assert counts(a_pass()) == {"reorged": 1}


def test_mined_again_a_transaction_can_pay_somebody_else_with_the_same_log(
    checkout: Checkout, in_live: Caller
) -> None:
    other = services.create(in_live, a_draft())
    tx_hash = mined(a_hash(), log(checkout), log(other))
    a_pass()

    mined(tx_hash, log(other), log(checkout, 10), block=1_001)
    a_pass()

    assert payments_of(checkout) == [("on_time", 49_990_000, False), ("on_time", 10, True)]
    assert payments_of(other) == [("on_time", 49_990_000, False), ("on_time", 49_990_000, True)]
    assert [reload(c).amount_received_atomic for c in (checkout, other)] == [10, 49_990_000]
    assert told(checkout.id) == ["payment_detected", "reorged"]
    assert told(other.id) == ["payment_detected", "reorged", "payment_detected"]
    # And back: the rows that are there serve again.
    mined(tx_hash, log(checkout), log(other), block=1_002)
    a_pass()
    assert Payment.objects.count() == 4
    assert [reload(c).amount_received_atomic for c in (checkout, other)] == [49_990_000] * 2


def test_mined_again_a_transfer_can_be_of_another_amount(checkout: Checkout) -> None:
    tx_hash = mined(a_hash(), log(checkout))
    a_pass()

    mined(tx_hash, log(checkout, 49_000_000), block=1_001)
    a_pass()

    assert payments_of(checkout) == [("on_time", 49_000_000, True)]
    assert told(checkout.id) == ["payment_detected", "reorged"]


def break_for(tx_hash: str) -> None:
    """No payment of this transaction can be written."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            CREATE FUNCTION refuse_one() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF NEW.tx_hash = '{tx_hash}' THEN
                    RAISE EXCEPTION 'refused' USING ERRCODE = 'integrity_constraint_violation';
                END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER refuse_one BEFORE INSERT ON checkouts_payment
                FOR EACH ROW EXECUTE FUNCTION refuse_one();
            """
        )


@pytest.mark.parametrize("do", [recording.record, recording.catch_up])
def test_one_that_cannot_be_written_stops_no_other_and_is_raised(
    in_live: Caller, do: Callable[[], object]
) -> None:
    a_method(in_live)
    checkouts = [services.create(in_live, a_draft()) for _ in range(5)]
    hashes = [paid(each) for each in checkouts]
    break_for(hashes[2])

    with pytest.raises(IntegrityError, match="refused"):
        do()

    statuses = [reload(each).status for each in checkouts]
    assert statuses == ["detected", "detected", "pending", "detected", "detected"]
    assert told(checkouts[2].id) == []


def test_a_hostile_amount_is_kept_as_it_is(checkout: Checkout, shared: Checkout) -> None:
    most = 2**256 - 1
    tx_hash = mined(a_hash(), log(checkout, most), log(shared, most))

    a_pass()

    assert payments_of(checkout) == [("on_time", most, True)]
    assert payment_at(tx_hash, 1).amount_atomic == most
    assert reload(checkout).amount_received_atomic == most
