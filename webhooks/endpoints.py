"""The acts on endpoints. Each locks the row and publishes its Event in its own transaction.

Every URL comes as a VettedUrl: the doors vet it before they call, since no name is resolved inside
a transaction. Rows are locked as NO KEY UPDATE, so that writing the deliveries of an endpoint
never waits for a change of it.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from billing.callers import Caller
from billing.errors import InvalidRequest, NotFound
from billing.private_keys import refuse_private_keys
from events.models import Event
from events.services import publish
from events.types import EventType
from webhooks import feeding
from webhooks.answers import endpoint_json
from webhooks.errors import LocalUrlFixed, RotationNotRunning, RotationRunning, WebhookDisabled
from webhooks.guard import VettedUrl
from webhooks.models import (
    Delivery,
    DeliveryStatus,
    DisabledBecause,
    Endpoint,
    EndpointStatus,
    Feed,
)
from webhooks.secrets import is_rotating, new_secret, sealed

logger = logging.getLogger(__name__)

EVERYTHING = "*"
OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """What a caller wants told, and where. `local_until` is the end of a local one, else None."""

    url: VettedUrl
    events: Sequence[str]
    description: str | None = None
    local_until: datetime | None = None


@transaction.atomic
def create(caller: Caller, draft: NewEndpoint) -> tuple[Endpoint, str]:
    """Register an endpoint and return it with its secret, which is shown this once.

    It is told what happens from now on. Publishes webhook.created, without the secret.
    """
    caller.require("webhooks:write")
    assert draft.url.environment == caller.environment, "vetted for another environment"
    assert draft.url.is_local == (draft.local_until is not None), "a local endpoint has an end"
    refuse_private_keys({"url": draft.url.url, "description": draft.description})
    secret = new_secret()
    endpoint = Endpoint.objects.create(
        organization_id=caller.organization_id,
        environment=caller.environment,
        url=draft.url.url,
        events=wanted(draft.events),
        description=draft.description,
        secret=sealed(secret),
        is_local=draft.url.is_local,
        expires_at=draft.local_until,
    )
    _told(caller, EventType.WEBHOOK_CREATED, endpoint)
    return endpoint, secret


def get(caller: Caller, webhook_id: str) -> Endpoint:
    """Return the caller's endpoint; NotFound for another's, a deleted one, or none."""
    endpoint = Endpoint.objects.visible_to(caller).filter(id=webhook_id, deleted_at=None).first()
    if endpoint is None:
        raise NotFound("webhook", webhook_id, param="webhook_id")
    return endpoint


@transaction.atomic
def update(caller: Caller, webhook_id: str, changes: Mapping[str, Any]) -> Endpoint:
    """Change what `changes` names, the fields first, then the status; all or nothing.

    It has any of `url` (a VettedUrl), `events`, `description` and `status` (an EndpointStatus).
    Publishes webhook.updated where a field changed, and what enable or disable does.
    """
    caller.require("webhooks:write")
    endpoint = _locked(caller, webhook_id)
    _change_fields(caller, endpoint, changes)
    status = changes.get("status", endpoint.status)
    if status == EndpointStatus.ACTIVE:
        _enable(caller, endpoint)
    else:
        _disable(caller, endpoint, DisabledBecause.BY_HAND)
    return endpoint


@transaction.atomic
def enable(caller: Caller, webhook_id: str) -> Endpoint:
    """Tell an endpoint again: what it was owed goes on. An active one stays as it is.

    What happened while it was disabled is not owed; redelivering since a time makes it so.
    """
    caller.require("webhooks:write")
    endpoint = _locked(caller, webhook_id)
    _enable(caller, endpoint)
    return endpoint


@transaction.atomic
def disable(
    caller: Caller, webhook_id: str, because: DisabledBecause = DisabledBecause.BY_HAND
) -> Endpoint:
    """Tell an endpoint nothing until it is enabled. A disabled one keeps its first reason."""
    caller.require("webhooks:write")
    endpoint = _locked(caller, webhook_id)
    _disable(caller, endpoint, because)
    return endpoint


@transaction.atomic
def delete(caller: Caller, webhook_id: str) -> Endpoint:
    """End an endpoint: it is seen nowhere any more, and what it was owed is canceled.

    The tenant's feed is locked first: a pass of it that had seen the endpoint before would owe it
    deliveries that nobody cancels.
    """
    caller.require("webhooks:write")
    feeding.begin(caller.organization_id, caller.environment)
    Feed.objects.select_for_update().get(
        organization_id=caller.organization_id, environment=caller.environment
    )
    endpoint = _locked(caller, webhook_id)
    endpoint.deleted_at = now = timezone.now()
    endpoint.save(update_fields=["deleted_at", "updated_at"])
    Delivery.objects.filter(endpoint=endpoint, status=DeliveryStatus.PENDING).update(
        status=DeliveryStatus.CANCELED, next_attempt_at=None, updated_at=now
    )
    _told(caller, EventType.WEBHOOK_DELETED, endpoint)
    return endpoint


@transaction.atomic
def rotate(
    caller: Caller, webhook_id: str, *, overlap: timedelta = OVERLAP, replace: bool = False
) -> tuple[Endpoint, str]:
    """Give an endpoint a new secret and return it, shown this once; the old one goes on signing.

    Both sign until the switch is confirmed or the overlap ends; zero ends the old one at once.
    While a rotation runs another raises RotationRunning. With `replace` its new secret is dropped
    for a newer one, as where its answer was lost: the old secret is what the receiver knows.
    Publishes webhook.rotated, without the secret.
    """
    caller.require("webhooks:write")
    assert timedelta(0) <= overlap <= LONGEST_OVERLAP, overlap
    endpoint, now = _locked(caller, webhook_id), timezone.now()
    runs = is_rotating(endpoint, now)
    if runs and not replace:
        raise RotationRunning(endpoint)
    old, secret = endpoint.previous_secret if runs else endpoint.secret, new_secret()
    endpoint.secret = sealed(secret)
    endpoint.previous_secret, endpoint.previous_until = (
        (old, now + overlap) if overlap else (None, None)
    )
    _save_secrets(endpoint)
    _told(caller, EventType.WEBHOOK_ROTATED, endpoint)
    return endpoint, secret


@transaction.atomic
def confirm(caller: Caller, webhook_id: str) -> Endpoint:
    """End the overlap: from now on the new secret signs alone.

    Publishes webhook.rotation_confirmed. Raises RotationNotRunning where only one signs already.
    """
    caller.require("webhooks:write")
    endpoint = _locked(caller, webhook_id)
    if not is_rotating(endpoint, timezone.now()):
        raise RotationNotRunning(endpoint)
    endpoint.previous_secret = endpoint.previous_until = None
    _save_secrets(endpoint)
    _told(caller, EventType.WEBHOOK_ROTATION_CONFIRMED, endpoint)
    return endpoint


@transaction.atomic
def send_test(caller: Caller, webhook_id: str) -> Event:
    """Publish a webhook.test that goes to this endpoint alone, whatever events it wants.

    Raises WebhookDisabled: to a disabled endpoint nothing is sent.
    """
    caller.require("webhooks:write")
    endpoint = _locked(caller, webhook_id)
    if endpoint.status != EndpointStatus.ACTIVE:
        raise WebhookDisabled(endpoint)
    return _told(caller, EventType.WEBHOOK_TEST, endpoint)


def wanted(events: Sequence[str]) -> list[str]:
    """The types of events as they are kept: each once, in the order they were named, or `*` alone.

    Raises InvalidRequest for an unknown one and names it.
    """
    named = list(dict.fromkeys(events))
    if not named:
        raise InvalidRequest('Name at least one type of event, or "*".', param="events")
    unknown = [word for word in named if word != EVERYTHING and word not in EventType.values]
    if unknown:
        raise InvalidRequest(
            f"No such event type: {', '.join(unknown)}. There are: *, "
            f"{', '.join(EventType.values)}.",
            param="events",
        )
    if EVERYTHING in named and len(named) > 1:
        raise InvalidRequest(
            '"*" is every event and stands alone. Leave out the others, or it.', param="events"
        )
    return named


def _change_fields(caller: Caller, endpoint: Endpoint, changes: Mapping[str, Any]) -> None:
    given: dict[str, Any] = {}
    if "url" in changes:
        given["url"] = changes["url"].url
    if "events" in changes:
        given["events"] = wanted(changes["events"])
    if "description" in changes:
        given["description"] = changes["description"]
    refuse_private_keys(given)
    if endpoint.is_local and given.get("url", endpoint.url) != endpoint.url:
        raise LocalUrlFixed(endpoint)
    changed = [name for name, value in given.items() if value != getattr(endpoint, name)]
    if not changed:
        return
    for name in changed:
        setattr(endpoint, name, given[name])
    if "url" in changed:
        endpoint.failing_since = None  # The failures were the other address's.
    endpoint.save(update_fields=[*changed, "failing_since", "updated_at"])
    _told(caller, EventType.WEBHOOK_UPDATED, endpoint)


def _enable(caller: Caller, endpoint: Endpoint) -> None:
    if endpoint.status == EndpointStatus.ACTIVE:
        return
    endpoint.status = EndpointStatus.ACTIVE
    endpoint.disabled_at = endpoint.owners_told_at = None
    endpoint.disabled_because = ""
    endpoint.failing_since = None  # It has three days again, from its next failure.
    _save_status(endpoint)
    _told(caller, EventType.WEBHOOK_ENABLED, endpoint)


def _disable(caller: Caller, endpoint: Endpoint, because: DisabledBecause) -> None:
    if endpoint.status == EndpointStatus.DISABLED:
        return
    endpoint.status = EndpointStatus.DISABLED
    endpoint.disabled_at = timezone.now()
    endpoint.disabled_because = because
    _save_status(endpoint)
    _told(caller, EventType.WEBHOOK_DISABLED, endpoint)


def _save_status(endpoint: Endpoint) -> None:
    endpoint.save(
        update_fields=[
            "status",
            "disabled_at",
            "disabled_because",
            "owners_told_at",
            "failing_since",
            "updated_at",
        ]
    )


def _save_secrets(endpoint: Endpoint) -> None:
    endpoint.save(update_fields=["secret", "previous_secret", "previous_until", "updated_at"])


def _told(caller: Caller, type_: EventType, endpoint: Endpoint) -> Event:
    event = publish(caller, type_, endpoint.id, endpoint_json(endpoint))
    logger.info("%s webhook=%s actor=%s", type_.value, endpoint.id, caller.actor_id)
    return event


def _locked(caller: Caller, webhook_id: str) -> Endpoint:
    endpoints = Endpoint.objects.visible_to(caller).select_for_update(no_key=True)
    endpoint = endpoints.filter(id=webhook_id, deleted_at=None).first()
    if endpoint is None:
        raise NotFound("webhook", webhook_id, param="webhook_id")
    return endpoint
