"""How an organization renews: read with its defaults, changed by whoever administers it."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import available_timezones

from django.db import transaction

from billing.callers import Caller
from billing.errors import InvalidRequest
from billing.times import iso
from events.services import publish
from events.types import EventType
from organizations.roles import ADMINISTER_ORGANIZATION
from subscriptions.models import RenewalSettings, Subscription

MOST_ATTEMPTS = 10
LATEST_ATTEMPT_DAY = 90
_DAYS = {"ahead_days": (0, 30), "last_open_days": (1, 30), "grace_days": (0, 365)}
_YES_OR_NO = ("past_due_keeps_access", "customer_may_cancel", "emails_customers")


def settings_of(organization_id: str, environment: str) -> RenewalSettings:
    """Return the settings; the defaults, unsaved, where nobody changed any."""
    row = RenewalSettings.objects.filter(
        organization_id=organization_id, environment=environment
    ).first()
    return row or RenewalSettings(organization_id=organization_id, environment=environment)


def closes_after_days(settings: RenewalSettings) -> list[int]:
    """Return after how many days each attempt closes: when the next one opens."""
    days = list(settings.attempt_days)
    return [*days[1:], days[-1] + settings.last_open_days]


@transaction.atomic
def update(caller: Caller, **changes: Any) -> RenewalSettings:
    """Change what is given, and publish renewal_settings.updated where that changed something.

    For people who administer the organization. Renewals that were made keep their schedule, and
    subscriptions their time zone. Raises InvalidRequest with `param` where a value is not sensible.
    """
    caller.require(ADMINISTER_ORGANIZATION)
    for name, value in changes.items():
        _require(name, value)
    row, is_new = RenewalSettings.objects.select_for_update().get_or_create(
        organization_id=caller.organization_id, environment=caller.environment.value
    )
    before = settings_json(row)
    for name, value in changes.items():
        setattr(row, name, value)
    if is_new or settings_json(row) != before:
        row.save()
        _wake_all(row)
        publish(caller, EventType.RENEWAL_SETTINGS_UPDATED, row.id, settings_json(row))
    return row


def settings_json(row: RenewalSettings) -> dict[str, Any]:
    """Return the settings as their event tells them."""
    return {
        "id": row.id,
        "org_id": row.organization_id,
        "environment": row.environment,
        "ahead_days": row.ahead_days,
        "attempt_days": list(row.attempt_days),
        "last_open_days": row.last_open_days,
        "grace_days": row.grace_days,
        "past_due_keeps_access": row.past_due_keeps_access,
        "customer_may_cancel": row.customer_may_cancel,
        "emails_customers": row.emails_customers,
        "time_zone": row.time_zone,
        "created_at": iso(row.created_at),
    }


def _wake_all(row: RenewalSettings) -> None:
    """Let the next pass look at each again: days that were counted before may have changed."""
    Subscription.objects.filter(
        organization_id=row.organization_id,
        environment=row.environment,
        wakes_at__isnull=False,
    ).update(wakes_at=row.updated_at)


def _require(name: str, value: Any) -> None:
    if name in _DAYS:
        least, most = _DAYS[name]
        if type(value) is not int or not least <= value <= most:
            raise InvalidRequest(f"It takes {least} to {most} whole days.", param=name)
    elif name == "attempt_days":
        _require_attempts(value)
    elif name == "time_zone":
        if value not in available_timezones():
            raise InvalidRequest(
                "That is no time zone. Name one such as Europe/Berlin.", param=name
            )
    elif name in _YES_OR_NO:
        if not isinstance(value, bool):
            raise InvalidRequest("It is either true or false.", param=name)
    else:
        raise InvalidRequest(f"There is no setting {name}.", param=name)


def _require_attempts(days: Sequence[int]) -> None:
    is_rising = all(type(each) is int for each in days) and list(days) == sorted(set(days))
    if not is_rising or not 1 <= len(days) <= MOST_ATTEMPTS or days[0] != 0:
        raise InvalidRequest(
            f"Attempts are 1 to {MOST_ATTEMPTS} rising days, of which the first is 0.",
            param="attempt_days",
        )
    if days[-1] > LATEST_ATTEMPT_DAY:
        raise InvalidRequest(
            f"The last attempt opens {LATEST_ATTEMPT_DAY} days after the due one at the latest.",
            param="attempt_days",
        )
