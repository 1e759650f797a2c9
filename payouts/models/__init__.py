"""The tables of payouts: what shall be paid, the hashes named for it, and what the chain proved."""

from payouts.models.batches import BatchItem, PayoutBatch
from payouts.models.hashes import SubmittedHash
from payouts.models.imports import ImportState, PayoutImport, PayoutImportFile, PayoutImportLine
from payouts.models.intents import PayoutIntent
from payouts.models.notes import AttachmentContent, PayoutAttachment, PayoutComment
from payouts.models.recipients import AddressBook, AddressStatus, Recipient, RecipientAddress
from payouts.models.settlements import Discrepancy, Settlement
from payouts.states import Attention, FailureCode, Outcome, ReferenceType, Status

__all__ = [
    "AddressBook",
    "AddressStatus",
    "AttachmentContent",
    "Attention",
    "BatchItem",
    "Discrepancy",
    "FailureCode",
    "ImportState",
    "Outcome",
    "PayoutAttachment",
    "PayoutBatch",
    "PayoutComment",
    "PayoutImport",
    "PayoutImportFile",
    "PayoutImportLine",
    "PayoutIntent",
    "Recipient",
    "RecipientAddress",
    "ReferenceType",
    "Settlement",
    "Status",
    "SubmittedHash",
]
