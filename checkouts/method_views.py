"""/v1/payment-methods and /v1/payment-links: how the organization takes money."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from billing.api import schema
from billing.api.pagination import envelope, page
from billing.api.views import ApiView
from checkouts import examples, filters, links, methods, serializers
from checkouts.answers import link_json, method_json
from checkouts.schema import PaymentLinkSerializer, PaymentMethodSerializer


class PaymentMethods(ApiView):
    """The payment methods of the key's organization and environment, and the door to make one."""

    scopes: ClassVar = {"GET": "checkouts:read", "POST": "checkouts:write"}
    gate: ClassVar = "checkouts"

    @schema.described("Newest first, disabled ones too.", answer=examples.listed(examples.METHOD))
    @schema.operation(
        "listPaymentMethods", "Payment Methods", "List payment methods",
        query=filters.METHOD_QUERY, answers=schema.list_of(PaymentMethodSerializer), is_list=True,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        rows = filters.payment_methods(self.caller, request.query_params)
        found = page(rows, request, name="payment methods", filters=filters.METHOD_LOOKUPS)
        return Response(envelope(found, [method_json(row) for row in found.rows]))

    @schema.described(
        "Lets a token on a chain be paid to one of your wallets. The wallet must be of that chain.",
        request=examples.NEW_METHOD, answer=examples.METHOD, status=201,
    )  # fmt: skip
    @schema.operation(
        "createPaymentMethod", "Payment Methods", "Create a payment method",
        answers=PaymentMethodSerializer, body=serializers.CreatePaymentMethodRequest, status=201,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        method = methods.create(self.caller, serializers.new_method(request.data))
        return Response(method_json(method), status=201)


class OnePaymentMethod(ApiView):
    """One payment method: its rules can change, its chain, token and wallet never."""

    scopes: ClassVar = {
        "GET": "checkouts:read",
        "PATCH": "checkouts:write",
        "DELETE": "checkouts:write",
    }
    gate: ClassVar = "checkouts"

    @schema.described("Disabled or not.", answer=examples.METHOD)
    @schema.operation(
        "getPaymentMethod", "Payment Methods", "Get a payment method",
        answers=PaymentMethodSerializer,
    )  # fmt: skip
    def get(self, request: Request, id: str) -> Response:
        return Response(method_json(methods.get(self.caller, id)))

    @schema.described(
        "Changes the rules of checkouts made from now on, and disables it (`status`): the fields "
        "first, then the status, all or nothing. Chain, token and wallet never change.",
        request={"required_confirmations": 25},
        answer={
            **examples.METHOD, "required_confirmations": 25, "updated_at": "2025-06-15T10:05:00Z",
        },
    )  # fmt: skip
    @schema.operation(
        "updatePaymentMethod", "Payment Methods", "Change or disable a payment method",
        answers=PaymentMethodSerializer, body=serializers.UpdatePaymentMethodRequest,
    )  # fmt: skip
    def patch(self, request: Request, id: str) -> Response:
        method = methods.get(self.caller, id)
        changes = serializers.method_changes(request.data)
        return Response(method_json(methods.update(self.caller, method.id, changes)))

    @schema.described(
        "Disables it, for good: nothing new is paid by it. Open checkouts go on, and it can still "
        "be read."
    )
    @schema.operation(
        "disablePaymentMethod", "Payment Methods", "Disable a payment method", answers=None,
        status=204,
    )  # fmt: skip
    def delete(self, request: Request, id: str) -> Response:
        methods.disable(self.caller, id)
        return Response(status=204)


class Default(ApiView):
    """Which payment method is taken first."""

    scopes: ClassVar = {"POST": "checkouts:write"}
    gate: ClassVar = "checkouts"

    @schema.described(
        "Makes it the default, in the place of the one before. Checkouts that name no payment "
        "method take it, where it is of their chain and token.",
        answer=examples.METHOD,
    )
    @schema.operation(
        "setDefaultPaymentMethod", "Payment Methods", "Make a payment method the default",
        answers=PaymentMethodSerializer,
    )  # fmt: skip
    def post(self, request: Request, id: str) -> Response:
        return Response(method_json(methods.set_default(self.caller, id)))


class PaymentLinks(ApiView):
    """The payment links of the key's organization and environment, and the door to make one."""

    scopes: ClassVar = {"GET": "checkouts:read", "POST": "checkouts:write"}
    gate: ClassVar = "checkouts"

    @schema.described("Newest first.", answer=examples.listed(examples.LINK))
    @schema.operation(
        "listPaymentLinks", "Payment Links", "List payment links",
        answers=schema.list_of(PaymentLinkSerializer), is_list=True,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        found = page(filters.payment_links(self.caller), request, name="payment links", filters=())
        return Response(envelope(found, [link_json(row) for row in found.rows]))

    @schema.described(
        "Makes a page that you can send to anybody. Each visitor who pays there gets a checkout.",
        request=examples.NEW_LINK, answer=examples.LINK, status=201,
    )  # fmt: skip
    @schema.operation(
        "createPaymentLink", "Payment Links", "Create a payment link",
        answers=PaymentLinkSerializer, body=serializers.CreatePaymentLinkRequest, status=201,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        link = links.create(self.caller, serializers.new_link(request.data))
        return Response(link_json(link), status=201)


class OnePaymentLink(ApiView):
    """One payment link."""

    scopes: ClassVar = {"GET": "checkouts:read"}
    gate: ClassVar = "checkouts"

    @schema.described("`status` says whether it can be paid by.", answer=examples.LINK)
    @schema.operation(
        "getPaymentLink", "Payment Links", "Get a payment link", answers=PaymentLinkSerializer
    )  # fmt: skip
    def get(self, request: Request, id: str) -> Response:
        return Response(link_json(links.get(self.caller, id)))
