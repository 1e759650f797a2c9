"""The buttons on subscriptions and renewals: what each says before it is done, and calls."""

from billing.acts import Act, Answers
from billing.callers import Caller
from billing.display import amount_words
from subscriptions import services
from subscriptions.admin.words import WRITE, day_in, in_zone, renewal_words
from subscriptions.models import Renewal, RenewalStatus, Status, Subscription
from subscriptions.states import OVER, RUNNING


def _cancel(caller: Caller, subscription_id: str, answers: Answers) -> None:
    services.cancel(caller, subscription_id)


def _cancel_immediately(caller: Caller, subscription_id: str, answers: Answers) -> None:
    services.cancel_immediately(caller, subscription_id)


def _pause(caller: Caller, subscription_id: str, answers: Answers) -> None:
    services.pause(caller, subscription_id)


def _resume(caller: Caller, subscription_id: str, answers: Answers) -> None:
    services.resume(caller, subscription_id)


def _retry(caller: Caller, renewal_id: str, answers: Answers) -> None:
    services.retry(caller, renewal_id)


def name_of(subscription: Subscription) -> str:
    """`Ann's subscription to Pro`, as sentences name it."""
    return f"the subscription of {subscription.customer} to {subscription.plan}"


def can_retry(renewal: Renewal) -> bool:
    """Whether the service would ask for it again, as far as its rows say."""
    return (
        renewal.status == RenewalStatus.FAILED
        and renewal.closed_at is None
        and renewal.has_attempts_left
        and renewal.subscription.status in RUNNING
    )


def _is_going(subscription: Subscription, caller: Caller) -> bool:
    return subscription.status not in OVER


def _can_end(subscription: Subscription, caller: Caller) -> bool:
    return subscription.status not in OVER and not subscription.cancel_at_period_end


SUBSCRIPTION_ACTS = (
    Act(
        "resume",
        "Resume",
        WRITE,
        _resume,
        asks=lambda each: f"Resume {name_of(each)}",
        done=lambda each: "It goes on, and its payment is asked for.",
        offered=lambda each, caller: each.status == Status.PAUSED,
        look="filled",
    ),
    Act(
        "pause",
        "Pause",
        WRITE,
        _pause,
        asks=lambda each: f"Pause {name_of(each)}",
        done=lambda each: "It is paused. Nobody is asked to pay until it is resumed.",
        offered=lambda each, caller: each.status in RUNNING,
    ),
    Act(
        "cancel",
        "Cancel at period end",
        WRITE,
        _cancel,
        asks=lambda each: f"Let {name_of(each)} end with its period",
        done=lambda each: (
            f"It ends on {day_in(each.current_period_end, each.time_zone)}, with its period."
        ),
        offered=_can_end,
        look="danger",
    ),
    Act(
        "cancel_immediately",
        "Cancel now",
        WRITE,
        _cancel_immediately,
        asks=lambda each: f"Cancel {name_of(each)} now",
        done=lambda each: "It is canceled.",
        offered=_is_going,
        look="danger",
    ),
)
RENEWAL_ACTS = (
    Act(
        "retry",
        "Retry",
        WRITE,
        _retry,
        asks=lambda each: f"Ask {each.subscription.customer} for {renewal_words(each)} again",
        done=lambda each: "It is asked for again, on a new page.",
        offered=lambda each, caller: can_retry(each),
        look="filled",
    ),
)


def follows(act: Act, subscription: Subscription) -> str:
    """What a person must know before an act on a subscription."""
    until = in_zone(subscription.current_period_end, subscription.time_zone)
    if act.name == "cancel":
        return (
            f"Nothing ends before {until}. Nobody is asked to pay for what comes after; a page "
            "that asks for that already is closed. This cannot be taken back."
        )
    if act.name == "cancel_immediately":
        return (
            "Nobody is asked to pay any more, and a page that asks is closed, unless a payment is "
            "on its way. A period that was paid stays open to its end; what was not paid closes "
            "now. This cannot be taken back."
        )
    if act.name == "pause":
        return (
            "Access ends now, also of what was paid. Nobody is asked to pay, and a page that asks "
            "is closed."
        )
    plan = subscription.plan
    price = amount_words(plan.amount_atomic, plan.token, plan.chain)
    return (
        f"A new period begins now, and {price} is asked for at once. Nothing is charged for the "
        "time between."
    )


def follows_retry(renewal: Renewal) -> str:
    """What a person must know before a retry."""
    left = renewal.max_attempts - renewal.attempt_count - 1
    more = f"{left} more can follow" if left else "it is the last one"
    return (
        f"A new page to pay on is made at once. It is attempt {renewal.attempt_count + 1} of "
        f"{renewal.max_attempts}, brought forward: {more}."
    )
