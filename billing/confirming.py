"""Confirming that it is you: asked before what is delicate, where the log-in is not fresh.

Nothing is left and come back to. The page that asks is the answer to the very request that wants
to do it, and carries what that request said: so the form's answers and the selection of rows are
kept, nothing is done before, and there is no address to be sent to that somebody could forge.

    page = confirming.ask_if_stale(request, what="Publish version 3", back_url=…)
    if page is not None:
        return page

What a person proves themselves with is known above this floor: that function is named by string.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import cast

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.module_loading import import_string

from billing.admin_context import place_of
from billing.errors import BillingError

FRESH_FOR = timedelta(minutes=15)
CONFIRMED_AT = "confirmed_at"  # In the session: when the person last proved who they are.

# Of a request: what is asked, "code" or "password". And of a request whose form answers it: nothing
# where it is right, else a BillingError that says why not.
ASKS_FOR = "organizations.confirming.asks_for"
PROVE = "organizations.confirming.prove"
_OURS = frozenset({"csrfmiddlewaretoken", "confirming", "password", "code"})


def keep(request: HttpRequest) -> None:
    """Note that the person has just proved who they are."""
    request.session[CONFIRMED_AT] = timezone.now().isoformat()


def is_fresh(request: HttpRequest) -> bool:
    """Whether that was within the last fifteen minutes."""
    at = parse_datetime(str(request.session.get(CONFIRMED_AT, "")))
    return at is not None and timezone.now() - FRESH_FOR < at <= timezone.now()


def is_live(request: HttpRequest) -> bool:
    """Whether the person stands in live. The sandbox moves no money and never asks."""
    place = place_of(request)
    return place is not None and not place.is_sandbox


def ask_if_stale(request: HttpRequest, *, what: str, back_url: str) -> HttpResponse | None:
    """The page that asks who it is; None where that is known, or is proved by this request.

    Call it where everything else about the request was found to be right, and only for what
    concerns live. `what` says what is about to be done.
    """
    if is_fresh(request):
        return None
    refusal: BillingError | None = None
    if "confirming" in request.POST:
        prove = cast("Callable[[HttpRequest], None]", import_string(PROVE))
        try:
            prove(request)
        except BillingError as error:
            refusal = error
        else:
            keep(request)
            return _go_on(request)
    return _page(request, what, back_url, refusal)


def _go_on(request: HttpRequest) -> HttpResponse | None:
    """A page that was asked for is asked for again; what was sent by a form goes on."""
    if request.POST["confirming"] == "GET":
        return HttpResponseRedirect(request.get_full_path())
    return None


def _page(
    request: HttpRequest, what: str, back_url: str, refusal: BillingError | None
) -> HttpResponse:
    asks_for = cast("Callable[[HttpRequest], str]", import_string(ASKS_FOR))
    was = request.POST.get("confirming") or request.method
    kept = [(k, v) for k, values in request.POST.lists() for v in values if k not in _OURS]
    context = {
        **admin.site.each_context(request),
        "title": "Confirm that it is you",
        "what": what,
        "asks_for": asks_for(request),
        "was": "GET" if was == "GET" else "POST",
        "kept": kept,
        "back_url": back_url,
        "refusal": refusal.message if refusal else "",
    }
    status = refusal.status if refusal else 200
    answer = TemplateResponse(request, "admin/confirm.html", context, status=status)
    for name, value in (refusal.headers if refusal else {}).items():
        answer[name] = value
    answer["Cache-Control"] = "no-store"
    return answer
