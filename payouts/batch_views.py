"""Hand-overs: GET and POST /v1/payouts/batches, GET …/{id}, GET …/{id}/files/{name}."""

from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api import schema
from billing.api.pagination import envelope, page
from billing.api.views import ApiView
from payouts import batch_serializers, examples, filters, serializers, services
from payouts.batch_answers import batch_json, batches_json, executed_json
from payouts.batch_schema import EXECUTED_ANSWER, PayoutBatchSerializer
from payouts.handover.packing import Download, download


class Batches(ApiView):
    """Hand-overs of approved payouts to a signer."""

    scopes: ClassVar = {"GET": "payouts:read", "POST": "payouts:write"}
    gate: ClassVar = "payouts"

    @schema.described("Newest first.", answer=examples.listed(examples.BATCH))
    @schema.operation(
        "listPayoutBatches", "Payouts", "List batches",
        answers=schema.list_of(PayoutBatchSerializer), is_list=True,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        found = page(filters.batches(self.caller), request, name="batches", filters=())
        return Response(envelope(found, batches_json(found.rows)))

    @schema.described(
        "Hands approved payouts over together: each becomes `pending_execution`. All or none.",
        request={"payout_ids": ["po_5f0c8a1be2d34f6790ab12cd"]}, answer=examples.BATCH, status=201,
    )  # fmt: skip
    @schema.operation(
        "createPayoutBatch", "Payouts", "Hand payouts over", answers=PayoutBatchSerializer,
        body=serializers.HandOverRequest, status=201, finds=True,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        asked = serializers.HAND_OVER.run_validation(request.data)
        batch = services.hand_over(self.caller, **asked)
        return Response(batch_json(batch), status=201)


class Batch(ApiView):
    """One hand-over."""

    scopes: ClassVar = {"GET": "payouts:read"}
    gate: ClassVar = "payouts"

    @schema.described("With the payouts that were in it.", answer=examples.BATCH)
    @schema.operation(
        "getPayoutBatch", "Payouts", "Get a batch", answers=PayoutBatchSerializer, finds=True
    )
    def get(self, request: Request, id: str) -> Response:
        return Response(batch_json(filters.batch(self.caller, id)))


class ExecuteBatch(ApiView):
    """The transactions that pay a hand-over, many at once."""

    scopes: ClassVar = {"POST": "payouts:write"}
    gate: ClassVar = "payouts"

    @schema.described(
        "One `tx_hash` for all payouts of the batch (or of a chain, or of a part of its files), or "
        "`executions`, one for each. Each row is its own act, as in the call for one payout: one "
        "that is refused touches no other.",
        request={"executions": [{"payout_id": examples.DRAFT["id"], "tx_hash": examples.TX_HASH}]},
        answer={"data": [{"payout_id": examples.DRAFT["id"], "payout": examples.EXECUTED}]},
    )
    @schema.operation(
        "executePayoutBatch", "Payouts", "Submit the hashes of a batch", answers=EXECUTED_ANSWER,
        body=batch_serializers.ExecuteBatchRequest, finds=True,
    )  # fmt: skip
    def post(self, request: Request, id: str) -> Response:
        rows = batch_serializers.executions(self.caller, id, request.data)
        done = services.execute_each(self.caller, id, rows)
        return Response({"data": [executed_json(row) for row in done]})


class BatchFile(ApiView):
    """One file of a hand-over, for whoever signs."""

    scopes: ClassVar = {"GET": "payouts:write"}
    gate: ClassVar = "payouts"

    @schema.described(
        "The file as it is loaded into Safe or a signer; `pack.zip` has them all. Each download is "
        "an event. Once a payout was taken back or canceled, every file of its batch is void: 410."
    )
    @schema.operation(
        "getPayoutBatchFile", "Payouts", "Download a file of a batch", answers=OpenApiTypes.BINARY,
        finds=True, expires=True, media_type="application/octet-stream",
    )  # fmt: skip
    def get(self, request: Request, id: str, name: str) -> HttpResponse:
        return attachment(download(self.caller, id, name))


def attachment(taken: Download) -> HttpResponse:
    """The file as an answer that no browser shows, keeps or guesses the type of."""
    headers = {
        "Content-Disposition": f'attachment; filename="{taken.saved_as}"',
        "Content-SHA256": taken.sha256,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(taken.content, content_type=taken.media_type, headers=headers)
