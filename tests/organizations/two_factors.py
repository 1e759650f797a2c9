"""Apps and codes for tests: what a phone would show at a moment."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django_otp.oath import TOTP

from organizations import two_factor
from organizations.devices import STEP_S, Authenticator
from organizations.models import User

NOON = datetime(2026, 3, 4, 12, 0, 0, tzinfo=UTC)  # A step begins here.


def shown(user: User, at: datetime) -> str:
    """What the person's app shows at that time."""
    totp = TOTP(Authenticator.objects.get(user=user).key)
    totp.time = at.timestamp()
    return f"{totp.token():06d}"


def with_app(user: User) -> list[str]:
    """Give the person an app, set up yesterday; returns the recovery codes."""
    yesterday = timezone.now() - timedelta(days=1)
    two_factor.begin(user)
    return two_factor.confirm(user, shown(user, yesterday), session_key=None, at=yesterday)


def fresh_code(user: User) -> str:
    """A code that is taken now, whatever was taken before: the one of the next step."""
    return shown(user, timezone.now() + timedelta(seconds=STEP_S - 1))
