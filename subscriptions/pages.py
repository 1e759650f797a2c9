"""The page of a subscription, for whoever has it: what it costs, what was paid, pay, cancel.

Its address holds an unguessable token, and whoever knows it is taken for the customer. It needs no
key, no log-in and no JavaScript, and tells nobody who the customer is.
"""

import re

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.views.decorators.http import require_http_methods, require_safe

from billing.chains import Environment
from checkouts import branding
from checkouts.hosted.answering import page, page_url
from checkouts.pages import hosted, nothing_here
from organizations import clock
from subscriptions import services
from subscriptions.errors import CustomerMayNotCancel, SubscriptionOver
from subscriptions.hosted import wording
from subscriptions.hosted.showing import shown, stands
from subscriptions.models import Subscription
from subscriptions.renewal_settings import settings_of

# What a stranger may write into a URL is no token until it looks like one.
_TOKEN = re.compile(r"[0-9A-Za-z_-]{43}")


@require_safe
@hosted
def subscription(request: HttpRequest, page_token: str) -> HttpResponse:
    """GET /subscription/<token>: what it is, how it stands, and what was paid."""
    row = _subscription(page_token)
    if row is None:
        return nothing_here(request)
    looks = branding.of(row.organization_id, row.environment)
    it = shown(
        row,
        settings_of(row.organization_id, row.environment),
        looks.merchant_name,
        clock.now(row.organization_id, row.environment),
        page_of=lambda checkout_id: page_url("hosted-checkout", checkout_id, request),
    )
    cancel_url = page_url("hosted-subscription-cancel", row.page_token, request)
    values = {"it": it, "is_sandbox": _is_sandbox(row), "cancel_url": cancel_url}
    return page(request, "subscriptions/subscription.html", values, looks)


@require_http_methods(["GET", "HEAD", "POST"])
@hosted
def cancel(request: HttpRequest, page_token: str) -> HttpResponse:
    """GET /subscription/<token>/cancel: what a cancel does, and a button. POST, which it sends."""
    row = _subscription(page_token)
    if row is None:
        return nothing_here(request)
    if request.method != "POST":
        return _cancel_page(request, row)
    try:
        if row.cancel_at_period_end:
            return _cancel_page(request, row)
        services.cancel_on_page(
            row.organization_id,
            row.environment,
            row.id,
            address=request.META.get("REMOTE_ADDR", ""),
        )
    except (SubscriptionOver, CustomerMayNotCancel):
        # The page says which of both is so.
        return _cancel_page(request, Subscription.objects.select_related("plan").get(id=row.id))
    return HttpResponseRedirect(_own_url(request, row), status=303)


def _cancel_page(request: HttpRequest, row: Subscription) -> HttpResponse:
    """What a cancel would do; what is so where it was canceled before, or cannot be here."""
    looks = branding.of(row.organization_id, row.environment)
    standing, _ = stands(row, clock.now(row.organization_id, row.environment))
    merchant, status = looks.merchant_name, 200
    is_done = standing.is_over or standing.is_ending
    is_offered = settings_of(row.organization_id, row.environment).customer_may_cancel
    notes: tuple[str, ...] = ()
    if is_done:
        said = wording.done_before(row, standing, merchant)
    elif not is_offered:
        said, status = wording.not_offered(merchant), 403
    else:
        said = wording.cancel_said(row, standing)
        notes = tuple(wording.cancel_notes(row, standing, merchant))
    values = {
        "said": said,
        "notes": notes,
        "is_asked": not is_done and is_offered,
        "is_sandbox": _is_sandbox(row),
        "own_url": _own_url(request, row),
        "csrf_token": get_token(request),
    }
    return page(request, "subscriptions/cancel.html", values, looks, status=status, form="'self'")


def _subscription(page_token: str) -> Subscription | None:
    if not _TOKEN.fullmatch(page_token):
        return None
    rows = Subscription.objects.select_related("plan")
    found: Subscription | None = rows.filter(page_token=page_token).first()
    return found


def _own_url(request: HttpRequest, row: Subscription) -> str:
    return page_url("hosted-subscription", row.page_token, request)


def _is_sandbox(row: Subscription) -> bool:
    return row.environment == Environment.SANDBOX
