"""/v1/subscriptions and /v1/subscriptions/renewals."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from billing.api import schema
from billing.api.pagination import envelope, page
from billing.api.views import ApiView
from billing.callers import Caller
from subscriptions import examples, filters, reading, serializers, services
from subscriptions.answers import renewal_json, subscription_json
from subscriptions.models import Subscription
from subscriptions.schema import SubscriptionRenewalSerializer, SubscriptionSerializer

READ, WRITE, GATE = "subscriptions:read", "subscriptions:write", "subscriptions"
ACTS: Mapping[str, Callable[[Caller, str], Subscription]] = {
    "cancel": services.cancel,
    "cancel_immediately": services.cancel_immediately,
    "pause": services.pause,
    "resume": services.resume,
}
_QUERY: list[Any] = [filters.SubscriptionFilters]
_RENEWAL_QUERY: list[Any] = [filters.RenewalFilters]


class Subscriptions(ApiView):
    """The subscriptions of the key's organization and environment, and the door to make one."""

    scopes: ClassVar = {"GET": READ, "POST": WRITE}
    gate: ClassVar = GATE

    @schema.described(
        "Newest first. Filters can be combined.", answer=examples.listed(examples.SUBSCRIPTION)
    )
    @schema.operation(
        "listSubscriptions", "Subscriptions", "List subscriptions", query=_QUERY,
        answers=schema.list_of(SubscriptionSerializer), is_list=True,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        rows = filters.subscriptions(self.caller, request.query_params)
        found = page(rows, request, name="subscriptions", filters=filters.SUBSCRIPTION_NAMES)
        return Response(envelope(found, [subscription_json(row) for row in found.rows]))

    @schema.described(
        "Gives a customer a plan from now on. With a trial it is `trialing`, and asked for payment "
        "shortly before that ends. Without one it is `active` at once, and its first renewal is "
        "made with its checkout: the event `subscription.renewal_due` has the page to send the "
        "customer to, and so has the list of renewals.",
        request=examples.NEW_SUBSCRIPTION, answer=examples.SUBSCRIPTION, status=201,
    )  # fmt: skip
    @schema.operation(
        "createSubscription", "Subscriptions", "Create a subscription",
        answers=SubscriptionSerializer, body=serializers.CreateSubscriptionRequest, status=201,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        made = services.create(self.caller, serializers.new_subscription(request.data))
        return Response(subscription_json(made), status=201)


class OneSubscription(ApiView):
    """One subscription, and what can be done to it."""

    scopes: ClassVar = {"GET": READ, "PATCH": WRITE}
    gate: ClassVar = GATE

    @schema.described("With its customer and its plan.", answer=examples.SUBSCRIPTION)
    @schema.operation(
        "getSubscription", "Subscriptions", "Get a subscription", answers=SubscriptionSerializer
    )  # fmt: skip
    def get(self, request: Request, id: str) -> Response:
        return Response(subscription_json(reading.subscription(self.caller, id)))

    @schema.described(
        "`cancel` lets it end with the current period, `cancel_immediately` ends it now; both "
        "leave what was paid open until its end. `pause` stops asking for payment; `resume` lets a "
        "new period begin at once. Nothing else of it changes.",
        request={"action": "cancel"},
        answer={**examples.SUBSCRIPTION, "cancel_at_period_end": True},
    )
    @schema.operation(
        "updateSubscription", "Subscriptions", "Cancel, pause or resume a subscription",
        answers=SubscriptionSerializer, body=serializers.UpdateSubscriptionRequest,
    )  # fmt: skip
    def patch(self, request: Request, id: str) -> Response:
        subscription = reading.subscription(self.caller, id)
        act = ACTS[serializers.action(request.data)]
        return Response(subscription_json(act(self.caller, subscription.id)))


class Renewals(ApiView):
    """The renewals of the key's organization and environment."""

    scopes: ClassVar = {"GET": READ}
    gate: ClassVar = GATE

    @schema.described("Newest first.", answer=examples.listed(examples.RENEWAL))
    @schema.operation(
        "listRenewals", "Subscriptions", "List renewals", query=_RENEWAL_QUERY,
        answers=schema.list_of(SubscriptionRenewalSerializer), is_list=True,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        rows = filters.renewals(self.caller, request.query_params)
        found = page(rows, request, name="renewals", filters=filters.RENEWAL_NAMES)
        return Response(envelope(found, [renewal_json(row) for row in found.rows]))


class OneRenewal(ApiView):
    """One renewal."""

    scopes: ClassVar = {"GET": READ}
    gate: ClassVar = GATE

    @schema.described("`hosted_url` is where the customer pays it.", answer=examples.RENEWAL)
    @schema.operation(
        "getRenewal", "Subscriptions", "Get a renewal", answers=SubscriptionRenewalSerializer
    )  # fmt: skip
    def get(self, request: Request, id: str) -> Response:
        return Response(renewal_json(reading.renewal(self.caller, id)))


class Retry(ApiView):
    """The next attempt of a failed renewal."""

    scopes: ClassVar = {"POST": WRITE}
    gate: ClassVar = GATE

    @schema.described(
        "Makes the next attempt of a failed renewal now, with a new checkout. Its subscription "
        "must go on, and attempts must be left.",
        answer=examples.RENEWAL,
    )
    @schema.operation(
        "retryRenewal", "Subscriptions", "Retry a renewal", answers=SubscriptionRenewalSerializer
    )  # fmt: skip
    def post(self, request: Request, id: str) -> Response:
        return Response(renewal_json(services.retry(self.caller, id)))
