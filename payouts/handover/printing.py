"""A batch on paper: every payment in words, with the code that a wallet on a phone can read."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.safestring import SafeString

from billing import qr
from billing.callers import Caller
from billing.chains import Chain, decimals
from billing.money import display
from events import services as events
from events.types import EventType
from payouts.acts.locking import require_execute
from payouts.batch_answers import batch_json
from payouts.handover import eip681
from payouts.handover.lines import Line
from payouts.handover.packing import (
    files_in,
    gone_from,
    line_of,
    part_of,
    readable_batch,
)
from payouts.handover.totals import Total, totals_of
from payouts.models import PayoutBatch, PayoutIntent, Status

ON_A_SHEET = 100  # payments: a code is some kilobytes


@dataclass(frozen=True, slots=True)
class Printed:
    """One payment. `code` is None where there is nothing to sign with it: paid, or the sandbox."""

    number: int
    line: Line
    amount: str
    chain: str
    name: str
    reference: str
    state: str
    code: SafeString | None
    code_says: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """So many payments of a batch, and the totals of all of it."""

    payments: list[Printed]
    totals: list[Total]
    page: int
    pages: int

    @property
    def is_last(self) -> bool:
        return self.page == self.pages


@transaction.atomic
def printed(caller: Caller, batch_id: str, *, page: int = 1) -> Sheet:
    """Return a sheet of the batch, checked and recorded as a download is; `page` counts from 1.

    A page beyond the last is the last. Raises NotFound, BatchVoided (410), ApprovalMismatch.
    """
    require_execute(caller)
    batch, payouts = readable_batch(caller, batch_id)
    pages = -(-len(payouts) // ON_A_SHEET)
    page = min(max(page, 1), pages)
    first = (page - 1) * ON_A_SHEET
    links = _codes(batch, payouts)
    told = {**batch_json(batch), "file": "print", "page": page}
    events.publish(caller, EventType.PAYOUT_BATCH_DOWNLOADED, batch.id, told)
    rows = payouts[first : first + ON_A_SHEET]
    payments = [
        _printed(number, payout, links.get(payout.id))
        for number, payout in enumerate(rows, first + 1)
    ]
    return Sheet(payments, totals_of(payouts), page, pages)


def _codes(batch: PayoutBatch, payouts: list[PayoutIntent]) -> dict[str, tuple[str, str]]:
    """What the code of each payment holds, and what that is in words."""
    if batch.environment == "sandbox":
        return {}
    codes = {}
    for file in files_in(payouts):
        if file.format.is_joint or gone_from(payouts, file) is not None:
            continue
        part = part_of(batch, payouts, file)
        for line in part.lines:
            codes[line.payout_id] = (
                (line.recipient, "the address alone")
                if line.chain == Chain.TRON
                else (eip681.link(part, line), "token, recipient and amount")
            )
    return codes


def _printed(number: int, payout: PayoutIntent, code: tuple[str, str] | None) -> Printed:
    return Printed(
        number=number,
        line=line_of(payout),
        amount=display(payout.amount_atomic, decimals(payout.chain, payout.token)),
        chain=str(Chain(payout.chain).label),
        name=payout.recipient_name or "",
        reference=payout.reference_id or "",
        state="" if payout.status == Status.PENDING_EXECUTION else str(payout.status),
        code=qr.svg(code[0]) if code else None,
        code_says=code[1] if code else "",
    )
