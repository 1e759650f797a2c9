"""GET and POST /v1/customers, GET and PATCH …/{customer_id}."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api import schema
from billing.api.pagination import envelope, page
from billing.api.views import ApiView
from customers import examples, filters, serializers, services
from customers.answers import customer_json
from customers.serializers import CustomerSerializer

_QUERY: list[Any] = [
    serializers.CustomerFilters,
    OpenApiParameter(
        "offset",
        {"type": "integer", "minimum": 0, "default": 0},
        description="How many rows to leave out first, at most 1,000,000; not beside a cursor.",
    ),
]


class Customers(ApiView):
    """The customers of the key's organization and environment, and the door to keep one more."""

    scopes: ClassVar = {"GET": "customers:read", "POST": "customers:write"}

    @schema.described(
        "Newest first. Page by `cursor`, which costs the same on every page, or by `offset`.",
        answer=examples.LISTED,
    )
    @schema.operation(
        "listCustomers", "Customers", "List customers", query=_QUERY,
        answers=schema.list_of(CustomerSerializer), is_list=True,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        query = request.query_params
        rows, offset = filters.customers(self.caller, query), filters.offset_of(query)
        found = page(rows, request, name="customers", filters=filters.NAMES, offset=offset)
        return Response(envelope(found, [customer_json(row) for row in found.rows]))

    @schema.described(
        "Keeps somebody who pays you. One e-mail address, case aside, and one external id stand "
        "for one customer: `customer_exists` names the one that has it.",
        request=examples.NEW_CUSTOMER, answer=examples.CUSTOMER, status=201,
    )  # fmt: skip
    @schema.operation(
        "createCustomer", "Customers", "Create a customer", answers=CustomerSerializer,
        body=serializers.CreateCustomerRequest, status=201,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        customer = services.create(self.caller, serializers.new_customer(request.data))
        return Response(customer_json(customer), status=201)


class OneCustomer(ApiView):
    """One customer."""

    scopes: ClassVar = {"GET": "customers:read", "PATCH": "customers:write"}

    @schema.described("As it is now.", answer=examples.CUSTOMER)
    @schema.operation(
        "getCustomer", "Customers", "Get a customer", answers=CustomerSerializer
    )  # fmt: skip
    def get(self, request: Request, customer_id: str) -> Response:
        return Response(customer_json(services.get(self.caller, customer_id)))

    @schema.described(
        "Changes what the body names; null or an empty text takes a name or an external id away.",
        request={"name": "Ada King"},
        answer={**examples.CUSTOMER, "name": "Ada King", "updated_at": "2025-06-16T09:00:00Z"},
    )
    @schema.operation(
        "updateCustomer", "Customers", "Change a customer", answers=CustomerSerializer,
        body=serializers.UpdateCustomerRequest,
    )  # fmt: skip
    def patch(self, request: Request, customer_id: str) -> Response:
        services.get(self.caller, customer_id)  # What is not there is said before what is wrong.
        changes = serializers.customer_changes(request.data)
        return Response(customer_json(services.update(self.caller, customer_id, changes)))
