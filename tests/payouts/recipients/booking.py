"""How tests put recipients and addresses into the book."""

from payouts.models import Recipient, RecipientAddress
from payouts.recipients import acts
from payouts.recipients.acts import NewAddress, NewRecipient
from payouts.recipients.book import set_cool_down
from tests.payouts.making import RECIPIENT, People

# Both begin and end like RECIPIENT, and are other addresses.
LOOKALIKE = "0x861711111111111111111111111111111111070D"
SECOND_LOOKALIKE = "0x861722222222222222222222222222222222070d"


def a_recipient(people: People, name: str = "Acme Supplies") -> Recipient:
    return acts.create(people.preparer, NewRecipient(name))


def proposed(
    people: People,
    address: str = RECIPIENT,
    *,
    chain: str = "arbitrum",
    recipient: Recipient | None = None,
    confirm_lookalike: bool = False,
) -> RecipientAddress:
    """An address that Mara proposed."""
    recipient = recipient or a_recipient(people)
    draft = NewAddress(chain, address, confirm_lookalike)
    return acts.propose(people.preparer, recipient.id, draft)


def cooling(
    people: People, address: str = RECIPIENT, *, recipient: Recipient | None = None
) -> RecipientAddress:
    """One that Jon approved just now: it waits 24 hours."""
    return acts.approve(people.approver, proposed(people, address, recipient=recipient).id)


def usable(
    people: People,
    address: str = RECIPIENT,
    *,
    recipient: Recipient | None = None,
    chain: str = "arbitrum",
) -> RecipientAddress:
    """One that can be paid by name at once, since the organization lets none wait."""
    set_cool_down(people.admin, 0)
    made = proposed(people, address, chain=chain, recipient=recipient, confirm_lookalike=True)
    return acts.approve(people.approver, made.id, confirm_lookalike=True)
