"""The reference of the API, as a document and as a page; and what an unknown page answers."""

from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import defaults

from billing.api import errors
from billing.api.bodies import MEDIA_TYPE
from billing.errors import InternalError, InvalidRequest

# Swagger UI writes style attributes; nothing else may come from anywhere but here.
REFERENCE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def openapi_document(request: HttpRequest) -> HttpResponse:
    """GET /v1/openapi.json: the API as a machine reads it. Needs no key."""
    return HttpResponse(_document(), content_type=MEDIA_TYPE)


def reference(request: HttpRequest) -> HttpResponse:
    """GET /docs: the same for people, with assets of this server alone."""
    answer = render(request, "billing/reference.html")
    answer.headers["Content-Security-Policy"] = REFERENCE_POLICY
    return answer


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _wants_page(request):
        return defaults.bad_request(request, exception)
    return errors.answer(InvalidRequest("The request is malformed.", code="malformed_request"))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 of what is neither API nor page: the envelope, unless a browser asks."""
    if _wants_page(request):
        return defaults.page_not_found(request, exception)
    return errors.answer(errors.InvalidUrl())


def server_error(request: HttpRequest) -> HttpResponse:
    return (
        defaults.server_error(request) if _wants_page(request) else errors.answer(InternalError())
    )


def _wants_page(request: HttpRequest) -> bool:
    return "text/html" in request.META.get("HTTP_ACCEPT", "")


@cache
def _document() -> bytes:
    """The document that `make docs` made: a web worker need not carry what makes it."""
    return (settings.ROOT / "docs" / "openapi.json").read_bytes()
