"""What the rules of a policy are told of a recipient: in the address book, paid before, or new."""

from collections.abc import Sequence

from approvals.models import RecipientIs
from payouts.models import PayoutIntent
from payouts.recipients.standing import Standing, standings


def rating(standing: Standing) -> str:
    """The word of a policy's condition. One that is still cooling down is not in the book yet."""
    if standing.is_usable:
        return RecipientIs.ADDRESS_BOOK.value
    return RecipientIs.KNOWN.value if standing.was_paid else RecipientIs.NEW.value


def ratings(payouts: Sequence[PayoutIntent]) -> dict[str, str]:
    """The rating of each payout's recipient, by the payout's id, in one query.

    The payouts are of one organization and environment.
    """
    if not payouts:
        return {}
    first = payouts[0]
    places = {payout.id: (payout.chain, payout.recipient_address) for payout in payouts}
    found = standings(first.organization_id, first.environment, places.values())
    return {payout_id: rating(found[place]) for payout_id, place in places.items()}
