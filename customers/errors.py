"""What an act on customers can be refused for."""

from billing.errors import InvalidRequest

_CALLED = {"email": "e-mail address", "external_id": "external id"}


class CustomerExists(InvalidRequest):
    """400: another customer has this e-mail address or this external id; `param` says which."""

    code = "customer_exists"

    def __init__(self, param: str, customer_id: str | None) -> None:
        who = f"Customer {customer_id}" if customer_id else "Another customer"
        super().__init__(
            f"{who} has this {_CALLED[param]} already. Use or change that one, or give another.",
            param=param,
        )
