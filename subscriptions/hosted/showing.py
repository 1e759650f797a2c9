"""A subscription as its page shows it: every value ready, so that the template only places them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from checkouts.hosted import writing
from checkouts.hosted.showing import Figure, figure
from checkouts.hosted.wording import Said, token_on_network
from subscriptions.hosted import wording
from subscriptions.hosted.dates import day, span
from subscriptions.hosted.standing import Asked, Stage, Standing, standing_of
from subscriptions.models import Plan, Renewal, RenewalSettings, RenewalStatus, Subscription

MOST_SHOWN = 24  # payments, newest first
PageOf = Callable[[str], str]  # the URL of a checkout's page, by its id

# What the state's colour and picture are, as on the page of a checkout.
_LOOKS: dict[Stage, tuple[str, str]] = {
    Stage.TRIALING: ("good", "good"),
    Stage.DUE: ("wait", "hold"),
    Stage.ACTIVE: ("good", "good"),
    Stage.ENDING: ("wait", "hold"),
    Stage.PAST_DUE: ("bad", "bad"),
    Stage.PAUSED: ("hold", "hold"),
    Stage.CANCELED: ("wait", "hold"),
    Stage.OVER: ("closed", "closed"),
    Stage.UNPAID: ("closed", "closed"),
    Stage.EXPIRED: ("closed", "closed"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One renewal in the list. `url` leads to the checkout that was paid, empty for others."""

    period: str
    amount: str
    state: str
    tone: str
    url: str


@dataclass(frozen=True, slots=True)
class Shown:
    """All that the page of one subscription shows. What does not apply is empty."""

    plan: str
    description: str
    figure: Figure
    every: str
    chain: str
    token_on_network: str
    stage: Stage
    tone: str
    shape: str
    said: Said
    notes: tuple[str, ...]
    payment: str
    pay_url: str  # where the open renewal is paid
    see_url: str  # where the payment is seen that is being confirmed
    is_trial: bool
    period: str
    next_payment: str
    zone: str
    lines: tuple[Line, ...]
    older: str
    may_cancel: bool
    contact_to_cancel: str


def stands(subscription: Subscription, at: datetime) -> tuple[Standing, list[Renewal]]:
    """Return how it stands, and its newest renewals with one more than are shown: two queries."""
    newest_first = subscription.renewals.order_by("-period_start", "-id")
    renewals = list(newest_first[: MOST_SHOWN + 1])
    return standing_of(subscription, renewals, at), renewals


def shown(
    subscription: Subscription,
    settings: RenewalSettings,
    merchant: str,
    at: datetime,
    *,
    page_of: PageOf,
) -> Shown:
    """Gather what the page shows. Its plan must be loaded."""
    standing, renewals = stands(subscription, at)
    plan, zone = subscription.plan, subscription.time_zone
    tone, shape = _LOOKS[standing.stage]
    checkout_url = page_of(standing.checkout_id) if standing.checkout_id else ""
    is_open = not standing.is_over and not standing.is_ending
    return Shown(
        plan=plan.name,
        description=plan.description or "",
        figure=figure(plan.amount_atomic, plan.token, plan.chain),
        every=wording.every(plan),
        chain=plan.chain,
        token_on_network=token_on_network(plan.token, plan.chain),
        stage=standing.stage,
        tone=tone,
        shape=shape,
        said=wording.said_of(subscription, standing, merchant),
        notes=tuple(wording.notes_of(standing, zone)),
        payment=wording.payment_said(subscription, standing, merchant),
        pay_url=checkout_url if standing.asked == Asked.NOW else "",
        see_url=checkout_url if standing.asked == Asked.COMING else "",
        is_trial=standing.stage == Stage.TRIALING,
        period=_period(subscription, standing, at),
        next_payment=_next_payment(subscription, standing),
        zone=wording.zone_named(zone),
        lines=tuple(
            _line(each, plan, standing.asked, zone, page_of) for each in renewals[:MOST_SHOWN]
        ),
        older=wording.older_ones(merchant) if len(renewals) > MOST_SHOWN else "",
        may_cancel=is_open and settings.customer_may_cancel,
        contact_to_cancel=wording.contact_to_cancel(merchant)
        if is_open and not settings.customer_may_cancel
        else "",
    )


def _period(subscription: Subscription, standing: Standing, at: datetime) -> str:
    """The period that it is in; empty where it is in none: paused, or over."""
    zone = subscription.time_zone
    start, renewal = subscription.current_period_start, standing.renewal
    if standing.stage == Stage.TRIALING:
        # Where the first period was paid ahead, the row tells of that one already.
        return span(start, standing.until, zone) if start < standing.until else ""
    if renewal is not None and standing.stage in (Stage.DUE, Stage.PAST_DUE):
        return span(renewal.period_start, renewal.period_end, zone)
    if standing.stage == Stage.PAUSED or subscription.current_period_end <= at:
        return ""
    return span(start, subscription.current_period_end, zone)


def _next_payment(subscription: Subscription, standing: Standing) -> str:
    """What is asked for next and when it is due; empty where nothing is, or where that is over."""
    renewal, plan, zone = standing.renewal, subscription.plan, subscription.time_zone
    if standing.is_over or standing.stage in (Stage.DUE, Stage.PAST_DUE, Stage.PAUSED):
        return ""
    if standing.asked == Asked.COMING:
        return ""
    if renewal is not None:
        due_on = day(renewal.period_start, zone)
        return wording.amount_on(renewal.amount_atomic, plan, due_on)
    if standing.is_ending:
        return ""
    return wording.amount_on(plan.amount_atomic, plan, day(subscription.current_period_end, zone))


def _line(renewal: Renewal, plan: Plan, asked: Asked, zone: str, page_of: PageOf) -> Line:
    is_paid = renewal.status == RenewalStatus.PAID
    return Line(
        period=span(renewal.period_start, renewal.period_end, zone),
        amount=writing.amount(renewal.amount_atomic, renewal.token, renewal.chain),
        state=wording.renewal_is(renewal, asked, zone),
        tone="good" if is_paid else "open" if renewal.closed_at is None else "closed",
        url=page_of(renewal.checkout_id) if is_paid and renewal.checkout_id else "",
    )
