"""What a view says of itself for the OpenAPI document, without what makes the document.

The generator weighs some megabytes and web workers never make the document, so that what is said
here waits on the view's methods until billing.api.openapi reads it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    inline_serializer,
)
from rest_framework import serializers

Json = dict[str, Any]
Method = TypeVar("Method", bound=Callable[..., Any])

ERROR_TYPES = [
    ("invalid_request", "What was asked is wrong"),
    ("authentication_error", "Who asks is unknown"),
    ("permission_error", "Who asks may not"),
    ("not_found", "There is no such thing"),
    ("idempotency_conflict", "The Idempotency-Key stands for something else"),
    ("rate_limited", "Too often"),
    ("internal_error", "A mistake of ours"),
]
ERROR_ANSWERS = {
    400: "Something in the request is wrong; `param` names the field.",
    401: "No key, or one that is unknown, revoked or expired.",
    403: "The key lacks a scope, or the plan does not include this in live.",
    404: "There is no such object in the key's organization and environment.",
    409: "The Idempotency-Key was used with another body, or its first call still runs.",
    410: "It was there, and was withdrawn for good; `message` says why.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    429: "Too many calls; wait as long as Retry-After says.",
    500: "A mistake of ours; name the Request-Id when you report it.",
    503: "The database does not answer; try again.",
}
PAGE_PARAMETERS = [
    OpenApiParameter("cursor", str, description="`next_cursor` of the page before."),
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": 100, "default": 25},
        description="How many rows a page has.",
    ),
]


class WholeBody(serializers.Serializer[Any]):
    """The body of a PATCH that must have what it requires: no part of it is a body by itself."""


class ErrorSerializer(serializers.Serializer[Any]):
    """What went wrong. `code` is stable; `message` is for people."""

    type = serializers.ChoiceField(choices=ERROR_TYPES)
    code = serializers.CharField()
    message = serializers.CharField()
    param = serializers.CharField(allow_null=True)


class ErrorResponseSerializer(serializers.Serializer[Any]):
    """The body of every error, on every path."""

    error = ErrorSerializer()


class HealthSerializer(serializers.Serializer[Any]):
    """The API answers."""

    status = serializers.ChoiceField(choices=["healthy"])
    version = serializers.CharField()

    class Meta:
        ref_name = "HealthResponse"


class NamedWord(serializers.ChoiceField):
    """One of a few words; they stand in the document once, under the contract's name."""

    def __init__(self, name: str, words: Sequence[str], **kwargs: Any) -> None:
        self.component_name = name
        super().__init__(choices=[(word, word) for word in words], **kwargs)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, as the document shall tell it."""

    operation_id: str = ""
    tag: str = ""
    summary: str = ""
    body: Any = None
    responses: Any = None
    parameters: Sequence[OpenApiParameter | type[serializers.Serializer[Any]]] = ()
    description: str = ""
    examples: Sequence[OpenApiExample] = ()


def list_of(row: type[serializers.BaseSerializer[Any]]) -> Any:
    """The envelope of a list of `row`, named for it: EventSerializer makes EventList."""
    name = row.__name__.removesuffix("Serializer")
    fields = {
        "data": row(many=True),
        "has_more": serializers.BooleanField(),
        "next_cursor": serializers.CharField(allow_null=True),
    }
    return inline_serializer(name=f"{name}List", fields=fields)


def operation(
    operation_id: str,
    tag: str,
    summary: str,
    *,
    answers: Any,
    status: int = 200,
    body: Any = None,
    query: Sequence[OpenApiParameter] = (),
    is_list: bool = False,
    finds: bool = False,
    expires: bool = False,
    media_type: str = "",
) -> Callable[[Method], Method]:
    """Describe a view's method; error answers, headers and Idempotency-Key are added by ApiSchema.

    `finds`: it may answer 404 though no id stands in its URL; where one does, 404 is added anyway.
    `expires`: it may answer 410. `media_type` is that of an answer which is no JSON.

        @schema.operation("createWallet", "Wallets", "Register a wallet",
                          answers=WalletSerializer, status=201, body=NewWalletSerializer)
    """
    done = (status, media_type) if media_type else status
    responses: dict[Any, Any] = {done: OpenApiResponse(answers, description="Done.")}
    for refused in (*([404] if finds else ()), *([410] if expires else ())):
        told = OpenApiResponse(ErrorResponseSerializer, description=ERROR_ANSWERS[refused])
        responses[refused] = told
    parameters = [*(PAGE_PARAMETERS if is_list else ()), *query]
    said = Operation(operation_id, tag, summary, body, responses, parameters)

    def decorated(method: Method) -> Method:
        words = operation_of(method)
        return _says(method, replace(said, description=words.description, examples=words.examples))

    return decorated


def described(
    description: str, *, request: Json | None = None, answer: Json | None = None, status: int = 200
) -> Callable[[Method], Method]:
    """Add to `operation` what it does, in words, and an example of each side."""
    examples = []
    if request is not None:
        examples.append(OpenApiExample("Request", request, request_only=True))
    if answer is not None:
        examples.append(
            OpenApiExample("Answer", answer, response_only=True, status_codes=[str(status)])
        )

    def decorated(method: Method) -> Method:
        said = replace(operation_of(method), description=description, examples=examples)
        return _says(method, said)

    return decorated


def operation_of(method: Any) -> Operation:
    """What a view's method says of itself; nothing where it says nothing."""
    said: Operation = getattr(method, "operation", Operation())
    return said


def _says(method: Method, said: Operation) -> Method:
    setattr(method, "operation", said)  # noqa: B010  # mypy knows no such attribute of a function
    return method
