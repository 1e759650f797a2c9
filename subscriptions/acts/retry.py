"""Retry: the next attempt of a failed renewal, now."""

import logging

from django.db import transaction

from billing.callers import Caller
from billing.errors import NotFound
from organizations import clock
from subscriptions import asking
from subscriptions.acts.locking import locked
from subscriptions.errors import RenewalNotFailed
from subscriptions.models import Renewal, RenewalStatus, Subscription
from subscriptions.moving import move_on, open_renewal
from subscriptions.renewal_settings import settings_of

logger = logging.getLogger(__name__)


@transaction.atomic
def retry(caller: Caller, renewal_id: str) -> Renewal:
    """Ask for a failed renewal again, with a new checkout, and publish subscription.renewal_due.

    It is the next attempt of its schedule brought forward, so there are never more than that has.
    Raises NotFound, RenewalNotFailed, and whatever making a checkout is refused for.
    """
    caller.require("subscriptions:write")
    named = Renewal.objects.visible_to(caller).filter(id=renewal_id).first()
    if named is None:
        raise NotFound("renewal", renewal_id, param="id")
    subscription = locked(caller, named.subscription_id)
    at = clock.now(subscription.organization_id, subscription.environment)
    move_on(subscription, at=at)  # It may have failed, or been paid, a moment ago.
    renewal = _failed(subscription, renewal_id)
    settings = settings_of(subscription.organization_id, subscription.environment)
    asking.ask(subscription, renewal, settings, at=at)
    move_on(subscription, at=at)
    logger.info("renewal retried renewal=%s actor=%s", renewal.id, caller.actor_id)
    return renewal


def _failed(subscription: Subscription, renewal_id: str) -> Renewal:
    """The open renewal, if it is this one and can be asked for again."""
    renewal = open_renewal(subscription)
    if (
        renewal is None
        or renewal.id != renewal_id
        or renewal.status != RenewalStatus.FAILED
        or not renewal.has_attempts_left
        or not subscription.is_running
    ):
        raise RenewalNotFailed(Renewal.objects.get(id=renewal_id))
    return renewal
