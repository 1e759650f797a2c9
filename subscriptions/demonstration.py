"""What the demonstration tells of subscriptions: a roastery's regulars, in most of their states."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from billing.callers import Caller
from billing.chains import Chain, Token
from checkouts import simulation
from customers import services as customers
from customers.models import Customer
from organizations.demonstration.cast import Cast
from revenue import adjusting
from subscriptions import entitlements, plans, renewing, services
from subscriptions.models import Plan, Subscription

MARK = "demo"  # the metadata by which what was told is found again
Ending = Callable[[Caller, Subscription], None]


@dataclass(frozen=True, slots=True)
class Regular:
    """A customer with one subscription. `ending` takes it to where the story leaves it."""

    name: str
    email: str
    plan: str
    ending: Ending


def play(cast: Cast) -> None:
    """Offer the plans and tell every story, each in one transaction: whole or not at all."""
    offered = _offered(cast.admin)
    known = Customer.objects.visible_to(cast.admin)
    told = set(known.filter(metadata__has_key=MARK).values_list("email", flat=True))
    for regular in REGULARS:
        if regular.email not in told:
            with transaction.atomic():
                regular.ending(cast.admin, _subscribed(cast.admin, regular, offered))


@transaction.atomic
def _offered(admin: Caller) -> Mapping[str, Plan]:
    """The plans by name; made with what they open where they are not there yet."""
    found = {plan.name: plan for plan in Plan.objects.visible_to(admin)}
    if found:
        return found
    made = [plans.create(admin, each) for each in PLANS]
    for plan in made:
        for key, kind, value in OPENS[plan.name]:
            entitlements.create(admin, entitlements.NewEntitlement(plan.id, key, kind, value))
    return {plan.name: plan for plan in made}


def _subscribed(admin: Caller, regular: Regular, offered: Mapping[str, Plan]) -> Subscription:
    mark = {MARK: "regular"}
    customer = customers.create(
        admin, customers.NewCustomer(regular.email, regular.name, metadata=mark)
    )
    draft = services.NewSubscription(customer.id, offered[regular.plan].id)
    return services.create(admin, draft)


def _wait(admin: Caller, subscription: Subscription) -> None:
    """Nothing more: the first payment is asked for, or the trial runs."""


def _pay(admin: Caller, subscription: Subscription) -> None:
    renewal = subscription.renewals.get(closed_at=None)
    assert renewal.checkout_id is not None, "whoever has no trial is asked at once"
    simulation.simulate(admin, renewal.checkout_id)
    renewing.visit(subscription.id)


def _pay_and_leave(admin: Caller, subscription: Subscription) -> None:
    _pay(admin, subscription)
    services.cancel(admin, subscription.id)


def _pause(admin: Caller, subscription: Subscription) -> None:
    _pay(admin, subscription)
    services.pause(admin, subscription.id)


def _cancel(admin: Caller, subscription: Subscription) -> None:
    services.cancel_immediately(admin, subscription.id)


def _pay_and_take_back(admin: Caller, subscription: Subscription) -> None:
    _pay(admin, subscription)
    adjusting.create(
        admin,
        adjusting.NewAdjustment(
            type="refund",
            amount=Decimal("4.50"),
            reason="One bag arrived torn.",
            subscription_id=subscription.id,
        ),
    )


BEANS, OFFICE = "Beans every month", "Coffee for the office"
PLANS = (
    plans.NewPlan(
        name=BEANS,
        description="Two bags of what was roasted that week.",
        amount_usd=Decimal(18),
        interval="monthly",
        chain=Chain.BASE.value,
        token=Token.USDC.value,
    ),
    plans.NewPlan(
        name=OFFICE,
        description="Ten bags, and the machine looked after.",
        amount_usd=Decimal(240),
        interval="monthly",
        chain=Chain.TRON.value,
        token=Token.USDT.value,
        trial_days=14,
    ),
)
OPENS: Mapping[str, tuple[tuple[str, str, bool | Decimal | str], ...]] = {
    BEANS: (("bags", "numeric", Decimal(2)),),
    OFFICE: (("bags", "numeric", Decimal(10)), ("machine_service", "boolean", True)),
}
REGULARS = (
    Regular("Grace Lindqvist", "grace@example.com", BEANS, _pay),
    Regular("Tomás Rivera", "tomas@example.com", BEANS, _pay_and_take_back),
    Regular("Chiara Conti", "chiara@example.com", BEANS, _pay_and_leave),
    Regular("Yusuf Aydın", "yusuf@example.com", BEANS, _pause),
    Regular("Mei Tanaka", "mei@example.com", BEANS, _wait),
    Regular("Oluwaseun Ade", "seun@example.com", BEANS, _cancel),
    Regular("Atelier Nord", "office@atelier-nord.example", OFFICE, _wait),
)
