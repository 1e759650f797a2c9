"""The pages that strangers pay on: a checkout, a payment link, and the script that shops embed.

None needs a key, a log-in or JavaScript, and none shows more than who pays must know.
"""

import hashlib
import logging
import re
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from billing.api import errors, throttling
from billing.api.throttling import Limit
from billing.chains import Environment
from billing.errors import BillingError, NotFound, RateLimited
from checkouts import branding, links
from checkouts.acts.create import EXPIRES_IN_S
from checkouts.answers import link_status
from checkouts.hosted import wording, writing
from checkouts.hosted.answering import page, page_url, private, speaking
from checkouts.hosted.leading import leads_of
from checkouts.hosted.showing import figure, shown, status_json
from checkouts.models import Checkout, PaymentLink
from checkouts.states import LinkStatus, Status

logger = logging.getLogger(__name__)

# Of one network address. A page asks every few seconds, and an office may share an address.
LOOKS = Limit(50, 1)
CHECKOUTS_MADE = Limit(20, 60)
SCRIPT = Path(__file__).parent / "static" / "checkouts" / "embed.js"
SCRIPT_KEPT_S = 300
COOKIE = "billing_checkout"
# What a stranger may write into a URL or a cookie is no id until it looks like one.
_ID = re.compile(r"[a-z]{1,8}_[0-9a-z]{1,31}")

Rest = ParamSpec("Rest")
View = Callable[Concatenate[HttpRequest, Rest], HttpResponse]


def hosted(view: View[Rest]) -> View[Rest]:
    """Answer in the visitor's language, and calmly, too, where they ask too often."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
        with speaking(request):
            try:
                throttling.count_visit(request, "page", LOOKS)
                return view(request, *args, **kwargs)
            except RateLimited as refusal:
                return _too_often(request, refusal)

    return answer


@require_safe
@hosted
def checkout(request: HttpRequest, checkout_id: str) -> HttpResponse:
    """GET /checkout/<id>: what is to be paid, where to, and how far it has come."""
    row = _checkout(checkout_id)
    if row is None:
        return nothing_here(request)
    looks = branding.of(row.organization_id, row.environment)
    leads = leads_of(request, row, looks)
    values = {
        "it": shown(row, looks, timezone.now(), leads=leads),
        "is_sandbox": row.environment == Environment.SANDBOX,
        "status_url": page_url("hosted-checkout-status", row.id, request),
    }
    return page(request, "checkouts/checkout.html", values, looks, origin=leads.origin)


@require_safe
def status(request: HttpRequest, checkout_id: str) -> HttpResponse:
    """GET /checkout/<id>/status: what the page shows, for its script."""
    try:
        throttling.count_visit(request, "page", LOOKS)
    except RateLimited as refusal:
        return private(errors.answer(refusal))
    row = _checkout(checkout_id)
    if row is None:
        return private(errors.answer(NotFound("checkout", checkout_id)))
    with speaking(request):
        return private(JsonResponse(status_json(row, timezone.now())))


# Whoever may open the page may make a checkout by it: there is no authority that another site could
# borrow, and a token would need a cookie before there is anything to remember.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@hosted
def payment_link(request: HttpRequest, link_id: str) -> HttpResponse:
    """GET /pay/<id>: what is to be paid, and a button. POST, which it sends, makes the checkout.

    Nothing is made by looking: whoever previews the link must not use up addresses.
    """
    link = _link(link_id)
    if link is None:
        return nothing_here(request)
    began = _began(request, link)
    if began is not None:
        return HttpResponseRedirect(page_url("hosted-checkout", began.id, request))
    standing = link_status(link)
    if request.method != "POST" or standing != LinkStatus.ACTIVE:
        return _link_page(request, link, standing)
    return _begin(request, link)


@require_safe
def script(request: HttpRequest) -> HttpResponse:
    """GET /checkout.js: what a shop puts into its own page to show a checkout there."""
    body = SCRIPT.read_bytes()
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    answer = HttpResponse(body, content_type="text/javascript; charset=utf-8")
    answer.headers["ETag"] = etag
    answer.headers["Cache-Control"] = f"public, max-age={SCRIPT_KEPT_S}"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return get_conditional_response(request, etag=etag, response=answer) or answer


def _checkout(checkout_id: str) -> Checkout | None:
    if not _ID.fullmatch(checkout_id):
        return None
    rows = Checkout.objects.select_related("deposit_address")
    found: Checkout | None = rows.filter(id=checkout_id).first()
    return found


# --- payment links ----------------------------------------------------------------------------


def _link(link_id: str) -> PaymentLink | None:
    if not _ID.fullmatch(link_id):
        return None
    return PaymentLink.objects.select_related("payment_method").filter(id=link_id).first()


def _link_page(request: HttpRequest, link: PaymentLink, standing: LinkStatus) -> HttpResponse:
    looks = branding.of(link.organization_id, link.environment)
    method = link.payment_method
    values = {
        "figure": figure(link.amount_atomic, method.token, method.chain),
        "amount": writing.amount(link.amount_atomic, method.token, method.chain),
        "chain": method.chain,
        "token_on_network": wording.token_on_network(method.token, method.chain),
        "description": link.description or "",
        "minutes_to_pay": wording.minutes_to_pay(EXPIRES_IN_S // 60),
        "is_sandbox": link.environment == Environment.SANDBOX,
        "closed": None
        if standing == LinkStatus.ACTIVE
        else wording.link_is(standing, looks.merchant_name),
    }
    code = 200 if standing == LinkStatus.ACTIVE else 410
    return page(request, "checkouts/link.html", values, looks, status=code, form="'self'")


def _begin(request: HttpRequest, link: PaymentLink) -> HttpResponse:
    """Make the visitor's checkout, send them there, and remember it for when they come back."""
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        # Another site's form: the person has not seen this page yet.
        return HttpResponseRedirect(page_url("hosted-payment-link", link.id, request), status=303)
    throttling.count_visit(request, "payment link", CHECKOUTS_MADE)
    try:
        made = links.open_checkout(link)
    except BillingError as refusal:
        logger.error("payment link refused link=%s code=%s", link.id, refusal.code)
        link.refresh_from_db()
        standing = link_status(link)
        unavailable = LinkStatus.METHOD_DISABLED if standing == LinkStatus.ACTIVE else standing
        return _link_page(request, link, unavailable)
    answer = HttpResponseRedirect(page_url("hosted-checkout", made.id, request), status=303)
    answer.set_cookie(
        COOKIE,
        made.id,
        max_age=EXPIRES_IN_S,
        path=reverse("hosted-payment-link", args=[link.id]),
        secure=settings.IS_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return answer


def _began(request: HttpRequest, link: PaymentLink) -> Checkout | None:
    """The checkout that this visitor began by this link, while it can be paid or is on its way."""
    row = _checkout(request.COOKIES.get(COOKIE, ""))
    if row is None or row.payment_link_id != link.id or not row.is_open:
        return None
    is_over = row.status == Status.PENDING and timezone.now() >= row.expires_at
    return None if is_over else row


# --- pages of their own -------------------------------------------------------------------------


def nothing_here(request: HttpRequest) -> HttpResponse:
    """404, the same for whatever there is not."""
    values = {
        "heading": gettext("There is no such page"),
        "text": gettext("Check the address, or ask whoever sent it to you for a new one."),
    }
    return page(request, "checkouts/calm.html", values, status=404)


def _too_often(request: HttpRequest, refusal: RateLimited) -> HttpResponse:
    values = {
        "heading": gettext("Too many requests"),
        "text": gettext("Nothing is lost. Wait a minute, then load this page again."),
    }
    answer = page(request, "checkouts/calm.html", values, status=429)
    for name, value in refusal.headers.items():
        answer.headers[name] = value
    return answer
