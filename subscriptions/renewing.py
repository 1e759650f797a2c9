"""The pass that renews: finds what is due, moves each subscription on by itself."""

import logging
from collections import Counter

from django.db import connection, transaction
from django.utils import timezone

from organizations import clock
from subscriptions import finding
from subscriptions.models import Subscription
from subscriptions.moving import move_on

logger = logging.getLogger(__name__)


def renew(organization_id: str | None = None, environment: str | None = None) -> dict[str, int]:
    """Take every step that is due, of all or of one organization; say how many of each.

    One that cannot be moved stays as it was and stops no other; the first such error is raised in
    the end, so that the job is seen to fail.
    """
    taken: Counter[str] = Counter()
    errors: list[Exception] = []
    for subscription_id in finding.due(timezone.now(), organization_id, environment):
        try:
            taken.update(visit(subscription_id))
        # Whatever it is: it is logged here and raised in the end, and until then the others go on.
        except Exception as error:
            if not connection.is_usable():
                raise
            logger.exception("could not be renewed subscription=%s", subscription_id)
            errors.append(error)
    if errors:
        raise errors[0]
    return dict(taken)


@transaction.atomic
def visit(subscription_id: str) -> Counter[str]:
    """Move one subscription on. Whoever holds its row does the same: then nothing is done here."""
    rows = Subscription.objects.select_for_update(skip_locked=True, of=("self",))
    rows = rows.select_related("plan", "customer", "payment_method")
    subscription = rows.filter(id=subscription_id).first()
    if subscription is None:
        return Counter()
    at = clock.now(subscription.organization_id, subscription.environment)
    return Counter({step.value: n for step, n in move_on(subscription, at=at).items()})
