"""What django.contrib.auth tells of a log-in: kept in the session, for its page and its limits."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from billing import confirming
from billing.ids import new_id
from events.types import EventType
from organizations.models import User
from organizations.sessions import LOG_IN
from organizations.telling import tell


@receiver(user_logged_in, dispatch_uid="organizations.logged_in")
def keep_log_in(request: HttpRequest, **_: Any) -> None:
    """A fresh log-in: it counts as a confirmation, and its session can be told from others."""
    request.session[LOG_IN] = {
        "id": new_id("ses"),
        "address": request.META.get("REMOTE_ADDR", "")[:64],
        "device": request.META.get("HTTP_USER_AGENT", "")[:255],
        "at": timezone.now().isoformat(),
    }
    confirming.keep(request)


@receiver(user_logged_out, dispatch_uid="organizations.logged_out")
def tell_log_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None and user.is_active:
        tell(user, EventType.MEMBER_LOGGED_OUT, address=request.META.get("REMOTE_ADDR", ""))
