"""Customers as every answer and event writes them."""

from typing import Any

from billing.times import iso
from customers.models import Customer


def customer_json(customer: Customer) -> dict[str, Any]:
    """Return the customer: the contract's fields, then ours.

    `customer_id` is the same as `id`, for the published clients that read it by that name.
    """
    return {
        "id": customer.id,
        "org_id": customer.organization_id,
        "email": customer.email,
        "name": customer.name,
        "external_id": customer.external_id,
        "metadata": customer.metadata,
        "environment": customer.environment,
        "created_at": iso(customer.created_at),
        "updated_at": iso(customer.updated_at),
        "customer_id": customer.id,
    }
