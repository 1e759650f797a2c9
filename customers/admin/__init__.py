"""Customers in the admin."""

from customers.admin import customers

__all__ = ["customers"]
