"""A subscription in each stage that its page knows, brought there as customers and time do."""

from collections.abc import Callable
from typing import Any

from billing.callers import Caller
from subscriptions import services
from subscriptions.hosted.standing import Stage
from subscriptions.models import Subscription
from tests.subscriptions.making import a_plan, pass_time, pay, reload, subscribed

URL = "/subscription/"


def path_of(subscription: Subscription) -> str:
    return f"{URL}{subscription.page_token}"


def in_stage(caller: Caller, stage: Stage, **plan: Any) -> Subscription:
    """A new customer's subscription in this stage, to a plan of its own. Sandbox time may pass."""
    return reload(_STAGES[stage](caller, plan))


def with_history(caller: Caller, subscription: Subscription, count: int) -> None:
    """Pause and resume it so often that so many renewals of it were called off."""
    for _ in range(count):
        services.pause(caller, subscription.id)
        services.resume(caller, subscription.id)


def _trialing(caller: Caller, plan: dict[str, Any]) -> Subscription:
    return subscribed(caller, a_plan(caller, trial_days=14, **plan))


def _due(caller: Caller, plan: dict[str, Any]) -> Subscription:
    return subscribed(caller, a_plan(caller, **plan))


def _active(caller: Caller, plan: dict[str, Any]) -> Subscription:
    subscription = _due(caller, plan)
    pay(caller, subscription)
    return subscription


def _ending(caller: Caller, plan: dict[str, Any]) -> Subscription:
    return services.cancel(caller, _active(caller, plan).id)


def _past_due(caller: Caller, plan: dict[str, Any]) -> Subscription:
    subscription = _due(caller, plan)
    pass_time(caller, days=3.1)
    return subscription


def _paused(caller: Caller, plan: dict[str, Any]) -> Subscription:
    return services.pause(caller, _due(caller, plan).id)


def _canceled(caller: Caller, plan: dict[str, Any]) -> Subscription:
    return services.cancel_immediately(caller, _active(caller, plan).id)


def _over(caller: Caller, plan: dict[str, Any]) -> Subscription:
    return services.cancel_immediately(caller, _due(caller, plan).id)


def _unpaid(caller: Caller, plan: dict[str, Any]) -> Subscription:
    subscription = _due(caller, plan)
    pass_time(caller, days=10.5)
    return subscription


def _expired(caller: Caller, plan: dict[str, Any]) -> Subscription:
    subscription = _over(caller, plan)
    pass_time(caller, days=7.5)
    return subscription


_STAGES: dict[Stage, Callable[[Caller, dict[str, Any]], Subscription]] = {
    Stage.TRIALING: _trialing,
    Stage.DUE: _due,
    Stage.ACTIVE: _active,
    Stage.ENDING: _ending,
    Stage.PAST_DUE: _past_due,
    Stage.PAUSED: _paused,
    Stage.CANCELED: _canceled,
    Stage.OVER: _over,
    Stage.UNPAID: _unpaid,
    Stage.EXPIRED: _expired,
}
