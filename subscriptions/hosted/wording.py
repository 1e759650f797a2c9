"""What the customer's page says, in the language that is active: what is so, then what to do.

Sentences that hold something from outside stand here, the labels in the templates.
"""

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext, ngettext

from checkouts.hosted.wording import Said
from checkouts.hosted.writing import amount, isolated, ltr
from subscriptions.hosted.dates import day, day_and_time, span
from subscriptions.hosted.standing import Asked, Stage, Standing
from subscriptions.models import Interval, Plan, Renewal, RenewalStatus, Subscription


def every(plan: Plan) -> str:
    """`every month`, `every 3 months`."""
    count, interval = plan.interval_count, Interval(plan.interval)
    if count == 1:
        return gettext(_EVERY[interval])
    words = {
        Interval.DAILY: ngettext("every %(count)s day", "every %(count)s days", count),
        Interval.WEEKLY: ngettext("every %(count)s week", "every %(count)s weeks", count),
        Interval.MONTHLY: ngettext("every %(count)s month", "every %(count)s months", count),
        Interval.YEARLY: ngettext("every %(count)s year", "every %(count)s years", count),
    }
    return words[interval] % {"count": ltr(str(count))}


def said_of(subscription: Subscription, standing: Standing, merchant: str) -> Said:
    """The stage's heading, and one sentence or two of what to do."""
    heading, text = _STAGES[standing.stage]
    values = _values(subscription, standing, merchant)
    return Said(gettext(heading) % values, gettext(text) % values)


def notes_of(standing: Standing, zone: str) -> Iterator[str]:
    """What else is so, a sentence each."""
    if standing.is_ending and standing.stage in (Stage.DUE, Stage.PAST_DUE, Stage.PAUSED):
        yield gettext("It was canceled, and ends on %(until)s.") % {
            "until": day(standing.until, zone)
        }


def payment_said(subscription: Subscription, standing: Standing, merchant: str) -> str:
    """What the customer can do about the payment that is open; empty where there is none."""
    renewal, text = standing.renewal, _PAYMENTS.get(standing.asked)
    if renewal is None or text is None:
        return ""
    return gettext(text) % _payment_values(renewal, subscription.time_zone, merchant)


def cancel_said(subscription: Subscription, standing: Standing) -> Said:
    """What is asked before a cancel, and what it would do."""
    text = _("You can use it until %(until)s. Then it ends, and nothing more is asked for.")
    if standing.ends_at_once:
        text = _("It ends at once, and nothing more is asked for.")
    elif standing.stage == Stage.PAUSED:
        text = _("It stays paused until %(until)s. Then it ends, and nothing more is asked for.")
    values = {
        "plan": isolated(subscription.plan.name),
        "until": day(subscription.current_period_end, subscription.time_zone),
    }
    return Said(gettext("Cancel %(plan)s?") % values, gettext(text) % values)


def cancel_notes(subscription: Subscription, standing: Standing, merchant: str) -> Iterator[str]:
    """What a cancel does to the payment that is open, and that it stands."""
    if standing.asked == Asked.COMING:
        yield payment_said(subscription, standing, merchant)
    elif standing.keeps_payment:
        yield gettext("The payment of the current period is still to be made.")
    elif standing.asked == Asked.NOW:
        yield gettext(
            "The payment that is open is called off: do not send anything to its address any more."
        )
    yield gettext("This cannot be undone. To have it again you would subscribe anew.")


def done_before(subscription: Subscription, standing: Standing, merchant: str) -> Said:
    """What a second cancel is told: nothing changed, and how it stands."""
    if standing.is_ending and standing.stage != Stage.ENDING and not standing.is_over:
        text = next(notes_of(standing, subscription.time_zone), "")
    else:
        text = said_of(subscription, standing, merchant).text
    return Said(gettext("It was canceled before"), text)


def not_offered(merchant: str) -> Said:
    """Why there is no button, and whom to ask."""
    return Said(gettext("It cannot be canceled here"), contact_to_cancel(merchant))


def contact_to_cancel(merchant: str) -> str:
    return gettext("To cancel, contact %(merchant)s.") % {"merchant": isolated(merchant)}


def amount_on(amount_atomic: int, plan: Plan, on: str) -> str:
    """`20.00 USDC on 22 December 2026`."""
    return gettext("%(amount)s on %(day)s") % {
        "amount": amount(amount_atomic, plan.token, plan.chain),
        "day": on,
    }


def zone_named(zone: str) -> str:
    return gettext("Days and times are in the time zone %(zone)s.") % {"zone": ltr(zone)}


def renewal_is(renewal: Renewal, asked: Asked, zone: str) -> str:
    """A renewal's state in a word or two. `asked` is of the open one."""
    if renewal.closed_at is None:
        return gettext(_OPEN[asked])
    if renewal.status == RenewalStatus.PAID:
        assert renewal.paid_at is not None, "a constraint of the table"
        return gettext("Paid on %(day)s") % {"day": day(renewal.paid_at, zone)}
    is_skipped = renewal.status == RenewalStatus.SKIPPED
    return gettext("Called off") if is_skipped else gettext("Not paid")


def older_ones(merchant: str) -> str:
    return gettext("Older payments are not shown here. Ask %(merchant)s for them.") % {
        "merchant": isolated(merchant)
    }


def _values(subscription: Subscription, standing: Standing, merchant: str) -> Mapping[str, str]:
    plan, zone = subscription.plan, subscription.time_zone
    start = standing.renewal.period_start if standing.renewal else subscription.current_period_start
    return {
        "merchant": isolated(merchant),
        "amount": amount(plan.amount_atomic, plan.token, plan.chain),
        "every": every(plan),
        "start": day(start, zone),
        "until": day(standing.until, zone),
    }


def _payment_values(renewal: Renewal, zone: str, merchant: str) -> Mapping[str, str]:
    opens_at, closes_at = renewal.next_attempt_at, renewal.closes_at
    return {
        "merchant": isolated(merchant),
        "amount": amount(renewal.amount_atomic, renewal.token, renewal.chain),
        "period": span(renewal.period_start, renewal.period_end, zone),
        "until": day(renewal.period_end, zone),
        "by": day_and_time(closes_at, zone) if closes_at else "",
        "from": day_and_time(opens_at, zone) if opens_at else "",
    }


def _(text: str) -> str:
    """Mark a text for the translators; it is translated when it is said."""
    return text


_EVERY: dict[Interval, str] = {
    Interval.DAILY: _("every day"),
    Interval.WEEKLY: _("every week"),
    Interval.MONTHLY: _("every month"),
    Interval.YEARLY: _("every year"),
}
_OPEN: dict[Asked, str] = {
    Asked.NOW: _("To be paid"),
    Asked.COMING: _("Being confirmed"),
    Asked.LATER: _("Not paid yet"),
    Asked.SOON: _("Not paid yet"),
}
_PAYMENTS: dict[Asked, str] = {
    Asked.NOW: _("%(amount)s for %(period)s. Please pay by %(by)s."),
    Asked.COMING: _(
        "A payment for %(period)s has arrived and is being confirmed. Do not pay again: once it is "
        "confirmed, everything is paid until %(until)s."
    ),
    Asked.LATER: _("%(amount)s for %(period)s. You can pay again from %(from)s on."),
    Asked.SOON: _(
        "%(amount)s for %(period)s cannot be paid at this moment. Nothing is lost: come back in an "
        "hour, or contact %(merchant)s."
    ),
}
_STAGES: dict[Stage, tuple[str, str]] = {
    Stage.TRIALING: (
        _("Free trial"),
        _("It costs nothing until %(until)s. From then on it is %(amount)s %(every)s."),
    ),
    Stage.DUE: (
        _("Waiting for your payment"),
        _("The period that began on %(start)s is not paid yet."),
    ),
    Stage.ACTIVE: (_("Active"), _("It is paid until %(until)s.")),
    Stage.ENDING: (
        _("Canceled"),
        _("You can use it until %(until)s. It is not renewed, and nothing more is to be paid."),
    ),
    Stage.PAST_DUE: (
        _("Payment overdue"),
        _("A payment did not come in time. Without it your subscription ends."),
    ),
    Stage.PAUSED: (
        _("Paused"),
        _("Nothing is to be paid meanwhile. To go on, contact %(merchant)s."),
    ),
    Stage.CANCELED: (
        _("Canceled"),
        _("You can use it until %(until)s. It is not renewed, and nothing more is to be paid."),
    ),
    Stage.OVER: (
        _("Canceled"),
        _("It ended on %(until)s, and nothing more is to be paid."),
    ),
    Stage.UNPAID: (
        _("Ended: a payment did not come"),
        _("It ended on %(until)s. To have it again, contact %(merchant)s."),
    ),
    Stage.EXPIRED: (
        _("Ended"),
        _("It ended on %(until)s. To have it again, contact %(merchant)s."),
    ),
}
