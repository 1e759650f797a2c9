"""GET and POST /v1/recipients, GET and PATCH …/{id}, POST …/addresses, POST …/approve."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from billing.api import pagination, schema
from billing.api.views import ApiView
from payouts.recipients import acts, examples, reading, serializers
from payouts.recipients.answers import recipient_json, recipients_json
from payouts.recipients.serializers import RecipientSerializer

_QUERY: list[Any] = [serializers.RecipientFilters]


class Recipients(ApiView):
    """The address book of the key's organization and environment."""

    scopes: ClassVar = {"GET": "payouts:read", "POST": "payouts:write"}
    gate: ClassVar = "payouts"

    @schema.described(
        "Newest first, archived ones too. Filters can be combined.",
        answer=examples.listed(examples.RECIPIENT),
    )
    @schema.operation(
        "listRecipients", "Recipients", "List recipients", query=_QUERY,
        answers=schema.list_of(RecipientSerializer), is_list=True,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        rows = reading.recipients(self.caller, request.query_params)
        found = pagination.page(rows, request, name="recipients", filters=reading.NAMES)
        return Response(pagination.envelope(found, recipients_json(found.rows)))

    @schema.described(
        "Puts somebody into the address book, without an address yet.",
        request=examples.NEW_RECIPIENT, status=201,
    )  # fmt: skip
    @schema.operation(
        "createRecipient", "Recipients", "Create a recipient", answers=RecipientSerializer,
        body=serializers.CreateRecipientRequest, status=201,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        draft = acts.NewRecipient(**serializers.CREATE.run_validation(request.data))
        return Response(recipient_json(acts.create(self.caller, draft)), status=201)


class OneRecipient(ApiView):
    """One recipient: what is said about them can change, their addresses by proposal alone."""

    scopes: ClassVar = {"GET": "payouts:read", "PATCH": "payouts:write"}
    gate: ClassVar = "payouts"

    @schema.described("With its addresses, newest first.", answer=examples.RECIPIENT)
    @schema.operation(
        "getRecipient", "Recipients", "Get a recipient", answers=RecipientSerializer, finds=True
    )
    def get(self, request: Request, id: str) -> Response:
        return Response(recipient_json(reading.recipient(self.caller, id)))

    @schema.operation(
        "updateRecipient", "Recipients", "Change what is said about a recipient",
        answers=RecipientSerializer, body=serializers.UpdateRecipientRequest, finds=True,
    )  # fmt: skip
    def patch(self, request: Request, id: str) -> Response:
        changes = serializers.UPDATE.run_validation(request.data)
        return Response(recipient_json(acts.update(self.caller, id, changes)))


class Addresses(ApiView):
    """Where a recipient shall be paid."""

    scopes: ClassVar = {"POST": "payouts:write"}
    gate: ClassVar = "payouts"

    @schema.described(
        "Proposes an address. Money can be sent to it by `recipient_id` once somebody else "
        "approved it and its cool-down is over.",
        request=examples.NEW_ADDRESS, status=201,
    )  # fmt: skip
    @schema.operation(
        "proposeRecipientAddress", "Recipients", "Propose an address", answers=RecipientSerializer,
        body=serializers.ProposeAddressRequest, status=201, finds=True,
    )  # fmt: skip
    def post(self, request: Request, id: str) -> Response:
        asked = serializers.PROPOSE.run_validation(request.data)
        acts.propose(self.caller, id, acts.NewAddress(**asked))
        return Response(recipient_json(reading.recipient(self.caller, id)), status=201)


class ApproveAddress(ApiView):
    """The second person's yes."""

    scopes: ClassVar = {"POST": "payouts:approve"}
    gate: ClassVar = "payouts"

    @schema.described(
        "Approves a proposed address. Whoever proposed it, or issued the key that did, is refused "
        "as for a payout.",
        answer=examples.RECIPIENT,
    )
    @schema.operation(
        "approveRecipientAddress", "Recipients", "Approve an address", answers=RecipientSerializer,
        body=serializers.ApproveAddressRequest, finds=True,
    )  # fmt: skip
    def post(self, request: Request, id: str, address_id: str) -> Response:
        asked = serializers.APPROVE.run_validation(request.data or {})
        found = reading.recipient_with(self.caller, id, address_id)
        acts.approve(self.caller, address_id, **asked)
        return Response(recipient_json(found))
