"""Which subscriptions have something due: by time, or since a checkout of theirs closed."""

from datetime import datetime

from django.db import connection

from checkouts.models import Status as CheckoutStatus

# By `subscription_wakes`; no sandbox is ever behind the wall clock, so whatever is due by that is
# due. Then, by `subscription_wakes_in_sandbox`, those of sandboxes that were moved ahead. Then the
# open renewals, few at any time, by `renewal_open`: those with a checkout that is confirmed, and
# those whose newest one closed.
_DUE = """
SELECT id FROM subscriptions_subscription
 WHERE wakes_at <= %(now)s AND (%(organization)s::text IS NULL
       OR organization_id = %(organization)s AND environment = %(environment)s)
UNION
SELECT s.id FROM organizations_sandboxclock c
  JOIN subscriptions_subscription s
    ON s.organization_id = c.organization_id AND s.environment = 'sandbox'
   AND s.wakes_at <= %(now)s + c.ahead
 WHERE c.ahead > interval '0' AND (%(organization)s::text IS NULL
       OR c.organization_id = %(organization)s AND 'sandbox' = %(environment)s)
UNION
SELECT r.subscription_id FROM subscriptions_renewal r
 WHERE r.closed_at IS NULL AND r.status IN ('checkout_created', 'failed')
   AND (%(organization)s::text IS NULL
        OR r.organization_id = %(organization)s AND r.environment = %(environment)s)
   AND (EXISTS (SELECT FROM checkouts_checkout c
                 WHERE c.renewal_id = r.id AND c.status = 'confirmed')
        OR r.status = 'checkout_created'
           AND EXISTS (SELECT FROM checkouts_checkout c
                        WHERE c.id = r.checkout_id AND c.status = ANY (%(closed)s)))
 ORDER BY id
"""


def due(
    now: datetime, organization_id: str | None = None, environment: str | None = None
) -> list[str]:
    """Return the subscriptions for which something may be due: all, or one organization's.

    `now` is the wall clock's.
    """
    closed = [CheckoutStatus.EXPIRED.value, CheckoutStatus.FAILED.value]
    values = {
        "now": now,
        "organization": organization_id,
        "environment": environment,
        "closed": closed,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DUE, values)
        return [row[0] for row in cursor.fetchall()]
