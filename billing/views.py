"""Is it up: for clients (/v1/health), for machines (/healthz, /readyz, /metrics)."""

import logging

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response

from billing import exact_json, metrics
from billing.api import schema, throttling
from billing.api.bodies import MEDIA_TYPE
from billing.api.views import ApiView
from billing.errors import MethodNotAllowed

logger = logging.getLogger(__name__)


class Health(ApiView):
    """Whether the API answers. Needs no key."""

    def get_authenticators(self) -> list[BaseAuthentication]:
        return []

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        throttling.count_address(request._request)
        if self._method() not in self.allowed_methods:
            raise MethodNotAllowed(str(request.method), self.allowed_methods)

    @schema.operation("getHealth", "Health", "Check health", answers=schema.HealthSerializer)
    def get(self, request: Request) -> Response:
        return Response({"status": "healthy", "version": settings.VERSION})


def healthz(request: HttpRequest) -> HttpResponse:
    """This process is up. It asks nobody: a database that is down is no reason to kill it."""
    return _answer(200, "up")


def readyz(request: HttpRequest) -> HttpResponse:
    """The database answers and has every migration; 503 where not."""
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        logger.warning("not ready database=%s", error)
        return _answer(503, "database unavailable")
    return _answer(503, "migrations pending") if pending else _answer(200, "ready")


def prometheus(request: HttpRequest) -> HttpResponse:
    """The metrics of all web workers of this machine."""
    text, content_type = metrics.exposition()
    return HttpResponse(text, content_type=content_type)


def _answer(status: int, word: str) -> HttpResponse:
    return HttpResponse(exact_json.dumps({"status": word}), status=status, content_type=MEDIA_TYPE)
