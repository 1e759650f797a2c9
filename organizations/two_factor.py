"""The second factor of a log-in: set up, asked, taken away.

A code is judged under the lock of the authenticator's row, so that of two that come at the same
time with one code only the first gets in, and every wrong one is counted.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from billing.callers import Caller
from billing.errors import InvalidRequest, RateLimited
from events.types import EventType
from organizations import mail
from organizations.devices import DIGITS, Authenticator, RecoveryCode, digest_of, new_code, new_key
from organizations.models import Membership, Session, User
from organizations.roles import ADMINISTER_MEMBERS
from organizations.telling import tell, tell_of_failures

RECOVERY_CODES = 10
SHOWN_FOR = timedelta(minutes=15)  # A secret that was shown longer ago is replaced by another.

REMOVED = """\
{who} removed the second factor of your log-in ({email}).

Your password alone lets you in now, and you are logged out everywhere. Set up a new authenticator
app: {page}

Was this not agreed with you? Then talk to an admin of your organization at once.
"""


def authenticator_of(user: User) -> Authenticator | None:
    """The app this person proves themselves with; None where the password is all there is."""
    found: Authenticator | None = Authenticator.objects.filter(user=user, confirmed=True).first()
    return found


@transaction.atomic
def begin(user: User) -> Authenticator:
    """The app that is being set up, with a secret to be shown; a fresh one every quarter hour.

    Raises InvalidRequest where the person has an app: it must be removed first.
    """
    User.objects.select_for_update().get(id=user.id)  # Two pages at once show one secret.
    row = Authenticator.objects.filter(user=user).first()
    if row is not None and row.confirmed:
        raise InvalidRequest(
            "You have an authenticator app. Remove it first.", code="two_factor_exists"
        )
    if row is not None and row.created_at > timezone.now() - SHOWN_FOR:
        return row
    Authenticator.objects.filter(user=user).delete()
    fresh: Authenticator = Authenticator.objects.create(
        user=user, name="Authenticator app", confirmed=False, key_sealed=new_key()
    )
    return fresh


def confirm(
    user: User, code: str, *, session_key: str | None, address: str = "", at: datetime | None = None
) -> list[str]:
    """Take the app into use, since it shows the right code; returns the recovery codes, this once.

    Ends every other session of the person, which a password alone had opened, and publishes
    member.two_factor_added. Raises InvalidRequest for a wrong code, RateLimited after several.
    """
    if _judge(user, code, at or timezone.now(), confirmed=False) is None:
        raise InvalidRequest(
            "This is not the code that the app shows now. Wait for the next one and type that.",
            code="two_factor_code_wrong",
            param="code",
        )
    with transaction.atomic():
        Authenticator.objects.filter(user=user).update(confirmed=True, confirmed_at=timezone.now())
        codes = _fresh_codes(user)
        Session.objects.filter(user=user).exclude(session_key=session_key).delete()
        tell(user, EventType.MEMBER_TWO_FACTOR_ADDED, address=address)
    return codes


def check(user: User, code: str, *, address: str = "", at: datetime | None = None) -> str | None:
    """Judge a code of the app or a recovery code: "app", "recovery", or None where it is wrong.

    What fits is used up. A wrong one is told as member.log_in_failed, and after it nothing is
    looked at for a time that doubles: RateLimited.
    """
    kind = _judge(user, code, at or timezone.now(), confirmed=True)
    if kind is None:
        tell_of_failures(user, address=address, attempts=1, reason="code")
    return kind


@transaction.atomic
def renew_recovery_codes(user: User) -> list[str]:
    """New recovery codes; the old ones end. Raises InvalidRequest without an app."""
    if authenticator_of(user) is None:
        raise InvalidRequest("You have no authenticator app to recover.", code="no_two_factor")
    return _fresh_codes(user)


def recovery_codes_left(user: User) -> int:
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


@transaction.atomic
def remove(user: User, *, address: str = "", by: str = "") -> bool:
    """Take the second factor away; False where there was none. Publishes two_factor_removed."""
    gone, _ = Authenticator.objects.filter(user=user, confirmed=True).delete()
    RecoveryCode.objects.filter(user=user).delete()
    if gone:
        tell(user, EventType.MEMBER_TWO_FACTOR_REMOVED, address=address, removed_by=by or str(user))
    return bool(gone)


def reset(user: User, *, caller: Caller | None = None) -> bool:
    """Take somebody else's second factor away, log them out everywhere, and write to them.

    For whoever lost app and recovery codes. `caller` None is the operator at the command line.
    """
    if caller is not None:
        require_power_over(caller, user)
    by = caller.actor_name if caller is not None else "The operator"
    with transaction.atomic():
        is_removed = remove(user, address=caller.address if caller else "", by=by)
        Session.objects.filter(user=user).delete()
    if is_removed:
        page = f"{settings.PUBLIC_URL}/admin/account/two-factor/"
        text = REMOVED.format(who=by, email=user.email, page=page)
        mail.send(user.email, "Your second factor was removed", text)
    return is_removed


def end_sessions(user: User, *, caller: Caller) -> int:
    """Log somebody out of every browser; returns of how many. Refused as `reset` is."""
    require_power_over(caller, user)
    ended: int = Session.objects.filter(user=user).delete()[0]
    return ended


def require_power_over(caller: Caller, user: User) -> None:
    """Refuse an admin who would weaken the log-in of somebody who is not theirs alone.

    The same log-in opens every organization of a person, and anybody can be made a member.
    """
    caller.require(ADMINISTER_MEMBERS)
    places = set(Membership.objects.filter(user=user).values_list("organization_id", flat=True))
    if user.is_superuser or places != {caller.organization_id}:
        raise InvalidRequest(
            f"{user} does not belong to this organization alone, so its admins do not decide over "
            "this log-in. Ask the operator.",
            code="not_yours_alone",
        )


@transaction.atomic
def _judge(user: User, code: str, at: datetime, *, confirmed: bool) -> str | None:
    rows = Authenticator.objects.select_for_update().filter(user=user, confirmed=confirmed)
    row: Authenticator | None = rows.first()
    if row is None:
        return None
    is_allowed, why = row.verify_is_allowed()
    if not is_allowed:
        seconds = max(1, int((why["locked_until"] - timezone.now()).total_seconds()) + 1)
        raise RateLimited(
            f"Too many wrong codes. The next one is looked at in {_span(seconds)}.",
            retry_after_s=seconds,
        )
    kind = _kind(row, code, at, confirmed=confirmed)
    if kind is None:
        row.throttle_increment(commit=False)
    else:
        row.throttle_reset(commit=False)
    row.save()
    return kind


def _kind(row: Authenticator, code: str, at: datetime, *, confirmed: bool) -> str | None:
    letters = "".join(code.split())
    if letters.isascii() and letters.isdecimal() and len(letters) == DIGITS:
        return "app" if row.take(letters, at) else None
    if not confirmed:
        return None
    unused = RecoveryCode.objects.filter(user=row.user, digest=digest_of(code), used_at=None)
    return "recovery" if unused.update(used_at=at) else None


def _fresh_codes(user: User) -> list[str]:
    codes = [new_code() for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, digest=digest_of(code)) for code in codes
    )
    return codes


def _span(seconds: int) -> str:
    if seconds < 60:
        return "a second" if seconds == 1 else f"{seconds} seconds"
    return f"{-(-seconds // 60)} minutes"
