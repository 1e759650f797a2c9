"""Whatever a step of the engine writes, it writes whole: killed before any statement, nothing.

Each step is killed before its first statement, then before its second, and so on until it is done.
After each death every table is as it was before; so no row is left that another pass would miss.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.utils import timezone

from billing.callers import Caller
from chainwatch import sandbox
from chainwatch.following import follow
from chainwatch.models import WatchedAddress
from checkouts.models import Checkout, Payment
from checkouts.recording import record_transfers
from checkouts.sandboxing import planned
from checkouts.simulation import simulate
from events.models import Event
from organizations.models import Organization
from revenue.models import RevenueEvent
from subscriptions import renewing, services
from subscriptions.models import Renewal, Subscription
from tests.checkouts.making import caller_of
from tests.subscriptions.making import a_customer, a_plan, reload, subscribed
from wallets.models import DepositAddress

pytestmark = pytest.mark.django_db(transaction=True)

TABLES: tuple[type[Model], ...] = (
    Checkout, DepositAddress, Event, Payment, Renewal, RevenueEvent, Subscription, WatchedAddress,
)  # fmt: skip
MOST_STATEMENTS = 200


class Killed(BaseException):
    """The process dies; nothing catches that."""


@pytest.fixture
def sandboxed(acme: Organization) -> Caller:
    return caller_of(acme)


def test_a_payment_is_booked_whole_or_not_at_all(sandboxed: Caller) -> None:
    subscribed(sandboxed)
    checkout, tx_hash = Checkout.objects.get(), f"0x{'ab' * 32}"
    where = (checkout.scope, checkout.chain, tx_hash, "")
    sandbox.broadcast(*where, transfers=planned(checkout, "pay"), at=timezone.now())
    sandbox.advance(checkout.scope, checkout.chain, 200)
    follow(checkout.chain, checkout.scope)

    die_everywhere(partial(record_transfers, [(checkout.chain, checkout.scope, tx_hash, "")]))
    assert Checkout.objects.get().status == "confirming"
    follow(checkout.chain, checkout.scope)  # Now the block is called final.
    die_everywhere(partial(record_transfers, [(checkout.chain, checkout.scope, tx_hash, "")]))

    assert Checkout.objects.get().status == "confirmed"
    (line,) = RevenueEvent.objects.all()
    assert (line.event_type, line.amount_atomic) == ("subscription_charged", 20_000_000)


def test_a_paid_period_is_the_customers_whole_or_not_at_all(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed, a_plan(sandboxed, interval="daily"))
    renewal = subscription.renewals.get()
    assert renewal.checkout_id is not None
    simulate(sandboxed, renewal.checkout_id)

    # The first is paid, and the second is made and asked for at once.
    die_everywhere(partial(renewing.visit, subscription.id))

    first, second = Renewal.objects.filter(subscription=subscription).order_by("period_start")
    assert (first.status, second.status) == ("paid", "checkout_created")
    assert reload(subscription).current_period_start == first.period_start


def test_a_failed_attempt_is_followed_whole_or_not_at_all(sandboxed: Caller) -> None:
    subscription = subscribed(sandboxed)
    checkout = Checkout.objects.get()
    checkout.expire(at=checkout.expires_at)
    checkout.save()

    die_everywhere(partial(renewing.visit, subscription.id))

    assert reload(subscription).status == "past_due"
    assert Renewal.objects.get().status == "failed"


@pytest.mark.parametrize("word", ["create", "cancel", "cancel_immediately", "pause", "resume"])
def test_an_act_is_done_whole_or_not_at_all(sandboxed: Caller, word: str) -> None:
    plan, customer = a_plan(sandboxed), a_customer(sandboxed)
    draft = services.NewSubscription(customer.id, plan.id)
    if word == "create":
        die_everywhere(partial(services.create, sandboxed, draft))
        assert Subscription.objects.get().status == "active"
        return
    subscription = services.create(sandboxed, draft)
    if word == "resume":
        services.pause(sandboxed, subscription.id)

    die_everywhere(partial(getattr(services, word), sandboxed, subscription.id))

    status = {"cancel": "active", "cancel_immediately": "canceled", "pause": "paused"}
    assert reload(subscription).status == status.get(word, "active")


def test_a_retry_is_made_whole_or_not_at_all(sandboxed: Caller) -> None:
    from checkouts import services as checkouts

    renewal = subscribed(sandboxed).renewals.get()
    assert renewal.checkout_id is not None
    checkouts.fail(sandboxed, renewal.checkout_id, "the customer asked for another time")

    die_everywhere(partial(services.retry, sandboxed, renewal.id))

    renewal.refresh_from_db(fields=["attempt_count"])
    assert renewal.attempt_count == 2


def die_everywhere(act: Callable[[], object]) -> None:
    """Do it, after it was killed before each of its statements."""
    before = everything()
    for deaths in range(MOST_STATEMENTS):
        try:
            with connection.execute_wrapper(_dying_before(deaths)):
                act()
        except Killed:
            assert everything() == before, f"killed before statement {deaths + 1}"
        else:
            assert deaths > 5, "it wrote something"
            return
    raise AssertionError(f"more than {MOST_STATEMENTS} statements")


def everything() -> dict[str, list[dict[str, Any]]]:
    return {
        model.__name__: list(model._default_manager.order_by("pk").values()) for model in TABLES
    }


def _dying_before(statement: int) -> Callable[..., Any]:
    left: Iterator[int] = iter(range(statement))

    def execute(run: Callable[..., Any], *arguments: Any) -> Any:
        if next(left, None) is None:
            raise Killed
        return run(*arguments)

    return execute
