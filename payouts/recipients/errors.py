"""What an act on the address book can be refused for."""

from datetime import datetime

from billing.errors import InvalidRequest
from billing.times import iso


class RecipientNotUsable(InvalidRequest):
    """400: money cannot be sent to a recipient by name on this chain, or not yet."""

    code = "recipient_not_usable"

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name} cannot be paid by name: {why}", param="recipient_id")


class AddressNotProposed(InvalidRequest):
    """400: the address was decided about already, or is archived."""

    code = "address_not_proposed"

    def __init__(self, address_id: str, status: str) -> None:
        super().__init__(
            f"Address {address_id} is {status}. Only a proposed one can be approved or rejected; "
            "propose it anew where it is right after all.",
            param="status",
        )


class RecipientArchived(InvalidRequest):
    """400: the recipient is archived, which is final."""

    code = "recipient_archived"

    def __init__(self, recipient_id: str) -> None:
        super().__init__(
            f"Recipient {recipient_id} is archived, which is final. Make a new one.",
            param="recipient_id",
        )


class AddressKnown(InvalidRequest):
    """400: the address is in the book already, proposed or approved."""

    code = "address_already_known"

    def __init__(self, recipient_name: str) -> None:
        super().__init__(
            f"The address book has this address on this chain already, for {recipient_name}. "
            "Archive it there first, or use that recipient.",
            param="address",
        )


class RecipientNameTaken(InvalidRequest):
    """400: another recipient has this name."""

    code = "recipient_name_taken"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Another recipient is called {name}. Use that one, or a name that tells them apart.",
            param="name",
        )


def until(usable_at: datetime) -> str:
    """Why an approved address has to wait, for RecipientNotUsable."""
    return (
        f"its address is new and is cooling down until {iso(usable_at)}. Wait until then, or give "
        "the address itself."
    )
