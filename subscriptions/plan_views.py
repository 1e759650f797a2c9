"""/v1/subscriptions/plans and /v1/subscriptions/entitlements: what is sold, and what it opens."""

from functools import partial
from typing import Any, ClassVar, cast

from rest_framework.request import Request
from rest_framework.response import Response

from billing.api import schema
from billing.api.pagination import envelope, page
from billing.api.views import ApiView
from subscriptions import entitlement_serializers as bodies
from subscriptions import entitlements, examples, filters, plans, serializers
from subscriptions.answers import plan_json
from subscriptions.checking import check
from subscriptions.entitlement_answers import entitlement_json
from subscriptions.schema import (
    EntitlementCheckSerializer,
    EntitlementSerializer,
    SubscriptionPlanSerializer,
)
from subscriptions.views import GATE, READ, WRITE

Json = dict[str, Any]  # as the parser makes of every body

_PLAN_QUERY: list[Any] = [filters.PlanFilters]
_ENTITLEMENT_QUERY: list[Any] = [filters.EntitlementFilters]
_CHECK_QUERY: list[Any] = [filters.CheckQuery]


class Plans(ApiView):
    """The plans of the key's organization and environment, and the door to make one."""

    scopes: ClassVar = {"GET": READ, "POST": WRITE}
    gate: ClassVar = GATE

    @schema.described("Newest first, archived ones too.", answer=examples.listed(examples.PLAN))
    @schema.operation(
        "listSubscriptionPlans", "Subscriptions", "List plans", query=_PLAN_QUERY,
        answers=schema.list_of(SubscriptionPlanSerializer), is_list=True,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        rows = filters.plans(self.caller, request.query_params)
        found = page(rows, request, name="plans", filters=filters.PLAN_NAMES)
        return Response(envelope(found, [plan_json(row) for row in found.rows]))

    @schema.described(
        "Offers something by the period. Price, interval, trial, chain and token never change "
        "afterwards: another price is another plan.",
        request=examples.NEW_PLAN, answer=examples.PLAN, status=201,
    )  # fmt: skip
    @schema.operation(
        "createSubscriptionPlan", "Subscriptions", "Create a plan",
        answers=SubscriptionPlanSerializer, body=serializers.CreatePlanRequest, status=201,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        made = plans.create(self.caller, serializers.new_plan(request.data))
        return Response(plan_json(made), status=201)


class OnePlan(ApiView):
    """One plan."""

    scopes: ClassVar = {"GET": READ, "PATCH": WRITE}
    gate: ClassVar = GATE

    @schema.described("Archived or not.", answer=examples.PLAN)
    @schema.operation(
        "getSubscriptionPlan", "Subscriptions", "Get a plan", answers=SubscriptionPlanSerializer
    )  # fmt: skip
    def get(self, request: Request, id: str) -> Response:
        return Response(plan_json(plans.get(self.caller, id)))

    @schema.described(
        "Changes its words, archives it, or takes it back from the archive. An archived plan takes "
        "no new subscriptions; those there are go on.",
        request={"status": "archived"}, answer={**examples.PLAN, "status": "archived"},
    )  # fmt: skip
    @schema.operation(
        "updateSubscriptionPlan", "Subscriptions", "Change or archive a plan",
        answers=SubscriptionPlanSerializer, body=serializers.UpdatePlanRequest,
    )  # fmt: skip
    def patch(self, request: Request, id: str) -> Response:
        plan = plans.get(self.caller, id)
        changes = serializers.plan_changes(request.data)
        return Response(plan_json(plans.update(self.caller, plan.id, changes)))


class Entitlements(ApiView):
    """What the organization's plans open, and the door to open something more."""

    scopes: ClassVar = {"GET": READ, "POST": WRITE}
    gate: ClassVar = GATE

    @schema.described(
        "Newest first: of one plan, or of all where none is named.",
        answer=examples.listed(examples.ENTITLEMENT),
    )
    @schema.operation(
        "listEntitlements", "Subscriptions", "List entitlements", query=_ENTITLEMENT_QUERY,
        answers=schema.list_of(EntitlementSerializer), is_list=True,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        query = request.query_params
        rows = filters.entitlements(self.caller, query)
        found = page(rows, request, name="entitlements", filters=filters.ENTITLEMENT_NAMES)
        named = query.get("subscription_id")
        return Response(envelope(found, [entitlement_json(row, named) for row in found.rows]))

    @schema.described(
        "Lets a plan open a feature: a yes or no, a number or a text. It holds at once for all of "
        "the plan's subscribers.",
        request=examples.NEW_ENTITLEMENT, answer=examples.ENTITLEMENT, status=201,
    )  # fmt: skip
    @schema.operation(
        "createEntitlement", "Subscriptions", "Create an entitlement",
        answers=EntitlementSerializer, body=bodies.CreateEntitlementRequest, status=201,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        plan_of = partial(entitlements.plan_of_subscription, self.caller)
        draft, named = bodies.new_entitlement(cast(Json, request.data), plan_of)
        made = entitlements.create(self.caller, draft)
        return Response(entitlement_json(made, named), status=201)


class OneEntitlement(ApiView):
    """One entitlement: changed or deleted for all of its plan's subscribers at once."""

    scopes: ClassVar = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}
    gate: ClassVar = GATE

    @schema.described("As it is now.", answer=examples.ENTITLEMENT)
    @schema.operation(
        "getEntitlement", "Subscriptions", "Get an entitlement", answers=EntitlementSerializer
    )  # fmt: skip
    def get(self, request: Request, id: str) -> Response:
        return Response(entitlement_json(entitlements.get(self.caller, id)))

    @schema.described(
        "Changes how far it is open, and the type of the value where its value is given too.",
        request={"value_numeric": 10},
        answer={**examples.ENTITLEMENT, "value_numeric": 10, "value": "10"},
    )
    @schema.operation(
        "updateEntitlement", "Subscriptions", "Change an entitlement",
        answers=EntitlementSerializer, body=bodies.UpdateEntitlementRequest,
    )  # fmt: skip
    def patch(self, request: Request, id: str) -> Response:
        present = entitlements.get(self.caller, id)
        value_type, value = bodies.changes(cast(Json, request.data), present.value_type)
        changed = entitlements.update(self.caller, id, value_type=value_type, value=value)
        return Response(entitlement_json(changed))

    @schema.described("Closes the feature to the plan's subscribers, at once.")
    @schema.operation(
        "deleteEntitlement", "Subscriptions", "Delete an entitlement", answers=None, status=204
    )
    def delete(self, request: Request, id: str) -> Response:
        entitlements.delete(self.caller, id)
        return Response(status=204)


class Check(ApiView):
    """May this customer use this feature?"""

    scopes: ClassVar = {"GET": READ}
    gate: ClassVar = GATE

    @schema.described(
        "For every page of your shop. What is on trial or active opens its features; past due does "
        "unless you said otherwise; canceled does until what was paid for is over; paused does "
        "not. Of several subscriptions any yes wins, the greatest number, the newest text. Whom "
        "nobody knows has no access.",
        answer=examples.CHECK,
    )
    @schema.operation(
        "checkEntitlement", "Subscriptions", "Check an entitlement", query=_CHECK_QUERY,
        answers=EntitlementCheckSerializer,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        customer_id, feature_key = filters.who_and_what(request.query_params)
        return Response(check(self.caller, customer_id, feature_key))
