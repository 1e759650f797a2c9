"""Where a customer's browser is sent after paying, or after giving up: the merchant's own pages."""

import re

from billing.chains import Environment
from billing.errors import InvalidRequest

LONGEST = 2048

# What no URL holds. Browsers read a backslash as a slash, so it could hide another host.
_ALIEN = re.compile(r"[^!-~]|[\\<>\"^`{|}]")
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*).*")
_AUTHORITY = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")


def require_return_url(url: str, environment: Environment, *, param: str) -> None:
    """Raise InvalidRequest unless `url` is a whole https URL without user and password.

    In the sandbox http will do. A page stands behind it, not a service of ours, so that any host is
    taken, the integrator's own machine too. Codes: `invalid_url`, `https_required`.
    """
    if len(url) > LONGEST:
        raise _invalid(f"It is longer than {LONGEST:,} characters.", param)
    if _ALIEN.search(url):
        raise _invalid(
            "It holds a space, a line end, a backslash or another character that no URL holds. "
            "Percent-encode it; write an international name in its xn-- form.",
            param,
        )
    parts = _URL.fullmatch(url)
    if parts is None or parts["scheme"].lower() not in ("http", "https"):
        raise _invalid("It must begin with https:// and a host.", param)
    if "@" in parts["authority"]:
        raise _invalid("Leave out the user and password: the customer would see them.", param)
    if not _AUTHORITY.fullmatch(parts["authority"]):
        raise _invalid("After https:// stands a host name, and perhaps a colon and a port.", param)
    if environment == Environment.LIVE and parts["scheme"].lower() != "https":
        raise InvalidRequest(
            "In live this URL begins with https://.", code="https_required", param=param
        )


def _invalid(why: str, param: str) -> InvalidRequest:
    message = f"This is no page that a customer can be sent to. {why}"
    return InvalidRequest(message, code="invalid_url", param=param)
