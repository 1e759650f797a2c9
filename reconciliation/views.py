"""GET /v1/payouts/reconciliation."""

from datetime import datetime
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api import schema
from billing.api.views import ApiView
from billing.errors import InvalidRequest
from billing.fields import AwareDateTimeField
from reconciliation import services
from reconciliation.answers import summary_json
from reconciliation.schema import EXAMPLE, SummarySerializer


class RangeFilters(serializers.Serializer[Any]):
    """Query: payouts by `created_at`, unexpected settlements by block time."""

    to = AwareDateTimeField(required=False, help_text="Exclusive. Left out: no end.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add `from`, which Python keeps for itself."""
        since = AwareDateTimeField(required=False, help_text="Inclusive. Left out: no beginning.")
        return {"from": since, **super().get_fields()}


RANGE = RangeFilters()
QUERY: list[Any] = [RangeFilters]  # The document unfolds it into one parameter per field.


class Reconciliation(ApiView):
    """Do payouts and settlements agree?"""

    scopes: ClassVar = {"GET": "payouts:read"}
    gate: ClassVar = "reconciliation"

    @schema.described(
        "What was intended beside what the chain proved, for a range or for all, from one "
        "snapshot. Drafts, canceled payouts and failed ones whose money did not move are no part.",
        answer=EXAMPLE,
    )
    @schema.operation(
        "getReconciliationSummary", "Payouts", "Reconcile", answers=SummarySerializer,
        query=QUERY,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        caller, (since, until) = self.caller, asked_range(request)
        books = services.summary(caller.organization_id, caller.environment.value, since, until)
        return Response(summary_json(books))


def asked_range(request: Request) -> tuple[datetime | None, datetime | None]:
    """Return `from` and `to` of the query. Raises for what is no time, or an empty range."""
    query = request.query_params
    asked = RANGE.run_validation({name: query[name] for name in ("from", "to") if name in query})
    since, until = asked.get("from"), asked.get("to")
    if since and until and since >= until:
        raise InvalidRequest("from must be earlier than to.", param="from")
    return since, until
