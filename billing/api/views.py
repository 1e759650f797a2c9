"""The view every call of the API is: who, how often, may they, again?, then the act, then JSON."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, ClassVar, cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.module_loading import import_string
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import exact_json
from billing.api import errors, throttling
from billing.api.bodies import (
    BODY_MOST_BYTES,
    MEDIA_TYPE,
    AlwaysJson,
    ExactJsonParser,
    ExactJsonRenderer,
    refuse_oversized,
)
from billing.api.repeats import Answer, Call, key_of
from billing.callers import Caller
from billing.errors import InvalidRequest, MethodNotAllowed, Unauthenticated
from billing.plans import require_plan

# The upper floor that knows keys, named by string: this floor imports none.
AUTHENTICATION = "organizations.authentication.ApiKeyAuthentication"
IDEMPOTENCY = "organizations.idempotency.once"


class ApiView(APIView):
    """One URL of the API. Subclasses name their scopes and write `get`, `post`, `patch`.

        class Wallets(ApiView):
            scopes = {"GET": "wallets:read", "POST": "wallets:write"}

    A method without a scope needs a key and no more. `gate` is the feature a live organization's
    plan must include (billing.plans.GATES). Every POST keeps to Idempotency-Key by itself: the act
    and its stored answer are one transaction, so a service's own `atomic` nests in it.
    `stores_secrets` says that the answer holds a secret: its kept copy is encrypted.
    """

    scopes: ClassVar[Mapping[str, str]] = {}
    gate: ClassVar[str] = "live"
    stores_secrets: ClassVar[bool] = False
    body_most_bytes: ClassVar[int] = BODY_MOST_BYTES

    parser_classes = (ExactJsonParser,)
    renderer_classes = (ExactJsonRenderer,)
    content_negotiation_class = AlwaysJson
    permission_classes = ()
    throttle_classes = ()
    metadata_class = None

    @property
    def caller(self) -> Caller:
        """The key's organization, environment and scopes; every act takes it first."""
        return cast(Caller, self.request.auth)

    def get_authenticators(self) -> list[BaseAuthentication]:
        return [_authentication()]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse in this order: 401, 429, 405, 403, 400, 413. No body is read here."""
        self._authenticate(request)
        throttling.count_key(request._request, self.caller.actor_id)
        if self._method() not in self.allowed_methods:
            raise MethodNotAllowed(str(request.method), self.allowed_methods)
        require_plan(self.caller, "live")
        require_plan(self.caller, self.gate)
        if scope := self.scopes.get(self._method()):
            self.caller.require(scope)
        refuse_malformed_query(request._request)
        refuse_oversized(request._request, self.body_most_bytes)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """As DRF's, with the repeat of a POST between `initial` and the method."""
        self.args, self.kwargs = args, kwargs
        self.headers: dict[str, str] = {}
        self.request = self.initialize_request(request, *args, **kwargs)
        try:
            self.initial(self.request, *args, **kwargs)
            response = self._answer()
        except Exception as error:  # rendered, or raised again by handle_exception
            response = self.handle_exception(error)
        self.response = self.finalize_response(
            self.request,
            response,  # type: ignore[arg-type]  # DRF takes any, its stubs do not
            *args,
            **kwargs,
        )
        return self.response

    def handle_exception(self, exc: Exception) -> Response:
        """Render what a caller must know; what is our own mistake is raised again (500)."""
        error = errors.billing_error_of(exc)
        if error is None:
            raise exc
        response = Response(errors.envelope(error), status=error.status, headers=error.headers)
        response.exception = True
        return response

    def options(  # type: ignore[override]  # DRF hands its own Request on
        self, request: Request, *args: Any, **kwargs: Any
    ) -> Response:
        return Response(status=204, headers={"Allow": ", ".join(self.allowed_methods)})

    def once(self, call: Call, act: Callable[[], Answer]) -> Answer:
        """Answer a POST with an Idempotency-Key: `act` for its first call, what is kept for others.

        A view whose act is one statement may override this, to keep the answer in the same one.
        """
        return _once()(call, act)

    def _method(self) -> str:
        method = str(self.request.method)
        return "GET" if method == "HEAD" else method

    def _authenticate(self, request: Request) -> None:
        try:
            self.perform_authentication(request)
            if request.auth is None:
                raise Unauthenticated("Send Authorization: Bearer and a secret key.")
        except Unauthenticated:
            throttling.count_address(request._request)
            raise

    def _answer(self) -> HttpResponseBase:
        handler: Callable[..., Response] = getattr(self, str(self.request.method).lower())
        key = key_of(self.request) if self.request.method == "POST" else None
        if key is None:
            return handler(self.request, *self.args, **self.kwargs)
        self.headers["Idempotency-Key"] = key
        call = Call(
            caller=self.caller,
            key=key,
            method="POST",
            path=self.request.path_info,
            body=cast(Mapping[str, Any], self.request.data),
            stores_secrets=self.stores_secrets,
        )
        answer = self.once(call, lambda: _written(handler(self.request, *self.args, **self.kwargs)))
        if answer.is_replay:
            self.headers["Idempotent-Replayed"] = "true"
        status = 200 if answer.is_replay else answer.status
        return HttpResponse(answer.body, status=status, content_type=MEDIA_TYPE)


def refuse_malformed_query(request: HttpRequest) -> None:
    """Raise InvalidRequest for a query no text column can be compared with."""
    if "%00" in request.META.get("QUERY_STRING", ""):
        raise InvalidRequest("The query holds the character U+0000.", code="malformed_query")


def _written(response: Response) -> Answer:
    return Answer(response.status_code, exact_json.dumps(response.data))


@cache
def _authentication() -> BaseAuthentication:
    authentication: BaseAuthentication = import_string(AUTHENTICATION)()
    return authentication


@cache
def _once() -> Callable[[Call, Callable[[], Answer]], Answer]:
    once: Callable[[Call, Callable[[], Answer]], Answer] = import_string(IDEMPOTENCY)
    return once
