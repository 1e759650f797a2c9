"""GET and POST /v1/checkouts, GET …/{checkout_id}, GET …/status, POST …/cancel."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from billing.api import schema
from billing.api.pagination import envelope, page
from billing.api.views import ApiView
from checkouts import answers, examples, filters, serializers, services
from checkouts.schema import CheckoutSerializer, CheckoutStatusSerializer


class Checkouts(ApiView):
    """All checkouts of the key's organization and environment, and the door to make one more."""

    scopes: ClassVar = {"GET": "checkouts:read", "POST": "checkouts:write"}
    gate: ClassVar = "checkouts"

    @schema.described(
        "Newest first. Filters can be combined.", answer=examples.listed(examples.CONFIRMED)
    )
    @schema.operation(
        "listCheckouts", "Checkouts", "List checkouts", query=filters.CHECKOUT_QUERY,
        answers=schema.list_of(CheckoutSerializer), is_list=True,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        query = request.query_params
        rows = filters.checkouts(self.caller, query)
        named = [*filters.CHECKOUT_LOOKUPS, *filters.metadata_words(query)]
        found = page(rows, request, name="checkouts", filters=named)
        return Response(envelope(found, answers.checkouts_json(found.rows)))

    @schema.described(
        "Asks a customer to pay: send them to `hosted_url`, or show `deposit_address` and "
        "`amount_usd` yourself. The money goes to your own wallet. In the sandbox a payment "
        "method is made where there is none.",
        request=examples.NEW_CHECKOUT, answer=examples.PENDING, status=201,
    )  # fmt: skip
    @schema.operation(
        "createCheckout", "Checkouts", "Create a checkout", answers=CheckoutSerializer,
        body=serializers.CreateCheckoutRequest, status=201,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        checkout = services.create(self.caller, serializers.new_checkout(request.data))
        return Response(answers.checkout_json(checkout, payments=(), heads={}), status=201)


class OneCheckout(ApiView):
    """One checkout, with what came for it."""

    scopes: ClassVar = {"GET": "checkouts:read"}
    gate: ClassVar = "checkouts"

    @schema.described("With its `payments`, oldest first.", answer=examples.CONFIRMED)
    @schema.operation(
        "getCheckout", "Checkouts", "Get a checkout", answers=CheckoutSerializer
    )  # fmt: skip
    def get(self, request: Request, checkout_id: str) -> Response:
        checkout, heads = filters.checkout_and_heads(self.caller, checkout_id)
        return Response(answers.checkout_json(checkout, heads=heads))


class CheckoutStatus(ApiView):
    """How far one checkout has come, cheaply."""

    scopes: ClassVar = {"GET": "checkouts:read"}
    gate: ClassVar = "checkouts"

    @schema.described(
        "For polling. Wait `polling_interval_ms` before you ask again: about as often as its chain "
        "is read while something is on its way, a second more while nothing has come, and 30 "
        "seconds once it is confirmed, expired or failed. A webhook is told without being asked.",
        answer=examples.STATUS,
    )
    @schema.operation(
        "getCheckoutStatus", "Checkouts", "Get a checkout's status",
        answers=CheckoutStatusSerializer,
    )  # fmt: skip
    def get(self, request: Request, checkout_id: str) -> Response:
        checkout, heads = filters.checkout_and_heads(self.caller, checkout_id)
        return Response(answers.status_json(checkout, heads))


class Cancel(ApiView):
    """The end of a checkout that is not waited for any longer."""

    scopes: ClassVar = {"POST": "checkouts:write"}
    gate: ClassVar = "checkouts"

    @schema.described(
        "Expires a pending checkout at once, if nothing was paid yet. What comes after all is told "
        "as a late payment.",
        answer=examples.CANCELED,
    )
    @schema.operation(
        "cancelCheckout", "Checkouts", "Cancel a checkout", answers=CheckoutSerializer
    )  # fmt: skip
    def post(self, request: Request, checkout_id: str) -> Response:
        checkout = services.cancel(self.caller, checkout_id)
        return Response(answers.checkout_json(checkout))
