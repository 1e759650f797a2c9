"""Comments on a payout, and files attached to it: append-only, told in its timeline."""

import hashlib
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.db import IntegrityError, transaction

from billing.callers import Caller
from billing.errors import InvalidRequest, NotFound
from billing.private_keys import refuse_private_keys_in_words
from events.types import EventType
from payouts.acts.locking import locked, told
from payouts.models import AttachmentContent, PayoutAttachment, PayoutComment, PayoutIntent
from payouts.models.notes import LARGEST_FILE_BYTES, LONGEST_COMMENT

logger = logging.getLogger(__name__)

MOST_FILES = 20  # of one payout
LONGEST_NAME = 120
_ZIP = b"PK\x03\x04"
_UNFIT = re.compile(r"[\x00-\x1f\x7f/\\\u202a-\u202e\u2066-\u2069]")


def _is_text(data: bytes) -> bool:
    try:
        return "\x00" not in data.decode()
    except UnicodeDecodeError:  # Then it is none, whatever its name says.
        return False


def _begins(*heads: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(heads)


def _is_webp(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file that is taken: its media type, and how its bytes tell that it is one."""

    media_type: str
    is_it: Callable[[bytes], bool]


_OFFICE = "application/vnd.openxmlformats-officedocument"
KINDS: Final[dict[str, Kind]] = {
    "pdf": Kind("application/pdf", _begins(b"%PDF-")),
    "png": Kind("image/png", _begins(b"\x89PNG\r\n\x1a\n")),
    "jpg": Kind("image/jpeg", _begins(b"\xff\xd8\xff")),
    "jpeg": Kind("image/jpeg", _begins(b"\xff\xd8\xff")),
    "webp": Kind("image/webp", _is_webp),
    "txt": Kind("text/plain", _is_text),
    "csv": Kind("text/csv", _is_text),
    "eml": Kind("message/rfc822", _is_text),
    "xlsx": Kind(f"{_OFFICE}.spreadsheetml.sheet", _begins(_ZIP)),
    "docx": Kind(f"{_OFFICE}.wordprocessingml.document", _begins(_ZIP)),
}


@transaction.atomic
def comment(caller: Caller, payout_id: str, text: str) -> PayoutComment:
    """Say something about a payout, whatever its state; publish payout.commented.

    Raises InvalidRequest where there is nothing or too much, `private_key_refused`.
    """
    caller.require("payouts:write")
    text = text.strip()
    if not text or len(text) > LONGEST_COMMENT:
        raise InvalidRequest(f"A comment has 1 to {LONGEST_COMMENT:,} characters.", param="text")
    refuse_private_keys_in_words({"text": text})
    payout = locked(caller, payout_id)
    row = PayoutComment.objects.create(
        organization_id=caller.organization_id,
        environment=caller.environment,
        payout=payout,
        text=text,
        author_id=caller.actor_id,
        author_name=caller.actor_name,
    )
    told(caller, EventType.PAYOUT_COMMENTED, payout, comment_id=row.id, comment=text)
    logger.info("payout commented payout=%s by=%s", payout.id, caller.actor_id)
    return row


@transaction.atomic
def attach(caller: Caller, payout_id: str, name: str, data: bytes) -> PayoutAttachment:
    """Keep a file with a payout; publish payout.file_attached, which names its SHA-256.

    What kind it is its name says and its bytes must bear out. The payout's row is locked, so that
    no two calls at once exceed MOST_FILES. Raises InvalidRequest: `file_refused`,
    `file_attached_already`.
    """
    caller.require("payouts:write")
    name, kind = _checked(name, data)
    payout = locked(caller, payout_id)
    if payout.attachments.count() >= MOST_FILES:
        raise FileRefused(f"This payout has {MOST_FILES} files already, which is all it takes.")
    row = PayoutAttachment(
        organization_id=caller.organization_id,
        environment=caller.environment,
        payout=payout,
        name=name,
        media_type=kind.media_type,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        author_id=caller.actor_id,
        author_name=caller.actor_name,
    )
    _insert(row)
    AttachmentContent.objects.create(attachment=row, data=data)
    file = {"id": row.id, "name": row.name, "size": row.size, "sha256": row.sha256}
    told(caller, EventType.PAYOUT_FILE_ATTACHED, payout, file=file)
    logger.info("file attached payout=%s by=%s", payout.id, caller.actor_id)
    return row


def attachment(caller: Caller, attachment_id: str) -> tuple[PayoutAttachment, bytes]:
    """One file and its bytes, for whoever reads payouts. Raises NotFound."""
    caller.require("payouts:read")
    rows = PayoutAttachment.objects.visible_to(caller).select_related("content")
    row = rows.filter(id=attachment_id).first()
    if row is None:
        raise NotFound("attachment", attachment_id)
    return row, bytes(row.content.data)


def notes_of(payout: PayoutIntent) -> list[PayoutComment | PayoutAttachment]:
    """All that was said and attached, newest first, in two queries; no file is read."""
    found: list[PayoutComment | PayoutAttachment] = [
        *payout.comments.all(),
        *payout.attachments.all(),
    ]
    return sorted(found, key=lambda note: (note.created_at, note.id), reverse=True)


class FileRefused(InvalidRequest):
    """400: a file that is too large, empty, of another kind, or no longer taken."""

    code = "file_refused"

    def __init__(self, message: str) -> None:
        super().__init__(message, param="file")


def _checked(name: str, data: bytes) -> tuple[str, Kind]:
    """The name without what could mislead, and the kind of the file."""
    name = _UNFIT.sub("", name).strip()
    stem, _, ending = name.rpartition(".")
    kind = KINDS.get(ending.lower())
    if not stem or kind is None:
        known = ", ".join(sorted(KINDS))
        raise FileRefused(f"Only files of these kinds are kept: {known}. Convert it to one.")
    if not data:
        raise FileRefused("The file is empty. Choose another one.")
    if len(data) > LARGEST_FILE_BYTES:
        raise FileRefused(f"The file is larger than {LARGEST_FILE_BYTES // 2**20} MB.")
    if not kind.is_it(data):
        raise FileRefused(f"This is no {ending.upper()} file, though its name says so.")
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}", kind


def _insert(row: PayoutAttachment) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if "one_file_once_per_payout" not in str(error):
            raise
        raise InvalidRequest(
            "This very file is attached already. There is nothing to do.",
            code="file_attached_already",
            param="file",
        ) from None
