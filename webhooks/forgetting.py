"""What is not kept for ever: deliveries that ended a month ago, and local endpoints of an hour.

Events stay. One whose delivery is forgotten can be redelivered like any other.
"""

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from billing.callers import system
from billing.chains import Environment
from billing.errors import NotFound
from webhooks import endpoints
from webhooks.models import Endpoint

KEPT_FOR = timedelta(days=30)
AT_ONCE = 5_000  # a statement; so that none comes near its time limit

# By endpoint, along its list: all that ended before then was also made before then.
_FORGET = """
WITH old AS (
    SELECT id FROM webhooks_delivery
    WHERE endpoint_id = %(endpoint)s AND created_at < %(before)s
        AND status <> 'pending' AND updated_at < %(before)s
    LIMIT %(most)s FOR UPDATE SKIP LOCKED
), log AS (
    DELETE FROM webhooks_attempt USING old WHERE delivery_id = old.id
)
DELETE FROM webhooks_delivery USING old WHERE webhooks_delivery.id = old.id
"""


def forget() -> int:
    """Delete the deliveries that ended 30 days ago, with their attempts; return how many.

    Local endpoints that have expired are deleted as `webhooks.endpoints` deletes any other.
    """
    _end_expired()
    before = timezone.now() - KEPT_FOR
    everyone = Endpoint.objects.order_by("id").values_list("id", flat=True)
    return sum(_forget_all(endpoint_id, before) for endpoint_id in everyone)


def _forget_all(endpoint_id: str, before: datetime) -> int:
    forgotten: int = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_FORGET, {"endpoint": endpoint_id, "before": before, "most": AT_ONCE})
            forgotten += cursor.rowcount
            if cursor.rowcount < AT_ONCE:
                return forgotten


def _end_expired() -> None:
    expired = Endpoint.objects.filter(deleted_at=None, expires_at__lte=timezone.now())
    for endpoint in expired.order_by("id"):
        caller = system(endpoint.organization_id, Environment(endpoint.environment))
        try:
            endpoints.delete(caller, endpoint.id)
        except NotFound:  # Its listener ended it at this very moment.
            continue
