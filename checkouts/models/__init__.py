"""The tables of checkouts: what shall be paid to the organization, how, and what came in."""

from checkouts.models.amounts import AskedAmount
from checkouts.models.branding import Branding
from checkouts.models.intents import Checkout
from checkouts.models.links import PaymentLink
from checkouts.models.methods import PaymentMethod
from checkouts.models.payments import Payment
from checkouts.states import MethodStatus, PaymentKind, PaymentResolution, Purpose, Status

__all__ = [
    "AskedAmount",
    "Branding",
    "Checkout",
    "MethodStatus",
    "Payment",
    "PaymentKind",
    "PaymentLink",
    "PaymentMethod",
    "PaymentResolution",
    "Purpose",
    "Status",
]
