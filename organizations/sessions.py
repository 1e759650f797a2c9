"""Sessions that know whose they are: a page of one's own, and an end to any of them at once.

The engine is Django's for the database, with a table of ours (its documentation, "Extending
database-backed session engines"). Named by SESSION_ENGINE.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime

if TYPE_CHECKING:
    from organizations.models import User

IDLE_FOR = timedelta(hours=1)  # Without a page for so long, a browser was left alone.
SEEN_EVERY = timedelta(minutes=1)
LOG_IN = "log_in"  # In the session: {"id", "address", "device", "at"} of the log-in that began it.

# What a browser says of itself, the narrower mark first: Edge and Chrome say "Safari" as well.
_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


class Session(AbstractBaseSession):
    """One browser. Its person and where they logged in stand beside the data; without them it is

    somebody who has not logged in. Written by the engine; deleted when it is ended.
    """

    # Not unique: while its key is renewed, a session stands here twice, and Django's engine would
    # try for ever to make the second.
    public_id = models.CharField(max_length=40, null=True, db_index=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="sessions"
    )
    address = models.CharField(max_length=64, blank=True, default="")
    device = models.CharField(max_length=255, blank=True, default="")
    began_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta(AbstractBaseSession.Meta):
        indexes: ClassVar = [
            # Serves: the sessions of a person, and their end.
            models.Index(fields=["user", "-seen_at"], name="session_of_person")
        ]

    @property
    def device_words(self) -> str:
        """The browser in words that its owner knows it by: `Firefox on Windows`."""
        browser = next((word for mark, word in _BROWSERS if mark in self.device), "")
        system = next((word for mark, word in _SYSTEMS if mark in self.device), "")
        if browser and system:
            return f"{browser} on {system}"
        return browser or system or self.device[:60] or "unknown"

    @classmethod
    def get_session_store_class(cls) -> type["SessionStore"]:
        return SessionStore


class SessionStore(DatabaseStore):
    """Django's engine on our table."""

    row: Session | None = None  # As it was read for this request.

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _get_session_from_db(self) -> Session | None:
        self.row = super()._get_session_from_db()  # type: ignore[misc]  # its types leave it out
        return self.row

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = super().create_model_instance(data)
        assert isinstance(row, Session), "get_model_class says so"
        log_in = data.get(LOG_IN, {})
        row.public_id = log_in.get("id")
        row.user = None
        if user_id := data.get("_auth_user_id"):
            row.user_id = user_id
        row.address, row.device = log_in.get("address", ""), log_in.get("device", "")
        row.began_at = parse_datetime(log_in.get("at", ""))
        return row


def is_open(row: Session, user: "User") -> bool:
    """Whether its browser would still be let in: not too old, not idle, and of this password."""
    now, data = timezone.now(), row.get_decoded()
    return (
        row.expire_date > now
        and not has_ended(row)
        and data.get("_auth_user_hash") == user.get_session_auth_hash()
    )


def has_ended(row: Session) -> bool:
    """Whether it was left alone, or began, too long ago. Each page makes the cookie last anew."""
    now = timezone.now()
    oldest = now - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    return row.seen_at < now - IDLE_FOR or (row.began_at is not None and row.began_at < oldest)


def note_seen(row: Session) -> None:
    """Remember that the browser asked for a page, at most once a minute."""
    now = timezone.now()
    if row.seen_at < now - SEEN_EVERY:
        Session.objects.filter(pk=row.pk).update(seen_at=now)


def forget_ended() -> int:
    """Delete what lets nobody in any more; returns how many sessions."""
    now = timezone.now()
    oldest = now - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    ended = (
        models.Q(expire_date__lt=now)
        | models.Q(user__isnull=False, seen_at__lt=now - IDLE_FOR)
        | models.Q(began_at__lt=oldest)
    )
    return Session.objects.filter(ended).delete()[0]
