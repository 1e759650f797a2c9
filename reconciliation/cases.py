"""Exceptions as work: who looks after one, and what they say of it.

Each act locks first what the exception is about, as resolving and matching it do. So of two people
who take it at once the second is told of the first, and nobody is given what was just resolved.
"""

import logging

from django.db import transaction

from billing.callers import Caller
from billing.errors import InvalidRequest, NotFound
from billing.private_keys import refuse_private_keys_in_words
from events import services as events
from events.types import EventType
from organizations.models import Membership, User
from organizations.roles import EXECUTE, Role, scopes_of
from payouts.acts.locking import require_execute
from payouts.answers import payout_json, settlement_json
from payouts.models import Outcome, PayoutIntent, Settlement, Status
from reconciliation.models import LONGEST_NOTE, Case, CaseNote
from reconciliation.resolving import is_open

logger = logging.getLogger(__name__)

Subject = Settlement | PayoutIntent


@transaction.atomic
def assign(caller: Caller, subject_id: str, owner_id: str | None, *, was: str | None) -> Case:
    """Make a member the owner of an open exception, or nobody; publish exception.assigned.

    `was` is the owner whom the caller saw. Raises NotFound, InvalidRequest: `settlement_not_open`,
    `exception_owner_changed` where it is somebody else's meanwhile, `invalid_field_value` for who
    is no member that may resolve.
    """
    require_execute(caller)
    subject = locked_subject(caller, subject_id)
    if not is_exception(subject):
        message = f"{subject_id} has nothing open. Only what is open has an owner."
        raise InvalidRequest(message, code="settlement_not_open", param="subject_id")
    owner = _owner(caller, owner_id) if owner_id else None
    case = _case_of(caller, subject)
    if case.owner_id != was:
        now = f"{case.owner}'s" if case.owner else "nobody's"
        message = f"It is {now} meanwhile. Look at it again before you change that."
        raise InvalidRequest(message, code="exception_owner_changed", param="owner_id")
    if case.owner_id == owner_id:
        return case
    case.owner = owner
    case.save(update_fields=["owner", "updated_at"])
    data = {"owner_id": owner_id, "owner_name": str(owner) if owner else None}
    events.publish(caller, EventType.EXCEPTION_ASSIGNED, subject.pk, {**_told(subject), **data})
    logger.info("exception assigned subject=%s owner=%s", subject.pk, owner_id)
    return case


@transaction.atomic
def note(caller: Caller, subject_id: str, text: str) -> CaseNote:
    """Say something about an exception, also once it is resolved; publish exception.noted.

    Raises NotFound, InvalidRequest (`settlement_not_open` where it never was an exception, nothing
    or too much said), `private_key_refused`.
    """
    caller.require("payouts:write")
    text = text.strip()
    if not text or len(text) > LONGEST_NOTE or "\x00" in text:
        raise InvalidRequest(f"A note has 1 to {LONGEST_NOTE:,} characters.", param="text")
    refuse_private_keys_in_words({"text": text})
    subject = locked_subject(caller, subject_id)
    if not is_exception(subject) and not was_exception(subject):
        message = f"{subject_id} is as it was meant. Notes are for what is not."
        raise InvalidRequest(message, code="settlement_not_open", param="subject_id")
    row = CaseNote.objects.create(
        organization_id=caller.organization_id,
        environment=caller.environment,
        case=_case_of(caller, subject),
        text=text,
        author_id=caller.actor_id,
        author_name=caller.actor_name,
    )
    data = {**_told(subject), "note_id": row.id, "note": text}
    events.publish(caller, EventType.EXCEPTION_NOTED, subject.pk, data)
    return row


def subject_of(caller: Caller, subject_id: str) -> Subject:
    """Return the settlement or the payout of that id. Raises NotFound."""
    return _subject(caller, subject_id, is_locked=False)


def locked_subject(caller: Caller, subject_id: str) -> Subject:
    """The same, its row locked until the transaction ends."""
    return _subject(caller, subject_id, is_locked=True)


def is_exception(subject: Subject) -> bool:
    """Whether it waits for a person: an open settlement, or an unknown outcome."""
    if isinstance(subject, Settlement):
        return is_open(subject)
    is_unknown = subject.status == Status.FAILED and subject.outcome == Outcome.UNKNOWN
    return is_unknown and subject.settlement_id is None


def was_exception(subject: Subject) -> bool:
    """Whether it waited for a person once: it was resolved, or somebody took it or wrote of it."""
    if isinstance(subject, Settlement) and subject.resolved_at is not None:
        return True
    return Case.objects.filter(**{_field(subject): subject}).exists()


def case_of(subject: Subject) -> Case | None:
    """Whose it is; None where nobody took it nor said anything."""
    found: Case | None = (
        Case.objects.filter(**{_field(subject): subject}).select_related("owner").first()
    )
    return found


def possible_owners(caller: Caller) -> list[User]:
    """The members who may resolve, by name."""
    allowed = [role for role in Role.values if EXECUTE in scopes_of(role)]
    members = Membership.objects.filter(
        organization_id=caller.organization_id, role__in=allowed, user__is_active=True
    ).select_related("user")
    return sorted((each.user for each in members), key=lambda user: (str(user).lower(), user.pk))


def _owner(caller: Caller, owner_id: str) -> User:
    found = next((user for user in possible_owners(caller) if user.pk == owner_id), None)
    if found is None:
        raise InvalidRequest(
            "The owner must be a member whose role resolves exceptions: operator or admin.",
            param="owner_id",
        )
    return found


def _case_of(caller: Caller, subject: Subject) -> Case:
    """The case, made where there is none; under the subject's lock nobody else makes it."""
    case, _ = Case.objects.select_related("owner").get_or_create(
        **{_field(subject): subject},
        defaults={
            "organization_id": caller.organization_id,
            "environment": caller.environment,
        },
    )
    return case


def _subject(caller: Caller, subject_id: str, *, is_locked: bool) -> Subject:
    table: type[Subject] = PayoutIntent if subject_id.startswith("po_") else Settlement
    rows = table.objects.visible_to(caller)
    rows = rows.select_for_update() if is_locked else rows
    found: Subject | None = rows.filter(pk=subject_id).first()
    if found is None:
        raise NotFound("payout" if table is PayoutIntent else "settlement", subject_id)
    return found


def _field(subject: Subject) -> str:
    return "settlement" if isinstance(subject, Settlement) else "payout"


def _told(subject: Subject) -> dict[str, object]:
    if isinstance(subject, Settlement):
        return dict(settlement_json(subject))
    return dict(payout_json(subject))
