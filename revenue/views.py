"""GET /v1/revenue/events, GET …/accounting, GET and POST …/adjustments."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from billing.api import schema
from billing.api.pagination import NewestFirst, envelope, page
from billing.api.views import ApiView
from revenue import answers, examples, filters, serializers, services
from revenue.schema import AccountsSerializer, AdjustmentSerializer, RevenueEventSerializer

ORDER = NewestFirst("occurred_at")


class RevenueEvents(ApiView):
    """The lines of the ledger."""

    scopes: ClassVar = {"GET": "revenue:read"}
    gate: ClassVar = "checkouts"

    @schema.described(
        "What was earned, given back and paid out, newest first by `occurred_at`. Lines are "
        "written with what causes them and never edited: what a reorganization takes back has a "
        "line of its own. Filters can be combined.",
        answer=examples.listed(examples.LINE),
    )
    @schema.operation(
        "listRevenueEvents", "Revenue", "List revenue events", query=filters.EVENT_QUERY,
        answers=schema.list_of(RevenueEventSerializer), is_list=True,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        rows = filters.events(self.caller, request.query_params)
        named = filters.EVENT_LOOKUPS
        found = page(rows, request, name="revenue events", filters=named, order=ORDER)
        return Response(envelope(found, [answers.line_json(row) for row in found.rows]))


class Accounting(ApiView):
    """The ledger, summed up."""

    scopes: ClassVar = {"GET": "revenue:read"}
    gate: ClassVar = "checkouts"

    @schema.described(
        "By month or week of a time zone, newest first, with the totals of all of them beside.",
        answer=examples.ACCOUNTS,
    )
    @schema.operation(
        "listAccountingPeriods", "Revenue", "Sum up revenue", query=filters.ACCOUNTING_QUERY,
        answers=AccountsSerializer,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        asked = filters.asked(request.query_params)
        found = services.accounts(
            self.caller, every=asked.every, zone=asked.zone, since=asked.since, until=asked.until
        )
        return Response(answers.accounts_json(found))


class Adjustments(ApiView):
    """What was booked by hand, and the door to book more."""

    scopes: ClassVar = {"GET": "revenue:read", "POST": "revenue:write"}
    gate: ClassVar = "checkouts"

    @schema.described("Newest first.", answer=examples.listed(examples.ADJUSTMENT))
    @schema.operation(
        "listAdjustments", "Revenue", "List adjustments", query=filters.ADJUSTMENT_QUERY,
        answers=schema.list_of(AdjustmentSerializer), is_list=True,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        rows = filters.adjustments(self.caller, request.query_params)
        found = page(rows, request, name="adjustments", filters=["type"])
        return Response(envelope(found, [answers.adjustment_json(row) for row in found.rows]))

    @schema.described(
        "Writes a line of the ledger, for good: a mistake is countered by another adjustment. A "
        "`refund` says that you sent a customer money back; nothing is sent by this.",
        request=examples.NEW_ADJUSTMENT, answer=examples.ADJUSTMENT, status=201,
    )  # fmt: skip
    @schema.operation(
        "createAdjustment", "Revenue", "Book an adjustment", answers=AdjustmentSerializer,
        body=serializers.CreateAdjustmentRequest, status=201,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        adjustment = services.create(self.caller, serializers.new_adjustment(request.data))
        return Response(answers.adjustment_json(adjustment), status=201)
