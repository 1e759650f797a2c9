"""/v1/webhooks: endpoints, their secrets, and what they were told."""

from collections.abc import Callable
from typing import Any, ClassVar

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api import schema
from billing.api.pagination import envelope, page
from billing.api.repeats import Answer, Call
from billing.api.views import ApiView
from billing.errors import InvalidRequest
from events.serializers import EventSerializer
from events.services import event_json
from webhooks import answers, endpoints, examples, filters, redelivering, serializers
from webhooks.guard import vetted
from webhooks.models import Endpoint
from webhooks.schema import (
    RedeliveredSerializer,
    WebhookDeliverySerializer,
    WebhookEndpointSerializer,
)


class Webhooks(ApiView):
    """The endpoints of the key's organization and environment, and the door to make one more."""

    scopes: ClassVar = {"GET": "webhooks:read", "POST": "webhooks:write"}
    gate: ClassVar = "webhooks"
    stores_secrets: ClassVar = True

    # What `once` made of the body: the draft, or why there is none.
    drafted: endpoints.NewEndpoint | ValidationError | InvalidRequest | None = None

    @schema.described(
        "Newest first, without their secrets.", answer=examples.listed(examples.WEBHOOK)
    )
    @schema.operation(
        "listWebhookEndpoints", "Webhooks", "List webhooks",
        answers=schema.list_of(WebhookEndpointSerializer), is_list=True,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        rows = Endpoint.objects.visible_to(self.caller).filter(deleted_at=None)
        found = page(rows, request, name="webhooks", filters=())
        return Response(envelope(found, [answers.endpoint_json(row) for row in found.rows]))

    @schema.described(
        "Registers a URL that is told of events from now on. The `secret` that signs them is in "
        "this answer alone: keep it. The URL must lead to the public internet.",
        request=examples.NEW_WEBHOOK, answer=examples.CREATED, status=201,
    )  # fmt: skip
    @schema.operation(
        "createWebhookEndpoint", "Webhooks", "Create a webhook",
        answers=WebhookEndpointSerializer, body=serializers.CreateWebhookRequest,
        status=201,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        draft = self.drafted or self._draft(request.data)
        if isinstance(draft, Exception):
            raise draft
        endpoint, secret = endpoints.create(self.caller, draft)
        return Response(answers.with_secret(endpoint, secret), status=201)

    def once(self, call: Call, act: Callable[[], Answer]) -> Answer:
        """Read the body before the repeat's transaction: the URL's name is looked up for it."""
        try:
            self.drafted = self._draft(call.body)
        except (ValidationError, InvalidRequest) as refusal:
            # A key that was used before is told so first, whatever is wrong with its new body.
            self.drafted = refusal
        return super().once(call, act)

    def _draft(self, data: Any) -> endpoints.NewEndpoint:
        asked = serializers.CREATE.run_validation(data)
        asked["events"] = endpoints.wanted(asked["events"])
        asked["url"] = vetted(asked["url"], self.caller.environment)
        return endpoints.NewEndpoint(**asked)


class Webhook(ApiView):
    """One endpoint."""

    scopes: ClassVar = {
        "GET": "webhooks:read",
        "PATCH": "webhooks:write",
        "DELETE": "webhooks:write",
    }
    gate: ClassVar = "webhooks"

    @schema.described("Without its secret.", answer=examples.WEBHOOK)
    @schema.operation(
        "getWebhookEndpoint", "Webhooks", "Get a webhook", answers=WebhookEndpointSerializer
    )
    def get(self, request: Request, webhook_id: str) -> Response:
        return Response(answers.endpoint_json(endpoints.get(self.caller, webhook_id)))

    @schema.described(
        "Changes the URL, the events or the description, and disables or enables it: the fields "
        "first, then the status, all or nothing. A disabled webhook is told nothing; what it was "
        "owed before goes on once it is active again, what happened meanwhile is not owed.",
        request={"status": "disabled"},
        answer={
            **examples.WEBHOOK, "status": "disabled", "disabled_because": "by_hand",
            "disabled_at": "2025-01-15T13:00:00Z", "updated_at": "2025-01-15T13:00:00Z",
        },
    )  # fmt: skip
    @schema.operation(
        "updateWebhookEndpoint", "Webhooks", "Change, disable or enable a webhook",
        answers=WebhookEndpointSerializer, body=serializers.UpdateWebhookRequest,
    )  # fmt: skip
    def patch(self, request: Request, webhook_id: str) -> Response:
        endpoint = endpoints.get(self.caller, webhook_id)
        changes = serializers.changes(request.data)
        if "url" in changes:
            changes["url"] = vetted(changes["url"], self.caller.environment)
        return Response(answers.endpoint_json(endpoints.update(self.caller, endpoint.id, changes)))

    @schema.described("It is told nothing more, and seen nowhere. What it was owed is canceled.")
    @schema.operation(
        "deleteWebhookEndpoint", "Webhooks", "Delete a webhook", answers=None, status=204
    )
    def delete(self, request: Request, webhook_id: str) -> Response:
        endpoints.delete(self.caller, webhook_id)
        return Response(status=204)


class Rotate(ApiView):
    """A new secret beside the old one."""

    scopes: ClassVar = {"POST": "webhooks:write"}
    gate: ClassVar = "webhooks"
    stores_secrets: ClassVar = True

    @schema.described(
        "Makes a new secret, in this answer alone. Both sign until `old_secret_until` or until the "
        "switch is confirmed. The old one signs last, since the published clients look at the last "
        "signature; Standard Webhooks clients take either. While a rotation runs a second one is "
        "refused as `rotation_running`; `replace` drops the new secret that was lost for a newer.",
        request={"overlap_hours": 48}, answer=examples.ROTATED,
    )  # fmt: skip
    @schema.operation(
        "rotateWebhookSecret", "Webhooks", "Rotate a webhook's secret",
        answers=WebhookEndpointSerializer, body=serializers.RotateWebhookRequest,
    )  # fmt: skip
    def post(self, request: Request, webhook_id: str) -> Response:
        endpoint = endpoints.get(self.caller, webhook_id)
        asked = serializers.rotation(request.data)
        endpoint, secret = endpoints.rotate(self.caller, endpoint.id, **asked)
        return Response(answers.with_secret(endpoint, secret))


class Confirm(ApiView):
    """The end of a rotation."""

    scopes: ClassVar = {"POST": "webhooks:write"}
    gate: ClassVar = "webhooks"

    @schema.described(
        "Says that your receiver knows the new secret: from now on it signs alone.",
        answer=examples.WEBHOOK,
    )
    @schema.operation(
        "confirmWebhookRotation", "Webhooks", "Confirm a rotation",
        answers=WebhookEndpointSerializer,
    )  # fmt: skip
    def post(self, request: Request, webhook_id: str) -> Response:
        return Response(answers.endpoint_json(endpoints.confirm(self.caller, webhook_id)))


class SendTest(ApiView):
    """A trial of one endpoint."""

    scopes: ClassVar = {"POST": "webhooks:write"}
    gate: ClassVar = "webhooks"

    @schema.described(
        "Publishes a `webhook.test` and sends it to this webhook alone, whatever events it wants. "
        "What became of it stands in its deliveries.",
        answer=examples.TEST_EVENT,
    )
    @schema.operation(
        "testWebhookEndpoint", "Webhooks", "Send a test event", answers=EventSerializer
    )
    def post(self, request: Request, webhook_id: str) -> Response:
        return Response(event_json(endpoints.send_test(self.caller, webhook_id)))


class Redeliver(ApiView):
    """What was told, told again."""

    scopes: ClassVar = {"POST": "webhooks:write"}
    gate: ClassVar = "webhooks"

    @schema.described(
        "Sends one event again (`event_id`), or all that this webhook wants and that happened "
        "since a time (`since`), delivered or not, each with the id and the body it had.",
        request={"since": "2025-01-15T00:00:00Z"},
        answer={"webhook_id": examples.WEBHOOK["webhook_id"], "redelivered": 12},
    )
    @schema.operation(
        "redeliverWebhook", "Webhooks", "Send events again", answers=RedeliveredSerializer,
        body=serializers.RedeliverWebhookRequest,
    )  # fmt: skip
    def post(self, request: Request, webhook_id: str) -> Response:
        endpoint = endpoints.get(self.caller, webhook_id)
        asked = serializers.redelivery(request.data)
        redelivered = redelivering.redeliver(self.caller, endpoint, **asked)
        return Response({"webhook_id": endpoint.id, "redelivered": redelivered})


class Deliveries(ApiView):
    """What one endpoint was told, or is owed."""

    scopes: ClassVar = {"GET": "webhooks:read"}
    gate: ClassVar = "webhooks"

    @schema.described(
        "Newest first, each with its latest attempts: status, duration, and the first 2 kB of what "
        "your receiver answered.",
        answer=examples.listed(examples.DELIVERY),
    )
    @schema.operation(
        "listWebhookDeliveries", "Webhooks", "List a webhook's deliveries",
        query=filters.DELIVERY_QUERY, answers=schema.list_of(WebhookDeliverySerializer),
        is_list=True,
    )  # fmt: skip
    def get(self, request: Request, webhook_id: str) -> Response:
        endpoint = endpoints.get(self.caller, webhook_id)
        rows = filters.deliveries(endpoint, request.query_params)
        name = f"deliveries of {endpoint.id}"
        found = page(rows, request, name=name, filters=filters.DELIVERY_LOOKUPS)
        return Response(envelope(found, answers.deliveries_json(found.rows)))
