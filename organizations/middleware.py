"""What is asked of everybody in the admin before a page is shown. Other pages keep no session."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from billing.admin_context import place_of
from organizations import sessions, two_factor
from organizations.models import Organization, User
from organizations.sessions import SessionStore

# Open to who has no second factor where one is required: setting it up, and going away.
OPEN = frozenset(
    {
        "admin:login",
        "admin:logout",
        "admin:switch",
        "people:code",
        "people:account",
        "people:set_up",
    }
)


class PeopleMiddleware:
    """Ends a session that was left alone, and leads whoever must to the second factor."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._others = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._others(request)

    def process_view(
        self, request: HttpRequest, view: object, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or match.app_name not in ("admin", "people"):
            return None
        if not request.user.is_authenticated:
            return None
        row = cast("SessionStore", request.session).row
        if row is not None and sessions.has_ended(row):
            request.session.flush()
            request.user = AnonymousUser()
            messages.info(request, "You were logged out, because nothing was done for long.")
            return None  # The admin leads a stranger to the log-in, and back from there.
        if row is not None:
            sessions.note_seen(row)
        if match.view_name not in OPEN and _lacks_second_factor(request):
            return HttpResponseRedirect(reverse("people:set_up"))
        return None


def _lacks_second_factor(request: HttpRequest) -> bool:
    place = place_of(request)
    if place is None:
        return False
    organization = place.here.organization
    assert isinstance(organization, Organization), "places_of put it there"
    if not organization.requires_two_factor:
        return False
    return two_factor.authenticator_of(cast("User", request.user)) is None
