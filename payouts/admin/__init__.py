"""Payouts and settlements in the admin."""

from payouts.admin.intents import PayoutAdmin
from payouts.admin.settlements import SettlementAdmin

__all__ = ["PayoutAdmin", "SettlementAdmin"]
