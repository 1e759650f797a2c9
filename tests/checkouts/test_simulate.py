"""The sandbox: customers pay through the same code as in live, played at once."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from billing.callers import Caller
from billing.errors import BillingError
from chainwatch import sandbox
from checkouts import services, simulation
from checkouts.models import Checkout, Payment
from events.models import Event
from organizations.models import Organization
from payouts.simulation import advance_blocks
from tests.checkouts.making import (
    TREASURY,
    MakeApi,
    a_draft,
    a_method,
    a_wallet,
    caller_of,
    create,
    reload,
)
from tests.checkouts.paying import assert_replays, payments_of, told

PAID = ["payment_detected", "confirming", "completed"]
CHAINS = ["tron", "arbitrum", "base"]


def a_checkout(caller: Caller, chain: str = "base", **changes: Any) -> Checkout:
    return services.create(caller, a_draft(chain=chain, **changes))


def a_shared_checkout(caller: Caller, **changes: Any) -> Checkout:
    method = a_method(caller, wallet=a_wallet(caller, address=TREASURY))
    return a_checkout(caller, payment_method_id=method.id, **changes)


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize(
    ("outcome", "status", "events", "payments"),
    [
        ("pay", "confirmed", PAID, [("on_time", 49_990_000)]),
        ("underpaid", "expired", ["expired", "underpaid"], [("on_time", 24_995_000)]),
        ("overpaid", "confirmed", [*PAID, "overpaid"], [("on_time", 54_989_000)]),
        ("late", "expired", ["expired", "late_payment"], [("late", 49_990_000)]),
        ("wrong_token", "expired", ["wrong_token", "expired"], [("wrong_token", 49_990_000)]),
        ("two_parts", "confirmed", PAID, [("on_time", 24_995_000), ("on_time", 24_995_000)]),
        ("reorg", "confirmed", ["payment_detected", "reorged", *PAID], [("on_time", 49_990_000)]),
    ],
)  # fmt: skip
def test_an_outcome_is_played_to_its_end_on_every_chain(
    settings: Settings,
    sandboxed: Caller,
    chain: str,
    outcome: str,
    status: str,
    events: Sequence[str],
    payments: list[tuple[str, int]],
) -> None:
    # A block a minute: of a block a second, one may come by itself in between, and confirm.
    settings.SANDBOX_BLOCK_TIME_S = 60
    checkout = a_checkout(sandboxed, chain)

    ended = simulation.simulate(sandboxed, checkout.id, outcome)

    assert ended.status == reload(checkout).status == status
    assert told(checkout.id) == events
    assert payments_of(checkout) == [(kind, amount, True) for kind, amount in payments]
    assert not Payment.objects.filter(final_at=None).exists()
    counted = sum(amount for kind, amount in payments if kind == "on_time")
    assert ended.amount_received_atomic == counted
    assert_replays(checkout)


def test_the_sample_script_reads_confirmed_right_after_the_call(
    api: MakeApi, acme: Organization
) -> None:
    client = api(acme)
    made = create(client)

    answer = client.post("/v1/sandbox/simulate-payment", {"checkout_id": made["checkout_id"]})

    assert answer.status_code == 200
    paid = answer.json()
    assert paid == client.get(f"/v1/checkouts/{made['checkout_id']}").json()
    assert (paid["status"], paid["amount_received_atomic"]) == ("confirmed", "49990000")
    assert paid["confirmations"] >= paid["required_confirmations"] == 12
    assert paid["tx_hash"] == paid["payments"][0]["tx_hash"] is not None
    assert paid["detected_at"] and paid["confirmed_at"]
    listed = client.get("/v1/events", {"checkout_id": made["checkout_id"]}).json()["data"]
    assert [event["type"] for event in reversed(listed)] == [
        "checkout.created",
        "checkout.payment_detected",
        "checkout.confirming",
        "checkout.completed",
    ]
    statuses = [event["data"]["status"] for event in reversed(listed)]
    assert statuses == ["pending", "detected", "confirming", "confirmed"]


@pytest.mark.parametrize(
    ("environment", "outcome", "status", "code"),
    [("live", "pay", 400, "sandbox_only"), ("sandbox", "teleport", 400, "unknown_outcome")],
)
def test_a_live_key_and_an_unknown_outcome_are_refused(
    api: MakeApi, acme: Organization, environment: str, outcome: str, status: int, code: str
) -> None:
    made = create(api(acme))

    answer = api(acme, environment).post(
        "/v1/sandbox/simulate-payment", {"checkout_id": made["checkout_id"], "outcome": outcome}
    )

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert reload(Checkout(id=made["checkout_id"])).status == "pending"


def test_a_stranger_s_checkout_is_not_found(
    api: MakeApi, acme: Organization, zenith: Organization
) -> None:
    made = create(api(acme))

    answer = api(zenith).post("/v1/sandbox/simulate-payment", {"checkout_id": made["checkout_id"]})

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "checkout_not_found")


def test_a_key_that_may_not_simulate_is_refused(api: MakeApi, acme: Organization) -> None:
    made = create(api(acme))

    answer = api(acme, scopes=["checkouts:read", "checkouts:write"]).post(
        "/v1/sandbox/simulate-payment", {"checkout_id": made["checkout_id"]}
    )

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "insufficient_scope")


@pytest.mark.parametrize("outcome", ["pay", "underpaid"])
def test_one_that_is_closed_is_refused(sandboxed: Caller, outcome: str) -> None:
    checkout = a_checkout(sandboxed)
    simulation.simulate(sandboxed, checkout.id, outcome)
    known, events = reload(checkout), Event.objects.count()

    with pytest.raises(BillingError) as refused:
        simulation.simulate(sandboxed, checkout.id)

    assert refused.value.code == "checkout_not_pending"
    assert reload(checkout).updated_at == known.updated_at
    assert Event.objects.count() == events


def test_one_whose_time_is_over_by_its_chain_is_refused_before_anybody_noticed(
    sandboxed: Caller,
) -> None:
    checkout = a_checkout(sandboxed)
    advance_blocks(sandboxed, "base", 1_801)

    with pytest.raises(BillingError) as refused:
        simulation.simulate(sandboxed, checkout.id)

    assert refused.value.code == "checkout_not_pending"
    assert "is expired" in refused.value.message


def test_on_a_chain_that_was_moved_ahead_by_hand_a_new_checkout_has_its_whole_time(
    sandboxed: Caller,
) -> None:
    advance_blocks(sandboxed, "base", 100_000)
    checkout = a_checkout(sandboxed)
    assert checkout.clock_ahead == timedelta(seconds=100_000)

    call_command("tick", "--json", "--only", "follow,payments")
    assert reload(checkout).status == "pending"
    advance_blocks(sandboxed, "base", 1_000)
    paid = simulation.simulate(sandboxed, checkout.id)

    assert (paid.status, payments_of(checkout)) == ("confirmed", [("on_time", 49_990_000, True)])


def test_what_one_simulation_takes_of_time_is_gone_for_the_others(sandboxed: Caller) -> None:
    first, second = a_checkout(sandboxed), a_checkout(sandboxed, expires_in_seconds=86_400)
    third = a_checkout(sandboxed)

    simulation.simulate(sandboxed, first.id, "underpaid")
    call_command("tick", "--json", "--only", "payments")

    assert [reload(each).status for each in (first, second, third)] == [
        "expired", "pending", "expired",
    ]  # fmt: skip


def test_another_organization_s_chain_stays_where_it_was(
    sandboxed: Caller, zenith: Organization
) -> None:
    theirs = a_checkout(caller_of(zenith))

    simulation.simulate(sandboxed, a_checkout(sandboxed).id, "late")
    call_command("tick", "--json", "--only", "follow,payments")

    assert reload(theirs).status == "pending"
    assert sandbox.clock_ahead(zenith.id, "base") == timedelta(0)


@pytest.mark.parametrize(
    ("outcome", "status", "events", "payments"),
    [
        ("pay", "confirmed", PAID, [("on_time", 49_990_000)]),
        ("reorg", "confirmed", ["payment_detected", "reorged", *PAID], [("on_time", 49_990_000)]),
        ("late", "expired", ["expired", "late_payment"], [("late", 49_990_000)]),
        ("wrong_token", "expired", ["wrong_token", "expired"], [("wrong_token", 49_990_000)]),
        # There only the exact amount names a checkout.
        ("two_parts", "expired", ["expired"], []),
        ("underpaid", "expired", ["expired"], []),
        ("overpaid", "expired", ["expired"], []),
    ],
)  # fmt: skip
def test_on_a_shared_address_it_ends_as_it_would_in_live(
    sandboxed: Caller,
    outcome: str,
    status: str,
    events: list[str],
    payments: list[tuple[str, int]],
) -> None:
    checkout = a_shared_checkout(sandboxed)

    ended = simulation.simulate(sandboxed, checkout.id, outcome)

    assert (ended.status, told(checkout.id)) == (status, events)
    assert payments_of(checkout) == [(kind, amount, True) for kind, amount in payments]
    unassigned = Payment.objects.filter(checkout=None)
    assert unassigned.count() == {"two_parts": 2, "underpaid": 1, "overpaid": 1}.get(outcome, 0)
    assert [told(each.id) for each in unassigned] == [["payment.unassigned"]] * unassigned.count()
    assert_replays(checkout)


@pytest.mark.parametrize("outcome", ["underpaid", "overpaid", "two_parts"])
def test_on_a_shared_address_nothing_of_it_pays_another_checkout(
    sandboxed: Caller, outcome: str
) -> None:
    checkout = a_shared_checkout(sandboxed, amount_usd=Decimal(50))
    others = [
        a_checkout(sandboxed, amount_usd=Decimal(amount), expires_in_seconds=86_400)
        for amount in ("25", "24.999999", "55", "55.000001")
    ]

    simulation.simulate(sandboxed, checkout.id, outcome)

    assert [payments_of(each) for each in others] == [[]] * 4
    assert [reload(each).status for each in others] == ["pending"] * 4


def test_the_other_token_is_refused_where_it_would_pay_another_checkout(
    sandboxed: Caller,
) -> None:
    checkout = a_shared_checkout(sandboxed)
    wallet = checkout.deposit_address.wallet
    in_usdt = a_method(sandboxed, token="USDT", wallet=wallet)
    other = a_checkout(sandboxed, token="USDT", payment_method_id=in_usdt.id)

    with pytest.raises(BillingError) as refused:
        simulation.simulate(sandboxed, checkout.id, "wrong_token")

    assert refused.value.code == "outcome_not_possible"
    assert other.id in refused.value.message
    assert (reload(checkout).status, Payment.objects.count()) == ("pending", 0)


def test_a_tolerance_does_not_make_too_little_enough(sandboxed: Caller) -> None:
    method = a_method(
        sandboxed, tolerance_usd=Decimal(40), min_amount_usd=Decimal(45), is_default=True
    )
    checkout = a_checkout(sandboxed, payment_method_id=method.id)

    assert simulation.simulate(sandboxed, checkout.id, "underpaid").status == "expired"
    assert payments_of(checkout) == [("on_time", 9_989_999, True)]


def test_more_confirmations_than_the_network_s_are_waited_for(sandboxed: Caller) -> None:
    method = a_method(sandboxed, required_confirmations=150)

    paid = simulation.simulate(sandboxed, a_checkout(sandboxed, payment_method_id=method.id).id)

    assert (paid.status, paid.required_confirmations) == ("confirmed", 150)
    assert paid.confirmations is not None and paid.confirmations >= 150
