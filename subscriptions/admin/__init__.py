"""Subscriptions in the admin; Django finds what registers itself here."""

from subscriptions.admin import entitlements as entitlements
from subscriptions.admin import plans as plans
from subscriptions.admin import renewals as renewals
from subscriptions.admin import settings as settings
from subscriptions.admin import subscriptions as subscriptions
from subscriptions.admin.of_customer import subscriptions_of

__all__ = ["entitlements", "plans", "renewals", "settings", "subscriptions", "subscriptions_of"]
