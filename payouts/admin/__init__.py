"""Payouts, batches and settlements in the admin."""

from payouts.admin.addresses import RecipientAddressAdmin
from payouts.admin.batches import PayoutBatchAdmin
from payouts.admin.imports import PayoutImportAdmin
from payouts.admin.intents import PayoutAdmin
from payouts.admin.recipients import RecipientAdmin
from payouts.admin.settlements import SettlementAdmin

__all__ = [
    "PayoutAdmin",
    "PayoutBatchAdmin",
    "PayoutImportAdmin",
    "RecipientAddressAdmin",
    "RecipientAdmin",
    "SettlementAdmin",
]
