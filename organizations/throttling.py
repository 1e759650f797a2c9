"""How often a log-in may be tried: django-axes counts, this says by what and in which words.

Counted are wrong passwords within a quarter of an hour: 5 for one account from one address, 100 for
one account from anywhere, 100 from one address for any accounts. An account that does not exist is
counted like any other, so that nobody learns which do.
"""

import logging
from collections import Counter as Counted
from collections.abc import Mapping
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from axes.backends import AxesStandaloneBackend
from axes.conf import settings as axes_settings
from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt, AccessFailureLog
from django.contrib.auth.backends import ModelBackend
from django.db import transaction
from django.db.models import Max, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from organizations.models import User
from organizations.telling import tell_of_failures

logger = logging.getLogger(__name__)

# How many failures count as one against AXES_FAILURE_LIMIT: of an account from an address, of an
# account, of an address. In the order of AXES_LOCKOUT_PARAMETERS.
WEIGHTS = (1, 20, 20)
MOST = 1_000  # failures told in one pass
IPV6_PREFIX = 64  # One customer's: who has one such address has 2 ** 64 of them.


class Door(AxesStandaloneBackend, ModelBackend):  # type: ignore[misc]  # axes has no types
    """Looks at the password only where the account and the address may still try.

    Without a request it is no log-in, and nobody guesses at the command line: nothing is counted.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        if request is not None:
            AxesStandaloneBackend.authenticate(self, request, username, password, **kwargs)
        return ModelBackend.authenticate(self, request, username, password, **kwargs)


class Counter(AxesDatabaseHandler):  # type: ignore[misc]  # axes has no types
    """django-axes' counter with three limits instead of one."""

    def get_failures(
        self, request: HttpRequest, credentials: Mapping[str, Any] | None = None
    ) -> int:
        found = self.get_user_attempts(request, credentials)
        return max(
            (attempts.aggregate(n=Sum("failures_since_start"))["n"] or 0) // weight
            for attempts, weight in zip(found, WEIGHTS, strict=True)
        )

    def locked_until(
        self, request: HttpRequest, credentials: Mapping[str, Any] | None = None
    ) -> datetime:
        """When the last of the limits that are reached is over."""
        ends = [timezone.now()]
        for attempts, weight in zip(
            self.get_user_attempts(request, credentials), WEIGHTS, strict=True
        ):
            found = attempts.aggregate(n=Sum("failures_since_start"), last=Max("attempt_time"))
            if (found["n"] or 0) // weight >= axes_settings.AXES_FAILURE_LIMIT:
                ends.append(found["last"] + axes_settings.AXES_COOLOFF_TIME)
        return max(ends)

    def reset_user_attempts(
        self, request: HttpRequest, credentials: Mapping[str, Any] | None = None
    ) -> int:
        """After a log-in: what this account failed from here, and nothing else.

        Else whoever has an account of their own could guess at another's without a limit.
        """
        mine: int = self.filter_user_attempts(request, credentials)[0].delete()[0]
        return mine


def username_of(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """The account that is tried, in one spelling, so that capitals are no further tries."""
    given = credentials if credentials else request.POST
    return str(given.get("username") or "").strip().lower()[:255]


def address_of(request: HttpRequest) -> str | None:
    """The address that is counted: REMOTE_ADDR, which is the visitor's own behind TRUSTED_PROXIES

    (billing.wsgi); of an IPv6 address its network. None where there is none, as in a command.
    """
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:  # A Unix socket of a proxy that does not say whom it speaks for.
        return None
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, IPV6_PREFIX), strict=False).network_address)


def locked_out(
    request: HttpRequest,
    response: HttpResponse | None = None,
    credentials: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """429 in words, with Retry-After: the page that asked for the password, or the log-in page."""
    counter = AxesProxyHandler.get_implementation()
    left = counter.locked_until(request, credentials) - timezone.now()
    seconds = max(1, int(left.total_seconds()) + 1)
    logger.warning("log-in refused for a while address=%s", request.META.get("REMOTE_ADDR", ""))
    context = {"refusal": words_for(seconds), "site_title": "Payouts"}
    answer = render(request, "admin/locked_out.html", context, status=429)
    answer["Retry-After"] = str(seconds)
    return answer


def words_for(seconds: int) -> str:
    minutes = -(-seconds // 60)
    span = f"{seconds} seconds" if seconds < 60 else f"{minutes} minutes"
    if minutes == 1:
        span = "one minute"
    return (
        f"Too many wrong log-ins. Nothing is tried any more for {span}; then try again, or ask an "
        "admin of your organization, or the operator, to unlock you."
    )


def unlock(email: str) -> int:
    """Forget what this account failed, from everywhere; returns how many failures that were."""
    attempts = AccessAttempt.objects.filter(username=email.strip().lower())
    count: int = attempts.aggregate(n=Sum("failures_since_start"))["n"] or 0
    attempts.delete()
    return count


def is_locked(email: str) -> bool:
    """Whether this account is refused now, from some address at least."""
    since = timezone.now() - axes_settings.AXES_COOLOFF_TIME
    recent = AccessAttempt.objects.filter(username=email.lower(), attempt_time__gte=since)
    per_address = recent.order_by().values("ip_address").annotate(n=Sum("failures_since_start"))
    counts = [row["n"] for row in per_address]
    most = axes_settings.AXES_FAILURE_LIMIT
    return sum(counts) // WEIGHTS[1] >= most or any(count >= most for count in counts)


@transaction.atomic
def tell_failures() -> int:
    """Publish the wrong passwords that were counted since the last time, then forget them.

    Later and for several at once, because writing an event for an account that exists would take
    longer than for one that does not, and because the trail is for good: who guesses a thousand
    times must not fill it. Two passes at once never tell one failure twice: the rows are locked.
    """
    rows = list(AccessFailureLog.objects.select_for_update(skip_locked=True).order_by("pk")[:MOST])
    people = {
        user.email: user for user in User.objects.filter(email__in={r.username for r in rows})
    }
    counts = Counted((row.username, row.ip_address or "") for row in rows)
    for (email, address), attempts in counts.items():
        if email in people:
            tell_of_failures(people[email], address=address, attempts=attempts, reason="password")
    AccessFailureLog.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)
