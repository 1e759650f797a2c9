"""What every operation of the OpenAPI document shares, so that a view says only what is its own."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    inline_serializer,
)
from rest_framework import serializers

from billing.api.repeats import LONGEST_KEY

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
_RATE_HEADERS = {
    "X-RateLimit-Limit": "Calls allowed in a window.",
    "X-RateLimit-Remaining": "Calls left in this window.",
    "X-RateLimit-Reset": "When the window ends, in unix seconds.",
}


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


class NamedWordExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]  # not annotated
    """Puts the words into the document's components and refers to them."""

    target_class = NamedWord
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> Json:
        field: NamedWord = self.target
        component = ResolvedComponent(  # type: ignore[no-untyped-call]  # not annotated
            name=field.component_name,
            type=ResolvedComponent.SCHEMA,
            schema={"type": "string", "enum": list(field.choices)},
            object=field.component_name,
        )
        auto_schema.registry.register_on_missing(component)
        ref: Json = component.ref
        return ref


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
    described: Callable[[Method], Method] = extend_schema(
        operation_id=operation_id,
        tags=[tag],
        summary=summary,
        request=body,
        responses=responses,
        parameters=[*(PAGE_PARAMETERS if is_list else ()), *query],
    )
    return described


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
    decorated: Callable[[Method], Method] = extend_schema(
        description=description, examples=examples
    )
    return decorated


class ApiSchema(AutoSchema):
    """Adds to every operation what ApiView does for every call."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any
    ) -> Json | None:
        operation: Json | None = super().get_operation(
            path, path_regex, path_prefix, method, registry
        )
        if operation is None:
            return None
        error = self.resolve_serializer(ErrorResponseSerializer, "response").ref
        needs_key = bool(self.view.get_authenticators())
        if not needs_key:
            operation["security"] = []
        if method == "POST" and needs_key:
            operation.setdefault("parameters", []).append(_idempotency_key())
            _declare_replay(operation["responses"])
        for status in _error_statuses(method, path, needs_key=needs_key):
            operation["responses"][str(status)] = _error_answer(status, error)
        for status, answer in operation["responses"].items():
            answer.setdefault("headers", {}).update(_headers(method, int(status)))
        return operation


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # not annotated
    """Tells the document how a key is sent."""

    target_class = "organizations.authentication.ApiKeyAuthentication"
    name = "BearerAuth"

    def get_security_definition(self, auto_schema: AutoSchema) -> Json:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A secret key: `sk_test_…` is the sandbox, `sk_live_…` is live.",
        }


def _error_statuses(method: str, path: str, *, needs_key: bool) -> list[int]:
    statuses = [400, 429, 500, 503]
    if needs_key:
        statuses += [401, 403]
    if "{" in path:
        statuses.append(404)
    if method in ("POST", "PATCH", "PUT"):
        statuses += [413, 415]
    if method == "POST":
        statuses.append(409)
    return sorted(statuses)


def _declare_replay(responses: Json) -> None:
    if "201" in responses and "200" not in responses:
        responses["200"] = {
            **responses["201"],
            "description": "The stored answer of an earlier call with this Idempotency-Key.",
        }


def _error_answer(status: int, error: Json) -> Json:
    return {
        "description": ERROR_ANSWERS[status],
        "content": {"application/json": {"schema": error}},
    }


def _headers(method: str, status: int) -> Json:
    headers: Json = {
        name: {"schema": {"type": "integer"}, "description": text}
        for name, text in _RATE_HEADERS.items()
    }
    headers["Request-Id"] = {"schema": {"type": "string"}, "description": "Names this call."}
    if status in (429, 503):
        headers["Retry-After"] = {"schema": {"type": "integer"}, "description": "Seconds to wait."}
    if method == "POST" and status < 300:
        headers["Idempotency-Key"] = {
            "schema": {"type": "string"},
            "description": "As it was sent.",
        }
        headers["Idempotent-Replayed"] = {
            "schema": {"type": "string", "enum": ["true"]},
            "description": "There where this is the stored answer of an earlier call.",
        }
    return headers


def _idempotency_key() -> Json:
    return {
        "in": "header",
        "name": "Idempotency-Key",
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
        "description": (
            "The same key within 24 hours does nothing twice: the first answer comes again."
        ),
    }
