"""Where a person stands in the admin: which organization, which environment, as what.

The session remembers the choice; every request proves it again against the person's memberships.
Who belongs where is known above this floor, so the one function that knows it is named by string.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone
from django.utils.module_loading import import_string

from billing.callers import Caller
from billing.chains import Chain, Environment, network
from billing.display import zone

# Of a person; and of a person, a Choice, an environment and the request's network address.
PLACES = "organizations.places.places_of"
CALLER = "organizations.places.caller_at"


@dataclass(frozen=True, slots=True)
class Choice:
    """An organization that a person may stand in, and as what. `role` is the word shown for it.

    `paused` says who stopped its payments and why, empty where they go on. `organization` is the
    row itself, which only the function behind CALLER understands.
    """

    organization_id: str
    name: str
    role: str
    time_zone: str
    organization: object = field(compare=False)
    paused: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where this request stands, and where else the person could go."""

    here: Choice
    environment: Environment
    choices: tuple[Choice, ...]
    caller: Caller

    @property
    def is_sandbox(self) -> bool:
        return self.environment == Environment.SANDBOX


def place_of(request: HttpRequest) -> Place | None:
    """Where the person stands; None for someone who belongs to no organization."""
    if not hasattr(request, "_place"):
        place = _find(request)
        if place is not None:
            timezone.activate(zone(place.here.time_zone))
        request._place = place  # type: ignore[attr-defined]  # kept for this request alone
    return cast("Place | None", request._place)  # type: ignore[attr-defined]  # set above


def caller_of(request: HttpRequest) -> Caller:
    """The Caller of this request's acts. Raises PermissionDenied (403) without a membership."""
    place = place_of(request)
    if place is None:
        raise PermissionDenied("You belong to no organization. Ask an admin of yours to add you.")
    return place.caller


def may(request: HttpRequest, scope: str) -> bool:
    """Whether the person, where they stand, has `scope`."""
    place = place_of(request)
    return place is not None and scope in place.caller.scopes


def switch(request: HttpRequest, organization_id: str, environment: str) -> bool:
    """Remember another place; False where it is none of the person's, and then nothing changes."""
    place = place_of(request)
    if place is None or environment not in Environment.values:
        return False
    if all(choice.organization_id != organization_id for choice in place.choices):
        return False
    request.session["organization_id"] = organization_id
    request.session["environment"] = environment
    return True


def _find(request: HttpRequest) -> Place | None:
    user = request.user
    if not (user.is_authenticated and user.is_active):
        return None
    choices = cast("Callable[..., tuple[Choice, ...]]", import_string(PLACES))(user)
    if not choices:
        return None
    wanted = request.session.get("organization_id")
    here = next((c for c in choices if c.organization_id == wanted), choices[0])
    environment = _environment(request)
    caller_at = cast("Callable[..., Caller]", import_string(CALLER))
    address = request.META.get("REMOTE_ADDR", "")
    return Place(here, environment, choices, caller_at(user, here, environment, address))


def _environment(request: HttpRequest) -> Environment:
    """The chosen one; at first live where a live chain is configured, else the sandbox."""
    chosen = request.session.get("environment")
    if chosen in Environment.values:
        return Environment(chosen)
    is_live = any(network(chain).is_configured for chain in Chain)
    return Environment.LIVE if is_live else Environment.SANDBOX
