"""The first middleware: a Request-Id for every request, and the short way for the API's.

The API needs no session, no CSRF, no messages; its requests never reach the middlewares below
this one, which would cost them a quarter of their time. Put it first in MIDDLEWARE.
"""

import logging
import time
from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import ResolverMatch, resolve

from billing import metrics
from billing.api import errors, request_ids, throttling
from billing.errors import BillingError, InternalError, InvalidRequest

logger = logging.getLogger(__name__)

# Probes of the operator's own machines: no host to be named, no limit.
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})


class ApiMiddleware:
    """Answers the API itself, and hands everything else down the list."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._others = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = request_ids.begin(request.META.get("HTTP_REQUEST_ID"))
        began = time.perf_counter()
        if is_api(request):
            response = _limited(request, answer_api(request))
        elif request.path_info in PROBES:
            response = answer_api(request)
        else:
            response = self._others(request)
        response.headers["Request-Id"] = request_id
        metrics.observe_request(request, response.status_code, time.perf_counter() - began)
        return response


def is_api(request: HttpRequest) -> bool:
    """Whether this URL is the API's, existing or not."""
    return request.path_info == "/v1" or request.path_info.startswith("/v1/")


def answer_api(request: HttpRequest) -> HttpResponseBase:
    """Resolve, call and render; every exception becomes the envelope of errors."""
    try:
        response = _call(request)
    except Exception as error:  # the outermost place: nothing above could render it
        response = _answer_to(request, error)
    if isinstance(response, HttpResponse) and response.status_code != 204:
        response.headers["Content-Length"] = str(len(response.content))
        if request.method == "HEAD":
            response.content = b""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _call(request: HttpRequest) -> HttpResponseBase:
    _refuse_malformed(request)
    match = _match(request.path_info, settings.ROOT_URLCONF)
    request.resolver_match = match
    response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    render: Callable[[], HttpResponseBase] | None = getattr(response, "render", None)
    return render() if render is not None else response


@lru_cache(512)
def _match(path: str, urlconf: str) -> ResolverMatch:
    """Resolve a path. Kept, since most calls are of a few URLs; an unknown one is not."""
    return resolve(path, urlconf)


def _refuse_malformed(request: HttpRequest) -> None:
    if "\x00" in request.path_info:
        raise Http404
    if request.path_info in PROBES:
        return
    try:
        request.get_host()
    except DisallowedHost as error:
        raise InvalidRequest(
            "The Host header names no host of ours. See ALLOWED_HOSTS.", code="invalid_host"
        ) from error


def _answer_to(request: HttpRequest, error: Exception) -> HttpResponse:
    known = errors.billing_error_of(error)
    if known is None:
        # The signal is what error trackers and Django's own test client listen to.
        got_request_exception.send(sender=ApiMiddleware, request=request)
        logger.error(
            "request failed method=%s path=%s", request.method, request.path_info, exc_info=error
        )
        known = InternalError()
    return errors.answer(known)


def _limited(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Answers that no key was counted for (unknown URLs, the document) count for the address."""
    if not throttling.is_counted(request):
        try:
            throttling.count_address(request)
        except BillingError as error:
            response = errors.answer(error)
    throttling.add_headers(request, response)
    return response
