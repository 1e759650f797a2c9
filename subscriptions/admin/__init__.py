"""Subscriptions in the admin."""

from subscriptions.admin.of_customer import subscriptions_of

__all__ = ["subscriptions_of"]
