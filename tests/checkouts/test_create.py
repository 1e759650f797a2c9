"""Create, as every door does it: which method, which address, how much exactly, until when."""

from copy import copy
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings

from billing.callers import Caller
from billing.errors import BillingError
from chainwatch import sandbox
from chainwatch.models import WatchedAddress
from checkouts import services
from checkouts.acts.amounts import MOST_ABOVE_ATOMIC
from checkouts.answers import checkout_json
from checkouts.models import AskedAmount, Checkout, PaymentMethod, Purpose
from events.models import Event
from organizations.models import Organization
from tests.checkouts.making import (
    TREASURY,
    TRON_TREASURY,
    a_draft,
    a_method,
    a_shared_method,
    a_wallet,
    an_xpub,
    caller_of,
    reload,
)
from wallets.extended_keys import address_at
from wallets.models import DepositAddress, ExtendedKey


def amounts(*checkouts: Checkout) -> list[int]:
    return [checkout.amount_atomic for checkout in checkouts]


# --- Which payment method ------------------------------------------------------------------------


def test_the_default_is_taken_before_a_newer_one(sandboxed: Caller) -> None:
    default = a_method(sandboxed, is_default=True)
    a_method(sandboxed)

    assert services.create(sandboxed, a_draft()).payment_method_id == default.id


def test_of_several_the_newest_is_taken(sandboxed: Caller) -> None:
    a_method(sandboxed)
    newest = a_method(sandboxed)

    assert services.create(sandboxed, a_draft()).payment_method_id == newest.id


def test_the_default_is_passed_over_where_it_takes_something_else(in_live: Caller) -> None:
    a_method(in_live, token="USDT", is_default=True)
    fitting = a_method(in_live)

    assert services.create(in_live, a_draft()).payment_method_id == fitting.id


def test_the_one_that_is_named_is_taken(sandboxed: Caller) -> None:
    named = a_method(sandboxed)
    a_method(sandboxed, is_default=True)

    checkout = services.create(sandboxed, a_draft(payment_method_id=named.id))

    assert checkout.payment_method_id == named.id


def test_a_disabled_one_is_taken_neither_by_itself_nor_by_name(in_live: Caller) -> None:
    method = a_method(in_live)
    services.methods.disable(in_live, method.id)

    codes = []
    for draft in (a_draft(), a_draft(payment_method_id=method.id)):
        with pytest.raises(BillingError) as refused:
            services.create(in_live, draft)
        codes.append(refused.value.code)

    assert codes == ["payment_method_required", "payment_method_unfit"]
    assert not DepositAddress.objects.exists()


@pytest.mark.parametrize("changes", [{"token": "USDT"}, {"chain": "arbitrum"}])
def test_one_of_another_token_or_chain_is_refused(
    sandboxed: Caller, changes: dict[str, str]
) -> None:
    method = a_method(sandboxed)

    with pytest.raises(BillingError) as refused:
        services.create(sandboxed, a_draft(payment_method_id=method.id, **changes))

    assert (refused.value.code, refused.value.param) == (
        "payment_method_unfit",
        "payment_method_id",
    )
    assert "takes USDC on base" in refused.value.message


def test_in_the_sandbox_the_second_takes_the_method_that_the_first_made(
    sandboxed: Caller,
) -> None:
    first, second = (services.create(sandboxed, a_draft()) for _ in range(2))

    assert first.payment_method_id == second.payment_method_id
    assert PaymentMethod.objects.count() == 1
    assert first.address != second.address


@pytest.mark.parametrize(
    ("amount", "code"),
    [("9.999999", "amount_too_small"), ("10", ""), ("20", ""), ("20.000001", "amount_too_large")],
)
def test_the_bounds_of_the_method_hold(sandboxed: Caller, amount: str, code: str) -> None:
    a_method(sandboxed, min_amount_usd=Decimal(10), max_amount_usd=Decimal(20))
    draft = a_draft(amount_usd=Decimal(amount))

    if not code:
        assert services.create(sandboxed, draft).status == "pending"
        return
    with pytest.raises(BillingError) as refused:
        services.create(sandboxed, draft)

    assert (refused.value.code, refused.value.param) == (code, "amount_usd")
    assert "USDC at" in refused.value.message
    assert not Checkout.objects.exists()


def test_a_caller_without_the_scope_is_refused(sandboxed: Caller) -> None:
    reader = replace(sandboxed, scopes=frozenset({"checkouts:read"}))

    with pytest.raises(BillingError) as refused:
        services.create(reader, a_draft())

    assert (refused.value.status, refused.value.code) == (403, "insufficient_scope")


# --- Which address, and how much -----------------------------------------------------------------


def test_each_checkout_of_an_extended_key_has_the_next_address(sandboxed: Caller) -> None:
    a_method(sandboxed)

    checkouts = [services.create(sandboxed, a_draft()) for _ in range(3)]

    key = ExtendedKey.objects.get()
    assert [checkout.deposit_address.index for checkout in checkouts] == [0, 1, 2]
    assert [checkout.address for checkout in checkouts] == [
        address_at(key, index, "base") for index in range(3)
    ]
    assert amounts(*checkouts) == [49_990_000] * 3
    assert key.next_index == 3
    assert not AskedAmount.objects.exists()
    assert WatchedAddress.objects.filter(scope=sandboxed.organization_id).count() == 3


def test_on_one_address_the_first_asks_for_exactly_what_was_requested(sandboxed: Caller) -> None:
    a_shared_method(sandboxed)

    first, second, third = (services.create(sandboxed, a_draft()) for _ in range(3))
    other = services.create(sandboxed, a_draft(amount_usd=Decimal("49.990001")))

    assert {each.address.lower() for each in (first, second, third, other)} == {TREASURY}
    assert amounts(first, second, third, other) == [49_990_000, 49_990_001, 49_990_002, 49_990_003]
    assert second.amount_requested_atomic == 49_990_000
    assert DepositAddress.objects.count() == 1


def test_an_amount_in_the_other_token_is_another_amount(sandboxed: Caller) -> None:
    method = a_shared_method(sandboxed)
    a_method(sandboxed, token="USDT", wallet=method.wallet)

    usdc = services.create(sandboxed, a_draft())
    usdt = services.create(sandboxed, a_draft(token="USDT"))

    assert amounts(usdc, usdt) == [49_990_000, 49_990_000]


def test_a_closed_checkouts_amount_is_free_when_its_seven_days_are_over(sandboxed: Caller) -> None:
    a_shared_method(sandboxed)
    first = services.create(sandboxed, a_draft())
    services.cancel(sandboxed, first.id)

    meanwhile = services.create(sandboxed, a_draft())
    AskedAmount.objects.filter(checkout=first).update(free_at=timezone.now())
    afterwards = services.create(sandboxed, a_draft())

    assert amounts(meanwhile, afterwards) == [49_990_001, 49_990_000]
    assert not AskedAmount.objects.filter(checkout=first).exists()


def test_where_no_amount_is_free_that_is_said(sandboxed: Caller) -> None:
    a_shared_method(sandboxed)
    first = services.create(sandboxed, a_draft())
    _hold_every_amount_above(first)

    with pytest.raises(BillingError) as refused:
        services.create(sandboxed, a_draft())

    assert (refused.value.code, refused.value.param) == ("no_free_amount", "amount_usd")
    last = services.create(sandboxed, a_draft(amount_usd=Decimal("49.990001")))
    assert last.amount_atomic == 49_990_001 + MOST_ABOVE_ATOMIC


def test_on_one_address_nothing_is_tolerated(sandboxed: Caller) -> None:
    """Where the exact amount names a checkout, less than that would name another."""
    method = a_shared_method(sandboxed)
    PaymentMethod.objects.filter(id=method.id).update(tolerance_atomic=5_000)

    assert services.create(sandboxed, a_draft()).tolerance_atomic == 0


def test_the_tolerance_of_the_method_is_kept_with_the_checkout(sandboxed: Caller) -> None:
    method = a_method(sandboxed, min_amount_usd=Decimal(1), tolerance_usd=Decimal("0.5"))
    checkout = services.create(sandboxed, a_draft())

    services.methods.update(sandboxed, method.id, {"tolerance_usd": None})

    checkout.refresh_from_db(fields=["tolerance_atomic"])
    assert (checkout.tolerance_atomic, checkout.enough_atomic) == (500_000, 49_490_000)


def test_a_shared_address_is_followed_and_on_tron_too(sandboxed: Caller) -> None:
    a_method(sandboxed, "tron", "USDT", wallet=a_wallet(sandboxed, "tron", address=TRON_TREASURY))

    checkout = services.create(sandboxed, a_draft(chain="tron", token="USDT"))

    assert checkout.address == TRON_TREASURY
    watched = WatchedAddress.objects.get(chain="tron", scope=sandboxed.organization_id)
    assert watched.address == TRON_TREASURY


# --- What it asks for besides --------------------------------------------------------------------


def test_the_networks_number_of_confirmations_holds_where_it_is_more(
    sandboxed: Caller, settings: Settings
) -> None:
    a_method(sandboxed, required_confirmations=20)
    asked_for_twenty = services.create(sandboxed, a_draft())
    settings.NETWORKS = {
        name: replace(row, confirmations=30) for name, row in settings.NETWORKS.items()
    }

    assert asked_for_twenty.required_confirmations == 20
    assert services.create(sandboxed, a_draft()).required_confirmations == 30


def test_the_contract_is_pinned_as_it_was(sandboxed: Caller) -> None:
    checkout = services.create(sandboxed, a_draft())

    assert checkout.contract == "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"


def test_a_simulated_chain_that_was_moved_ahead_does_not_expire_what_is_new(
    sandboxed: Caller,
) -> None:
    sandbox.advance(sandboxed.organization_id, "base", 7_200)

    checkout = services.create(sandboxed, a_draft())

    assert checkout.clock_ahead == timedelta(hours=2)
    assert checkout.deadline - checkout.expires_at == timedelta(hours=2)


def test_live_has_one_clock(in_live: Caller) -> None:
    a_method(in_live)

    assert services.create(in_live, a_draft()).clock_ahead == timedelta(0)


def test_a_refusal_leaves_nothing_behind(sandboxed: Caller) -> None:
    with pytest.raises(BillingError):
        services.create(sandboxed, a_draft(success_url="javascript:alert(1)"))

    assert not PaymentMethod.objects.exists()
    assert not Event.objects.filter(type="payment_method.created").exists()


def test_two_organizations_have_two_sandboxes(sandboxed: Caller, zenith: Organization) -> None:
    mine = services.create(sandboxed, a_draft())
    theirs = services.create(caller_of(zenith), a_draft())

    assert mine.payment_method_id != theirs.payment_method_id
    assert mine.address != theirs.address
    assert an_xpub() not in ExtendedKey.objects.values_list("xpub", flat=True)


def _hold_every_amount_above(checkout: Checkout) -> None:
    """Hold all that is left: by one more checkout for each, without its address and events."""
    rows = []
    for above in range(1, MOST_ABOVE_ATOMIC + 1):
        row = copy(checkout)
        row.id = f"co_{above:024d}"
        row.amount_atomic = checkout.amount_atomic + above
        rows.append(row)
    Checkout.objects.bulk_create(rows)
    AskedAmount.objects.bulk_create(
        AskedAmount(
            deposit_address_id=row.deposit_address_id,
            token=row.token,
            amount_atomic=row.amount_atomic,
            checkout=row,
        )
        for row in rows
    )


def test_a_renewals_checkout_says_for_which_renewal_it_is(acme: Organization) -> None:
    caller = caller_of(acme)
    a_method(caller)
    draft = a_draft(subscription_id="sub_1", renewal_id="ren_1")

    made = services.create(caller, draft, purpose=Purpose.RENEWAL)

    said = checkout_json(reload(made))
    assert (said["purpose"], said["subscription_id"], said["renewal_id"]) == (
        "renewal", "sub_1", "ren_1",
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        Checkout.objects.filter(id=made.id).update(renewal_id="ren_2")
    with pytest.raises(IntegrityError, match="checkout_renewal_fits_its_purpose"):
        services.create(caller, draft)
