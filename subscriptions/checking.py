"""May this customer use this feature? One statement, since shops ask it on every page."""

from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from billing.callers import Caller
from subscriptions.entitlement_answers import check_json
from subscriptions.models import ValueType

# By `subscription_of_customer`, then one entitlement of each plan by its unique index. What counts:
# on trial and active; past due where the organization lets it; canceled until what was paid for is
# over, by the organization's own time. Paused and expired do not.
_OPENED = """
SELECT e.value_type, e.value_boolean, e.value_numeric, e.value_string, s.plan_id, s.id
  FROM subscriptions_subscription s
  JOIN subscriptions_entitlement e ON e.plan_id = s.plan_id AND e.feature_key = %(feature)s
  LEFT JOIN subscriptions_renewalsettings r
    ON r.organization_id = s.organization_id AND r.environment = s.environment
  LEFT JOIN organizations_sandboxclock c
    ON c.organization_id = s.organization_id AND s.environment = 'sandbox'
 WHERE s.customer_id = %(customer)s AND s.organization_id = %(organization)s
   AND s.environment = %(environment)s
   AND (s.status IN ('trialing', 'active')
        OR s.status = 'past_due' AND coalesce(r.past_due_keeps_access, true)
        OR s.status = 'canceled'
           AND s.current_period_end > statement_timestamp() + coalesce(c.ahead, interval '0'))
 ORDER BY s.created_at DESC, s.id DESC
"""


class Opened(NamedTuple):
    """What one subscription opens of the feature; exactly the value of its type is not None."""

    value_type: str
    value_boolean: bool | None
    value_numeric: Decimal | None
    value_string: str | None
    plan_id: str
    subscription_id: str


def check(caller: Caller, customer_id: str, feature_key: str) -> dict[str, Any]:
    """Return whether the customer may use the feature, and how far, as the API answers it.

    Whom nobody knows may not. One query.
    """
    caller.require("subscriptions:read")
    named = {
        "feature": feature_key,
        "customer": customer_id,
        "organization": caller.organization_id,
        "environment": caller.environment.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(_OPENED, named)
        best = best_of([Opened(*row) for row in cursor.fetchall()])
    return check_json(feature_key) if best is None else check_json(feature_key, **best._asdict())


def best_of(opened: list[Opened]) -> Opened | None:
    """Return the one that counts of several, given newest first; None where none opens it.

    A boolean that is false opens nothing. Of the others the newest says the type; of that type any
    true wins, the greatest number, the newest text.
    """
    opening = [each for each in opened if each.value_boolean is not False]
    if not opening:
        return None
    newest = opening[0]
    if newest.value_type != ValueType.NUMERIC:
        return newest
    numbers = [each for each in opening if each.value_type == ValueType.NUMERIC]
    return max(numbers, key=lambda each: each.value_numeric or Decimal(0))
