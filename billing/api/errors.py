"""Every exception that a caller must hear of, turned into the one envelope of errors."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from rest_framework import exceptions
from rest_framework.response import Response

from billing import exact_json
from billing.api.bodies import BODY_MOST_BYTES, MEDIA_TYPE
from billing.errors import (
    BillingError,
    Forbidden,
    InvalidRequest,
    NotFound,
    PayloadTooLarge,
    RateLimited,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)

logger = logging.getLogger(__name__)

# What DRF's own fields say; a code of ours (invalid_chain, …) is passed on as it is.
_GENERIC_CODES = frozenset(
    {
        "blank",
        "date",
        "datetime",
        "does_not_exist",
        "empty",
        "error",
        "incorrect_type",
        "invalid",
        "invalid_choice",
        "make_aware",
        "max_decimal_places",
        "max_digits",
        "max_length",
        "max_string_length",
        "max_value",
        "max_whole_digits",
        "min_length",
        "min_value",
        "not_a_dict",
        "not_a_list",
        "null",
        "null_characters_not_allowed",
        "overflow",
        "surrogate_characters_not_allowed",
        "unique",
    }
)


def envelope(error: BillingError) -> dict[str, dict[str, str | None]]:
    """The body of every error, on every path."""
    return {
        "error": {
            "type": error.type,
            "code": error.code,
            "message": error.message,
            "param": error.param,
        }
    }


def answer(error: BillingError) -> HttpResponse:
    """The envelope as an answer outside DRF: unknown URLs, our own mistakes."""
    return HttpResponse(
        exact_json.dumps(envelope(error)),
        status=error.status,
        content_type=MEDIA_TYPE,
        headers=error.headers,
    )


def billing_error_of(error: Exception) -> BillingError | None:
    """What a caller hears of `error`; None where it is our own mistake (500)."""
    if isinstance(error, BillingError):
        return error
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    if isinstance(error, OperationalError | InterfaceError):
        logger.error("database unavailable error=%s", error)
        return Unavailable("The database does not answer. Try again.")
    if isinstance(error, DataError):
        # A value PostgreSQL cannot hold passed our own checks: the caller's value, our gap.
        logger.error("database refused a value error=%s", error)
        return InvalidRequest("A value is out of the range that can be stored.")
    if isinstance(error, Http404):
        return InvalidUrl()
    if isinstance(error, PermissionDenied):
        return Forbidden("This is not allowed.")
    if isinstance(error, RequestDataTooBig):
        return PayloadTooLarge(BODY_MOST_BYTES)
    if isinstance(error, SuspiciousOperation | BadRequest):
        return InvalidRequest("The request is malformed.", code="malformed_request")
    return None


class InvalidUrl(NotFound):
    """404: nothing of the API is at this URL, with any key."""

    def __init__(self) -> None:
        BillingError.__init__(self, "No such URL. Look at /docs.", code="url_not_found")


def _of_framework(error: exceptions.APIException) -> BillingError:
    if isinstance(error, exceptions.ValidationError):
        return _first_of(error)
    if isinstance(error, exceptions.UnsupportedMediaType):
        return UnsupportedMediaType()
    if isinstance(error, exceptions.NotFound):
        return InvalidUrl()
    if isinstance(error, exceptions.Throttled):
        return RateLimited("Too many requests.")
    kinds: dict[int, type[BillingError]] = {401: Unauthenticated, 403: Forbidden, 503: Unavailable}
    return kinds.get(error.status_code, InvalidRequest)(str(error.detail))


def _first_of(error: exceptions.ValidationError) -> InvalidRequest:
    """The first field that fails, as DRF lists them, which is the serializer's own order."""
    path, detail = _first_detail(error.detail)
    param = ".".join(path) or None
    if detail.code == "required":
        return InvalidRequest(
            f"{param}: this field is required.", code="missing_required_field", param=param
        )
    code = "invalid_field_value" if detail.code in _GENERIC_CODES else str(detail.code)
    message = f"{param}: {detail}" if param else str(detail)
    return InvalidRequest(message, code=code, param=param)


def _first_detail(detail: Any) -> tuple[tuple[str, ...], exceptions.ErrorDetail]:
    if isinstance(detail, Mapping):
        name, inner = next(iter(detail.items()))
        path, found = _first_detail(inner)
        return (() if name == "non_field_errors" else (str(name),)) + path, found
    if isinstance(detail, Sequence) and not isinstance(detail, str):
        place, inner = next((i, item) for i, item in enumerate(detail) if item)
        path, found = _first_detail(inner)
        return ((str(place), *path) if isinstance(inner, Mapping) else path), found
    return (), detail


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """What DRF asks for views of others, such as the one of the document; ApiView has its own."""
    known = billing_error_of(error)
    if known is None:
        return None
    return Response(envelope(known), status=known.status, headers=known.headers)
