"""Heads of the sealed chains, written outside the database: proof of how far it had come.

Who may write the whole database may put back an older state of it, head and all, and no key helps:
that head was genuine once. A head that was noted elsewhere shows it. One line of JSON each,
appended to AUDIT_HEAD_FILE and written to the log.
"""

import json
import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings
from django.db.models import F

from billing.errors import InvalidRequest
from billing.times import iso
from events.models import SealHead

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One head as it was: event number `sequence` had the link `digest` (hex)."""

    organization_id: str
    environment: str
    sequence: int
    digest: str
    sealed_at: str
    begun_at: str


def tell() -> int:
    """Append every head that moved since it was last written; returns how many.

    A line may be written twice where two workers do it at once, or one is killed: that is harmless.
    Raises OSError where the file cannot be written; the heads then stay due.
    """
    moved = list(SealHead.objects.filter(sequence__gt=F("told_sequence")).order_by("id"))
    if not moved:
        return 0
    _append([receipt_of(head) for head in moved])
    for head in moved:
        told = SealHead.objects.filter(pk=head.pk, told_sequence__lt=head.sequence)
        told.update(told_sequence=head.sequence)
        logger.info(
            "audit head organization=%s environment=%s sequence=%d digest=%s",
            *(head.organization_id, head.environment, head.sequence, head.digest),
        )
    return len(moved)


def receipt_of(head: SealHead) -> Receipt:
    return Receipt(
        head.organization_id,
        head.environment,
        head.sequence,
        head.digest,
        iso(head.updated_at),
        iso(head.begun_at),
    )


def line_of(receipt: Receipt) -> str:
    """The receipt as one line of a file."""
    return json.dumps(asdict(receipt))


def read(path: Path) -> Iterator[Receipt]:
    """The receipts of a file. Raises InvalidRequest where it cannot be read or a line is none."""
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{path} cannot be read: {error}.") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _receipt(path, number, line)


def _receipt(path: Path, number: int, line: str) -> Receipt:
    try:
        said = json.loads(line)
        receipt = Receipt(**{name: said[name] for name in Receipt.__slots__})
        if not (isinstance(receipt.sequence, int) and len(bytes.fromhex(receipt.digest)) == 32):
            raise ValueError("no sequence or no digest")
    except (ValueError, TypeError, KeyError) as error:
        raise InvalidRequest(
            f"{path}, line {number}, is no head of the audit trail. Give a file as "
            "AUDIT_HEAD_FILE or verify_audit --print-head write it."
        ) from error
    return receipt


def _append(receipts: Iterable[Receipt]) -> None:
    """Each line whole and on the disk, also where several processes append."""
    text = "".join(f"{line_of(receipt)}\n" for receipt in receipts)
    settings.AUDIT_HEAD_FILE.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(settings.AUDIT_HEAD_FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, text.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
