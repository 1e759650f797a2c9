"""The acts on the ledger that others may call: adjust, sum up, export."""

from revenue.accounting import Accounts, accounts
from revenue.adjusting import NewAdjustment, create
from revenue.ledger import record, take_back

__all__ = ["Accounts", "NewAdjustment", "accounts", "create", "record", "take_back"]
