"""Origins (`https://shop.example`): who may show a checkout in an overlay, and hear how it goes."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from billing.chains import Environment

# Exactly what a browser writes as an origin. Nothing here can end a header's directive, and no
# wildcard is a host. IPv6 is left out: Content-Security-Policy has no way to name such a host.
_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
    r"(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)(?::(?P<port>[1-9][0-9]{0,4}))?"
)
_DEFAULT_PORTS = {"http": "80", "https": "443"}
LONGEST = 200


def parse(text: str, environment: Environment) -> str | None:
    """Return the origin as browsers write it; None for anything but an origin.

    `https` alone in live; in the sandbox `http` too, for the integrator's own machine.
    """
    parts = _ORIGIN.fullmatch(text.lower())
    if parts is None or len(text) > LONGEST:
        return None
    if parts["scheme"] == "http" and environment == Environment.LIVE:
        return None
    if parts["port"] is None or parts["port"] == _DEFAULT_PORTS[parts["scheme"]]:
        return f"{parts['scheme']}://{parts['host']}"
    return f"{parts['scheme']}://{parts['host']}:{parts['port']}" if _is_port(parts) else None


def origin_of(url: str | None, environment: Environment) -> str | None:
    """Return the origin that a page's URL belongs to, None where there is none."""
    if not url:
        return None
    parts = urlsplit(url)
    return parse(f"{parts.scheme}://{parts.netloc}", environment)


def accepted(
    text: str | None, environment: Environment, *, listed: Iterable[str], urls: Iterable[str | None]
) -> str | None:
    """Return the origin `text` names if it may show this checkout, else None.

    `listed` are the organization's own origins, `urls` those the checkout leads back to. In the
    sandbox every origin may, so that an integrator's first try works.
    """
    origin = None if text is None else parse(text, environment)
    if origin is None:
        return None
    if environment == Environment.SANDBOX or origin in listed:
        return origin
    return origin if origin in {origin_of(url, environment) for url in urls} else None


def _is_port(parts: re.Match[str]) -> bool:
    return int(parts["port"]) <= 65535
