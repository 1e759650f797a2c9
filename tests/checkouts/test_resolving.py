"""A person says what became of money that paid nothing; once, and with a note."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from billing.callers import Caller
from billing.errors import BillingError
from checkouts import services
from checkouts.models import Checkout, Payment
from checkouts.settling import resolve
from events.models import Event
from organizations.models import Organization
from tests.checkouts.making import a_draft, a_method, a_shared_method, caller_of
from tests.checkouts.paying import a_pass, followed, paid, payment_at, told

A_SECOND = timedelta(seconds=1)


@pytest.fixture
def checkout(in_live: Caller) -> Checkout:
    a_method(in_live)
    return services.create(in_live, a_draft())


def late(checkout: Checkout, caller: Caller) -> Payment:
    tx_hash = paid(checkout, block_time=checkout.deadline + A_SECOND)
    a_pass()
    return payment_at(tx_hash)


def wrong_token(checkout: Checkout, caller: Caller) -> Payment:
    tx_hash = paid(checkout, token="USDT")
    a_pass()
    return payment_at(tx_hash)


def unassigned(checkout: Checkout, caller: Caller) -> Payment:
    shared = services.create(
        caller, a_draft(payment_method_id=a_shared_method(caller, is_default=False).id)
    )
    tx_hash = paid(shared, 1)
    a_pass()
    return payment_at(tx_hash)


def too_little(checkout: Checkout, caller: Caller) -> Payment:
    """In time, towards a checkout that came to nothing."""
    tx_hash = paid(checkout, 1)
    followed(checkout.deadline + A_SECOND)
    a_pass()
    return payment_at(tx_hash)


@pytest.mark.parametrize("came", [late, wrong_token, unassigned, too_little])
@pytest.mark.parametrize("resolution", ["refunded", "accepted", "credited", "written_off"])
def test_a_person_says_what_became_of_it(
    checkout: Checkout,
    in_live: Caller,
    came: Callable[[Checkout, Caller], Payment],
    resolution: str,
) -> None:
    payment = came(checkout, in_live)

    resolve(in_live, payment.id, resolution, "  sent back, 0xabc  ")

    stored = Payment.objects.get(id=payment.id)
    assert (stored.resolution, stored.note, stored.resolved_by) == (
        resolution, "sent back, 0xabc", "system",
    )  # fmt: skip
    assert stored.resolved_at is not None and not stored.needs_a_person
    assert told(payment.id)[-1] == "payment.resolved"
    event = Event.objects.get(type="payment.resolved")
    assert (event.resource_id, event.checkout_id) == (payment.id, payment.checkout_id)
    data = event.payload["data"]
    assert (data["payment_id"], data["resolution"], data["note"]) == (
        payment.id, resolution, "sent back, 0xabc",
    )  # fmt: skip
    assert data["resolved_at"] is not None


def refusal(caller: Caller, payment: Payment, resolution: str, note: str) -> tuple[str, str | None]:
    with pytest.raises(BillingError) as refused:
        resolve(caller, payment.id, resolution, note)
    return refused.value.code, refused.value.param


def test_a_second_resolution_is_refused(checkout: Checkout, in_live: Caller) -> None:
    payment = late(checkout, in_live)
    resolve(in_live, payment.id, "refunded", "sent back")

    assert refusal(in_live, payment, "accepted", "no, kept") == ("payment_not_open", "payment_id")
    assert Payment.objects.get(id=payment.id).resolution == "refunded"
    assert Event.objects.filter(type="payment.resolved").count() == 1


@pytest.mark.parametrize(
    ("resolution", "note", "param"),
    [("lost", "why", "resolution"), ("", "why", "resolution"), ("refunded", "  ", "note"),
     ("refunded", "x" * 501, "note")],
)  # fmt: skip
def test_what_says_nothing_is_refused(
    checkout: Checkout, in_live: Caller, resolution: str, note: str, param: str
) -> None:
    payment = late(checkout, in_live)

    assert refusal(in_live, payment, resolution, note) == ("invalid_field_value", param)


def test_a_private_key_is_kept_out_of_the_note(checkout: Checkout, in_live: Caller) -> None:
    payment = late(checkout, in_live)

    code, _ = refusal(in_live, payment, "refunded", "signed with xprv" + "9" * 100)

    assert code == "private_key_refused"


def test_the_hash_of_the_refund_may_stand_in_the_note(checkout: Checkout, in_live: Caller) -> None:
    payment = late(checkout, in_live)

    resolved = resolve(in_live, payment.id, "refunded", "sent back in 0x" + "4c" * 32)

    assert resolved.note == "sent back in 0x" + "4c" * 32


def test_what_counts_waits_for_nobody(checkout: Checkout, in_live: Caller) -> None:
    tx_hash = paid(checkout)
    a_pass()

    code, _ = refusal(in_live, payment_at(tx_hash), "refunded", "why not")

    assert code == "payment_not_open"


def test_a_stranger_and_the_other_environment_do_not_find_it(
    checkout: Checkout, in_live: Caller, zenith: Organization, acme: Organization
) -> None:
    payment = late(checkout, in_live)

    for caller in (caller_of(zenith, "live"), caller_of(acme)):
        assert refusal(caller, payment, "refunded", "mine")[0] == "payment_not_found"


def test_who_may_only_read_is_refused(checkout: Checkout, in_live: Caller) -> None:
    payment = late(checkout, in_live)
    reader = replace(in_live, scopes=frozenset({"checkouts:read"}))

    assert refusal(reader, payment, "refunded", "why")[0] == "insufficient_scope"
