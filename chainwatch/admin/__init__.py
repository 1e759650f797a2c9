"""What the chains say, to be read: chains with their nodes and alarms, and transfers."""

from chainwatch.admin.chains import ChainHeadAdmin, health
from chainwatch.admin.transfers import TransferAdmin

__all__ = ["ChainHeadAdmin", "TransferAdmin", "health"]
