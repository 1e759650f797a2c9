"""Makes the OpenAPI document: what views say of themselves, and what every call has in common.

Loaded by whatever makes the document (`make docs`, tests), never by a web worker.
"""

from typing import Any

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from billing.api.repeats import LONGEST_KEY
from billing.api.schema import (
    ERROR_ANSWERS,
    ErrorResponseSerializer,
    Json,
    NamedWord,
    Operation,
    WholeBody,
    operation_of,
)

_RATE_HEADERS = {
    "X-RateLimit-Limit": "Calls allowed in a window.",
    "X-RateLimit-Remaining": "Calls left in this window.",
    "X-RateLimit-Reset": "When the window ends, in unix seconds.",
}


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


class WholeBodyExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # not annotated
    """Says what a body requires, also where it is that of a PATCH, which would require nothing."""

    target_class = WholeBody
    match_subclasses = True

    def get_name(self, auto_schema: AutoSchema, direction: str) -> str:
        return str(type(self.target).__name__)

    def map_serializer(self, auto_schema: AutoSchema, direction: str) -> Json:
        whole: Any = auto_schema  # its own method is not annotated
        schema = whole._map_serializer(self.target, direction, bypass_extensions=True)
        required = [name for name, field in self.target.fields.items() if field.required]
        return {**schema, "required": required}


class ApiSchema(AutoSchema):
    """Reads what a view says, and adds to every operation what ApiView does for every call."""

    @property
    def said(self) -> Operation:
        return operation_of(getattr(self.view, self.method.lower(), None))

    def get_operation_id(self) -> str:
        return self.said.operation_id or super().get_operation_id()

    def get_tags(self) -> list[str]:
        return [self.said.tag] if self.said.tag else super().get_tags()

    def get_summary(self) -> str | None:
        return self.said.summary or super().get_summary()

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular has it
        return self.said.description or super().get_description()

    def get_examples(self) -> list[Any]:
        return [*super().get_examples(), *self.said.examples]

    def get_override_parameters(self) -> list[Any]:
        return [*super().get_override_parameters(), *self.said.parameters]

    def get_request_serializer(self) -> Any:
        return self.said.body

    def get_response_serializers(self) -> Any:
        return self.said.responses

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
