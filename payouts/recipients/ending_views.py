"""POST /v1/recipients/{id}/archive, …/addresses/{address_id}/reject and …/archive."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from billing.api import schema
from billing.api.views import ApiView
from payouts.recipients import acts, examples, reading, serializers
from payouts.recipients.answers import recipient_json
from payouts.recipients.serializers import RecipientSerializer

_ENDS: dict[str, Any] = {
    "answers": RecipientSerializer,
    "body": serializers.ReasonRequest,
    "finds": True,
}


class ArchiveRecipient(ApiView):
    """They are not paid by name any more."""

    scopes: ClassVar = {"POST": "payouts:write"}
    gate: ClassVar = "payouts"

    @schema.described(
        "Archives the recipient and every live address of it, for good. Payouts made for it stay.",
        request=examples.REASON, answer=examples.RECIPIENT,
    )  # fmt: skip
    @schema.operation("archiveRecipient", "Recipients", "Archive a recipient", **_ENDS)
    def post(self, request: Request, id: str) -> Response:
        asked = serializers.REASON.run_validation(request.data)
        return Response(recipient_json(acts.archive(self.caller, id, asked["reason"])))


class RejectAddress(ApiView):
    """The second person's no."""

    scopes: ClassVar = {"POST": "payouts:approve"}
    gate: ClassVar = "payouts"

    @schema.described(
        "Rejects a proposed address, for good. It can be proposed again as a new one.",
        request=examples.REASON, answer=examples.RECIPIENT,
    )  # fmt: skip
    @schema.operation("rejectRecipientAddress", "Recipients", "Reject an address", **_ENDS)
    def post(self, request: Request, id: str, address_id: str) -> Response:
        asked = serializers.REASON.run_validation(request.data)
        found = reading.recipient_with(self.caller, id, address_id)
        acts.reject(self.caller, address_id, asked["reason"])
        return Response(recipient_json(found))


class ArchiveAddress(ApiView):
    """The recipient is not paid there by name any more."""

    scopes: ClassVar = {"POST": "payouts:write"}
    gate: ClassVar = "payouts"

    @schema.described(
        "Archives a live address, for good. Payouts made for it stay as they are.",
        request=examples.REASON, answer=examples.RECIPIENT,
    )  # fmt: skip
    @schema.operation("archiveRecipientAddress", "Recipients", "Archive an address", **_ENDS)
    def post(self, request: Request, id: str, address_id: str) -> Response:
        asked = serializers.REASON.run_validation(request.data)
        found = reading.recipient_with(self.caller, id, address_id)
        acts.archive_address(self.caller, address_id, asked["reason"])
        return Response(recipient_json(found))
