"""What the demonstration agreed on before it paid anybody: whom it pays, and who must approve."""

from django.db import transaction

from approvals import drafts, publishing, reading
from approvals.terms import RuleTerms
from billing.chains import Chain, Token
from organizations.demonstration.cast import Cast
from payouts.demonstration.payees import (
    BRIGHTSIDE,
    KOWALSKI,
    LINDQVIST,
    MARCHETTI,
    NORTHWIND,
    OYELARAN,
    TANAKA,
    Payee,
)
from payouts.models import Recipient
from payouts.recipients import acts

# The others of the stories are paid by their address alone, as somebody new is.
BOOK = (NORTHWIND, LINDQVIST, TANAKA, KOWALSKI, MARCHETTI, OYELARAN, BRIGHTSIDE)
PROPOSED = Payee(
    "Castellan Logistics", "0x5B4D3D5ACB9dE31D5BD18b1CE3ea5d8e3DbB8C13", Chain.BASE, Token.USDC
)
TWO_PEOPLE = RuleTerms(
    name="20,000 and more: two people", min_atomic=20_000_000_000, needed=2, people_only=True
)


def agree(cast: Cast) -> None:
    """Fill the address book and publish the rule; what is there already stays as it is."""
    for payee in (*BOOK, PROPOSED):
        _write_down(cast, payee)
    _publish(cast)


@transaction.atomic
def _write_down(cast: Cast, payee: Payee) -> None:
    if Recipient.objects.visible_to(cast.preparer).filter(name=payee.name).exists():
        return
    recipient = acts.create(cast.preparer, acts.NewRecipient(name=payee.name, tags=["supplier"]))
    place = acts.NewAddress(chain=payee.chain.value, address=payee.address)
    address = acts.propose(cast.preparer, recipient.id, place)
    if payee is not PROPOSED:
        acts.approve(cast.approver, address.id)


@transaction.atomic
def _publish(cast: Cast) -> None:
    admin = cast.admin
    if reading.in_force(admin.organization_id, admin.environment).policy is not None:
        return
    drafts.start(admin)
    drafts.add_rule(admin, TWO_PEOPLE)
    draft = drafts.draft_of(admin)
    assert draft is not None, "it was started above"
    publishing.publish(admin, draft.revision)
