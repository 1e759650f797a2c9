"""Moves an organization's sandbox ahead in time: its clock, its chains, and what follows."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from billing.callers import Caller
from billing.chains import Chain, Environment
from billing.errors import InvalidRequest
from chainwatch import sandbox
from chainwatch.following import follow
from checkouts import expiring, recording, settling, unrecorded
from checkouts.models import Checkout
from organizations import clock
from subscriptions import renewing


def advance(caller: Caller, by: timedelta) -> timedelta:
    """Move the clock and the three simulated chains ahead, then make the passes that follow.

    Checkouts expire and payments are confirmed as the chains' time passes, renewals are made as
    the clock's does. Returns by how much the clock is ahead of the wall clock then.
    Raises `sandbox_only`, `insufficient_scope`, `too_far_ahead`.
    """
    caller.require_sandbox()
    with transaction.atomic():
        ahead = clock.advance(caller.organization_id, by)
        for chain in Chain:
            _advance_chain(caller.organization_id, chain, by)
    catch_up(caller.organization_id)
    return ahead


def advance_to(caller: Caller, moment: datetime) -> timedelta:
    """Move them ahead to a moment, which must be later than the sandbox's own time."""
    caller.require_sandbox()
    now = clock.now(caller.organization_id, Environment.SANDBOX)
    if moment <= now:
        raise InvalidRequest(
            f"This sandbox is at {now:%Y-%m-%dT%H:%M:%SZ} already. Its clock moves ahead only.",
            code="too_far_ahead",
            param="to",
        )
    return advance(caller, moment - now)


def catch_up(organization_id: str) -> None:
    """Make, for one sandbox, the passes that the beat makes for all."""
    for chain in Chain:
        if follow(chain, organization_id).found:
            follow(chain, organization_id)  # What one pass finds the next one calls final.
    news = unrecorded.news(since=timezone.now() - recording.NEWS_OF)
    recording.record_transfers([place for place in news if place[1] == organization_id])
    moving = [*expiring.deepened(), *expiring.over()]
    mine = Checkout.objects.filter(
        id__in=moving, organization_id=organization_id, environment=Environment.SANDBOX
    )
    settling.settle_checkouts(list(mine.order_by("id").values_list("id", flat=True)))
    renewing.renew(organization_id, Environment.SANDBOX.value)


def _advance_chain(organization_id: str, chain: Chain, by: timedelta) -> None:
    blocks = int(by.total_seconds()) // int(settings.SANDBOX_BLOCK_TIME_S)
    while blocks > 0:
        now = min(blocks, sandbox.MOST_BLOCKS_AT_ONCE)
        sandbox.advance(organization_id, chain, now)
        blocks -= now
