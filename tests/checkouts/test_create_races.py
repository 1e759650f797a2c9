"""At the same time: real threads on PostgreSQL."""

from collections.abc import Callable
from functools import partial

import pytest
from django.db import transaction

from billing.callers import Caller
from checkouts import services
from checkouts.models import AskedAmount, Checkout, PaymentMethod
from events.models import Event
from organizations.models import Organization
from organizations.services import issue_api_key
from tests.checkouts.making import (
    a_body,
    a_draft,
    a_method,
    a_shared_method,
    a_wallet,
    an_xpub,
    at_once,
    event_types,
)
from tests.conftest import Api
from wallets.models import DepositAddress, ExtendedKey

MANY = 64

pytestmark = pytest.mark.django_db(transaction=True)


def test_checkouts_at_once_on_an_extended_key_have_each_an_address_and_no_index_is_left_out(
    sandboxed: Caller,
) -> None:
    a_method(sandboxed)

    made = at_once([partial(services.create, sandboxed, a_draft())] * MANY)

    assert [each for each in made if not isinstance(each, Checkout)] == []
    assert len({checkout.address for checkout in made}) == MANY
    indexes = DepositAddress.objects.values_list("index", flat=True)
    assert sorted(index for index in indexes if index is not None) == list(range(MANY))
    assert ExtendedKey.objects.get().next_index == MANY
    assert {checkout.amount_atomic for checkout in made} == {49_990_000}


def test_refused_ones_among_them_leave_no_hole(sandboxed: Caller) -> None:
    """Half of them are rolled back after they had their address, as a killed process is."""
    a_method(sandboxed)

    def undone() -> None:
        with transaction.atomic():
            services.create(sandboxed, a_draft())
            transaction.set_rollback(True)

    acts: list[Callable[[], object]] = [partial(services.create, sandboxed, a_draft()), undone]
    made = [each for each in at_once(acts * 12) if each is not None]

    assert [each for each in made if not isinstance(each, Checkout)] == []
    assert sorted(checkout.deposit_address.index for checkout in made) == list(range(12))


def test_equal_amounts_at_once_on_one_address_become_distinct_and_the_first_is_exact(
    sandboxed: Caller,
) -> None:
    a_shared_method(sandboxed)

    made = at_once([partial(services.create, sandboxed, a_draft())] * MANY)

    assert [each for each in made if not isinstance(each, Checkout)] == []
    amounts = sorted(checkout.amount_atomic for checkout in made)
    assert amounts == [49_990_000 + above for above in range(MANY)]
    assert {checkout.amount_requested_atomic for checkout in made} == {49_990_000}
    first = min(made, key=lambda checkout: checkout.created_at)
    assert first.amount_atomic == 49_990_000
    assert AskedAmount.objects.count() == MANY
    assert DepositAddress.objects.count() == 1


def test_two_chains_of_one_extended_key_share_its_counter(sandboxed: Caller) -> None:
    a_method(sandboxed, wallet=a_wallet(sandboxed, "base", xpub=an_xpub()))
    a_method(sandboxed, "arbitrum", wallet=a_wallet(sandboxed, "arbitrum", xpub=an_xpub()))
    acts = [partial(services.create, sandboxed, a_draft(chain=c)) for c in ("base", "arbitrum")]

    made = at_once(acts * 8)

    assert [each for each in made if not isinstance(each, Checkout)] == []
    assert len({checkout.address for checkout in made}) == 16


def test_first_checkouts_of_a_fresh_test_key_at_once_make_one_method(sandboxed: Caller) -> None:
    made = at_once([partial(services.create, sandboxed, a_draft())] * 16)

    assert [each for each in made if not isinstance(each, Checkout)] == []
    method = PaymentMethod.objects.get()
    assert event_types(method.id) == ["payment_method.created"]
    assert event_types(method.wallet_id) == ["wallet.created"]
    assert len({checkout.address for checkout in made}) == 16


def test_equal_calls_at_once_make_one_checkout(acme: Organization) -> None:
    key, secret = issue_api_key(acme, "sandbox")

    def call() -> int:
        answer = Api(key, secret).post("/v1/checkouts", a_body(), idempotency_key="k-1")
        return answer.status_code

    statuses = at_once([call] * 8)

    assert statuses.count(201) == 1
    assert set(statuses) <= {200, 201, 409}
    assert Checkout.objects.count() == 1
    assert DepositAddress.objects.get().index == 0


def test_of_cancel_and_cancel_one_is_told(sandboxed: Caller) -> None:
    for _ in range(8):
        checkout = services.create(sandboxed, a_draft())

        answers = at_once([partial(services.cancel, sandboxed, checkout.id)] * 2)

        assert [each for each in answers if not isinstance(each, Checkout)] == [
            "checkout_not_pending"
        ]
        assert event_types(checkout.id) == ["checkout.created", "checkout.expired"]


def test_of_cancel_and_fail_one_wins(sandboxed: Caller) -> None:
    for _ in range(8):
        checkout = services.create(sandboxed, a_draft())

        at_once(
            [
                partial(services.cancel, sandboxed, checkout.id),
                partial(services.fail, sandboxed, checkout.id, "No."),
            ]
        )

        _, ended = event_types(checkout.id)
        stored = Checkout.objects.get(id=checkout.id)
        assert ended == f"checkout.{stored.status}"
        assert (stored.canceled_at is None) is (stored.failed_at is not None)


# --- The one default -----------------------------------------------------------------------------


@pytest.mark.parametrize("is_first", [True, False], ids=["no default before", "one before"])
def test_of_defaults_set_at_once_all_succeed_one_after_the_other(
    sandboxed: Caller, is_first: bool
) -> None:
    methods = [a_method(sandboxed) for _ in range(6)]
    if not is_first:
        a_method(sandboxed, is_default=True)

    answers = at_once(
        [partial(services.methods.set_default, sandboxed, method.id) for method in methods]
    )

    assert [each for each in answers if not isinstance(each, PaymentMethod)] == []
    default = PaymentMethod.objects.get(is_default=True)
    told = Event.objects.filter(type="payment_method.updated", resource_id=default.id)
    assert [event.payload["data"]["is_default"] for event in told] == [True]
    cleared = Event.objects.filter(type="payment_method.updated").exclude(resource_id=default.id)
    assert cleared.count() == 2 * 5 + (0 if is_first else 1)


def test_a_default_made_and_one_set_at_once_both_succeed(sandboxed: Caller) -> None:
    for _ in range(6):
        method = a_method(sandboxed)
        answers = at_once(
            [
                partial(services.methods.set_default, sandboxed, method.id),
                partial(a_method, sandboxed, is_default=True),
                partial(services.methods.disable, sandboxed, method.id),
            ]
        )

        assert isinstance(answers[1], PaymentMethod)
        assert isinstance(answers[2], PaymentMethod)
        assert answers[0] == "payment_method_disabled" or isinstance(answers[0], PaymentMethod)
        assert PaymentMethod.objects.filter(is_default=True).count() <= 1
        assert not PaymentMethod.objects.get(id=method.id).is_default
