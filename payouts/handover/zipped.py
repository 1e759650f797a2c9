"""A whole pack as one archive, with a page that says what is in it."""

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence

from billing.chains import Chain
from billing.times import iso
from payouts.handover.totals import totals_of
from payouts.models import PayoutBatch, PayoutIntent

_READ_ME = "READ-ME.txt"


def write(
    batch: PayoutBatch,
    payouts: Sequence[PayoutIntent],
    files: Mapping[str, bytes],
    refused: Mapping[str, str],
) -> bytes:
    """Return the archive. The same files make the same bytes, whenever they are packed."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in {_READ_ME: _words(batch, payouts, files, refused), **files}.items():
            entry = zipfile.ZipInfo(name, date_time=batch.created_at.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, content)
    return archive.getvalue()


def _words(
    batch: PayoutBatch,
    payouts: Sequence[PayoutIntent],
    files: Mapping[str, bytes],
    refused: Mapping[str, str],
) -> bytes:
    lines = [
        f"Payout batch {batch.id} ({batch.environment})",
        f"Handed over by {batch.handed_over_by_name}, {iso(batch.created_at)}",
        f"Digest {batch.digest}",
        "",
        "Compare this digest with the one on the batch's page before you sign. Sign each payment",
        "in one way only: the files of a chain are the same payments in several formats.",
        "",
        "In the whole batch:",
        *(
            f"  {total.payouts} x, {total.words} {total.token} on {Chain(total.chain).label}"
            for total in totals_of(payouts)
        ),
        "",
        "Files (SHA-256):",
        *(f"  {hashlib.sha256(content).hexdigest()}  {name}" for name, content in files.items()),
    ]
    if refused:
        lines += ["", "Left out:", *(f"  {name}: {why}" for name, why in refused.items())]
    return "\n".join([*lines, ""]).encode()
