"""Where a checkout's page may lead, and who may show it: the merchant's own places alone."""

from dataclasses import dataclass

from django.http import HttpRequest

from billing.chains import Environment
from billing.errors import InvalidRequest
from checkouts.branding import Looks
from checkouts.hosted import origins
from checkouts.models import Checkout
from checkouts.return_urls import require_return_url


@dataclass(frozen=True, slots=True)
class Leads:
    """`origin` may show the page and is told how it goes, None: nobody. URLs empty for none."""

    origin: str | None
    success_url: str
    cancel_url: str


def leads_of(request: HttpRequest, checkout: Checkout, looks: Looks) -> Leads:
    """Read `origin`, `return_url` and `cancel_url` of the page's own URL.

    Everybody can write them there, so each counts only if its origin is among the branding's or
    those of the checkout's own URLs (in the sandbox: any); else it is as if it were not there.
    """
    return Leads(
        origin=_accepted(request.GET.get("origin"), checkout, looks),
        success_url=_url(request, "return_url", checkout, looks) or checkout.success_url or "",
        cancel_url=_url(request, "cancel_url", checkout, looks) or checkout.cancel_url or "",
    )


def _accepted(text: str | None, checkout: Checkout, looks: Looks) -> str | None:
    return origins.accepted(
        text,
        Environment(checkout.environment),
        listed=looks.origins,
        urls=(checkout.success_url, checkout.cancel_url),
    )


def _url(request: HttpRequest, name: str, checkout: Checkout, looks: Looks) -> str:
    url = request.GET.get(name, "")
    environment = Environment(checkout.environment)
    try:
        require_return_url(url, environment, param=name)
    except InvalidRequest:  # Whoever made the link is not here to be told; the page is.
        return ""
    return url if _accepted(origins.origin_of(url, environment), checkout, looks) else ""
