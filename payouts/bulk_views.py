"""Many at once: POST /v1/payouts/bulk."""

from typing import Any, ClassVar

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api import errors, schema
from billing.api.views import ApiView
from billing.callers import Caller
from billing.errors import BillingError
from payouts import answers, examples, serializers, services
from payouts.schema import BULK_ANSWER


class Bulk(ApiView):
    """Up to 1,000 drafts in one call."""

    scopes: ClassVar = {"POST": "payouts:write"}
    gate: ClassVar = "payouts"
    body_most_bytes: ClassVar = 8 * 2**20

    @schema.described(
        "Creates every good row and says of each other one why it was refused. One row's refusal "
        "does not touch its neighbours.",
        request={"payouts": [examples.NEW_PAYOUT]},
        answer={"data": [{"index": 0, "payout": examples.DRAFT}]},
    )
    @schema.operation(
        "createPayoutIntents", "Payouts", "Create many payouts", answers=BULK_ANSWER,
        body=serializers.BulkRequest,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        rows = serializers.rows(request.data)
        return Response({"data": created(self.caller, rows)})


def created(caller: Caller, rows: list[Any]) -> list[dict[str, Any]]:
    """Create what can be, and tell each row by its place: `payout` or `error`."""
    told: dict[int, dict[str, Any]] = {}
    drafts = {}
    for index, row in enumerate(rows):
        try:
            drafts[index] = serializers.new_payout(row)
        except (BillingError, ValidationError) as error:  # The row's own answer.
            told[index] = _refused(index, error)
    places = list(drafts)
    for made in services.create_many(caller, drafts.values()):
        index = places[made.index]
        if made.payout is None:
            assert made.error is not None, "a row is created or refused"
            told[index] = _refused(index, made.error)
        else:
            told[index] = {"index": index, "payout": answers.payout_json(made.payout)}
    return [told[index] for index in range(len(rows))]


def _refused(index: int, error: Exception) -> dict[str, Any]:
    known = errors.billing_error_of(error)
    assert known is not None, "what is caught above is always told"
    return {"index": index, "error": errors.envelope(known)["error"]}
