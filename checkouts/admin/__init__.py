"""Being paid, for people: checkouts and what came in, payment methods, links, branding."""

from checkouts.admin.branding import BrandingAdmin
from checkouts.admin.checkouts import CheckoutAdmin
from checkouts.admin.links import PaymentLinkAdmin
from checkouts.admin.methods import PaymentMethodAdmin
from checkouts.admin.of_customer import checkouts_of
from checkouts.admin.payments import PaymentAdmin

__all__ = [
    "BrandingAdmin",
    "CheckoutAdmin",
    "PaymentAdmin",
    "PaymentLinkAdmin",
    "PaymentMethodAdmin",
    "checkouts_of",
]
