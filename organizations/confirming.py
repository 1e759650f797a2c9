"""How a person proves again who they are. Named by string in billing.confirming, which asks."""

from typing import cast

from django.contrib.auth import authenticate
from django.http import HttpRequest

from billing.errors import InvalidRequest
from organizations import two_factor
from organizations.models import User


def asks_for(request: HttpRequest) -> str:
    """ "code" where the person has an authenticator app, else "password"."""
    user = cast("User", request.user)
    return "password" if two_factor.authenticator_of(user) is None else "code"


def prove(request: HttpRequest) -> None:
    """Judge what was typed. Raises InvalidRequest where it is wrong, RateLimited after several."""
    user = cast("User", request.user)
    if asks_for(request) == "code":
        code = request.POST.get("code", "")
        if two_factor.check(user, code, address=request.META.get("REMOTE_ADDR", "")) is None:
            raise InvalidRequest("This is not the code. Type the one that your app shows now.")
        return
    # Counted like a log-in, so that a browser left open is no place to guess at a password.
    found = authenticate(request, username=user.email, password=request.POST.get("password", ""))
    if found is None or found.pk != user.pk:
        raise InvalidRequest("This is not your password.")
