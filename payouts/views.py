"""GET and POST /v1/payouts, GET and PATCH …/{id}, POST …/{id}/execute, GET …/settlements."""

from collections.abc import Callable
from typing import ClassVar

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api import schema
from billing.api.pagination import envelope, page
from billing.api.repeats import Answer, Call
from billing.api.views import ApiView
from billing.errors import InvalidRequest
from payouts import answers, examples, filters, serializers, services
from payouts.schema import (
    PayoutIntentDetailsSerializer,
    PayoutIntentSerializer,
    SettlementSerializer,
)
from payouts.timeline import details_json


class Payouts(ApiView):
    """All payouts of the key's organization and environment, and the door to make one more."""

    scopes: ClassVar = {"GET": "payouts:read", "POST": "payouts:write"}
    gate: ClassVar = "payouts"

    @schema.described(
        "Newest first. Filters can be combined.", answer=examples.listed(examples.SETTLED)
    )
    @schema.operation(
        "listPayoutIntents", "Payouts", "List payouts", query=filters.PAYOUT_QUERY,
        answers=schema.list_of(PayoutIntentSerializer), is_list=True,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        rows = filters.payouts(self.caller, request.query_params)
        found = page(rows, request, name="payouts", filters=filters.PAYOUT_LOOKUPS)
        return Response(envelope(found, answers.payouts_json(found.rows)))

    @schema.described(
        "Makes a draft. Nothing is paid: it must be approved, paid from your own wallet, and its "
        "hash submitted. The recipient is checked strictly for its chain.",
        request=examples.NEW_PAYOUT, answer=examples.DRAFT, status=201,
    )  # fmt: skip
    @schema.operation(
        "createPayoutIntent", "Payouts", "Create a payout", answers=PayoutIntentSerializer,
        body=serializers.CreatePayoutIntentRequest, status=201,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        payout = services.create(self.caller, serializers.new_payout(request.data))
        return Response(answers.payout_json(payout), status=201)

    def once(self, call: Call, act: Callable[[], Answer]) -> Answer:
        """The short way first: everything in one statement."""
        try:
            draft = serializers.new_payout(call.body)
            answer = services.create_once(call, draft)
        except (ValidationError, InvalidRequest):
            # A key that was used before is told so first, whatever is wrong with its new body.
            answer = None
        return answer or super().once(call, act)


class Payout(ApiView):
    """One payout. What may be changed, and by which scope, the act itself decides."""

    scopes: ClassVar = {"GET": "payouts:read", "PATCH": "payouts:read"}
    gate: ClassVar = "payouts"

    @schema.described("With its `timeline`, oldest first.")
    @schema.operation(
        "getPayoutIntent", "Payouts", "Get a payout", answers=PayoutIntentDetailsSerializer,
        finds=True,
    )  # fmt: skip
    def get(self, request: Request, id: str) -> Response:
        return Response(details_json(filters.payout(self.caller, id)))

    @schema.described(
        "Changes a draft, approves it (scope `payouts:approve`) or cancels it: the fields first, "
        "then the status, all or nothing. Recipient, chain, token and amount never change.",
        request={"status": "approved"}, answer=examples.APPROVED,
    )  # fmt: skip
    @schema.operation(
        "updatePayoutIntent", "Payouts", "Change, approve or cancel a payout",
        answers=PayoutIntentSerializer, body=serializers.UpdatePayoutIntentRequest, finds=True,
    )  # fmt: skip
    def patch(self, request: Request, id: str) -> Response:
        changes = serializers.changes(request.data)
        return Response(answers.payout_json(services.update(self.caller, id, changes)))


class Execute(ApiView):
    """The hash of the transaction that pays a payout."""

    scopes: ClassVar = {"POST": "payouts:write"}
    gate: ClassVar = "payouts"

    @schema.described(
        "Names the transaction that pays it. From then on the chain decides: the payout is "
        "verifying once the transaction is in a block, and settled or failed once that is final. "
        "The same hash again changes nothing.",
        request={"tx_hash": examples.TX_HASH}, answer=examples.EXECUTED,
    )  # fmt: skip
    @schema.operation(
        "executePayoutIntent", "Payouts", "Submit a payout's hash", answers=PayoutIntentSerializer,
        body=serializers.ExecutePayoutRequest, finds=True,
    )  # fmt: skip
    def post(self, request: Request, id: str) -> Response:
        tx_hash = serializers.EXECUTE.run_validation(request.data)["tx_hash"]
        return Response(answers.payout_json(services.execute(self.caller, id, tx_hash)))


class Settlements(ApiView):
    """What the chain proved: transfers that are the organization's."""

    scopes: ClassVar = {"GET": "payouts:read"}
    gate: ClassVar = "payouts"

    @schema.described(
        "Newest first. One without `payout_intent_id` is unexpected: money that left a registered "
        "wallet with no payout behind it.",
        answer=examples.listed(examples.SETTLEMENT),
    )
    @schema.operation(
        "listSettlements", "Payouts", "List settlements", query=filters.SETTLEMENT_QUERY,
        answers=schema.list_of(SettlementSerializer), is_list=True,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        rows = filters.settlements(self.caller, request.query_params)
        found = page(rows, request, name="settlements", filters=filters.SETTLEMENT_LOOKUPS)
        return Response(envelope(found, [answers.settlement_json(row) for row in found.rows]))
