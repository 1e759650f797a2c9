"""A small API of its own, to test what ApiView does for every call. Used by `pytest.mark.urls`."""

import threading
from collections.abc import Mapping
from typing import ClassVar

from django.db import OperationalError
from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing import pages, views
from billing.api.views import ApiView
from billing.errors import InvalidRequest
from billing.ids import new_id
from events.services import publish

# Tests of calls at the same time hold an act here; nobody else waits.
is_acting, may_finish = threading.Event(), threading.Event()


class ActFields(serializers.Serializer[Mapping[str, object]]):
    name = serializers.CharField(max_length=5)
    chain = serializers.ChoiceField(choices=["tron", "base"])
    rows = serializers.ListField(child=serializers.IntegerField(), required=False)


class Acts(ApiView):
    """POST writes one event and answers its body; words in the body make it fail."""

    scopes: ClassVar = {"GET": "payouts:read", "POST": "payouts:write", "PATCH": "payouts:approve"}
    gate = "payouts"

    def get(self, request: Request) -> Response:
        return Response({"data": []})

    def post(self, request: Request, act_id: str = "") -> Response:
        resource_id = new_id("po")
        publish(self.caller, "payout.created", resource_id, dict(request.data))
        if "hold" in request.data:
            is_acting.set()
            may_finish.wait(20)
        if "refuse" in request.data:
            raise InvalidRequest("No.", param="refuse")
        return Response({"id": resource_id, "said": request.data}, status=201)

    def patch(self, request: Request) -> Response:
        fields = ActFields(data=request.data)
        fields.is_valid(raise_exception=True)
        return Response(fields.validated_data)


class SecretActs(Acts):
    stores_secrets = True


class Crashes(ApiView):
    def get(self, request: Request) -> Response:
        raise RuntimeError("a mistake of ours")

    def post(self, request: Request) -> Response:
        raise OperationalError("the database went away")


class OpenCrashes(Crashes):
    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Anybody may call this one."""


urlpatterns = [
    path("v1/fails", OpenCrashes.as_view()),
    path("v1/health", views.Health.as_view()),
    path("healthz", views.healthz),
    path("v1/acts", Acts.as_view()),
    path("v1/acts/<str:act_id>/again", Acts.as_view()),
    path("v1/secrets", SecretActs.as_view()),
    path("v1/crashes", Crashes.as_view()),
    path("v1/openapi.json", pages.openapi_document, name="openapi"),
    path("docs", pages.reference),
]
handler404 = "billing.pages.not_found"
