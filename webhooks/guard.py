"""Where a webhook may be sent: to the public internet, and nowhere near ourselves.

An integrator chooses the URL and this system sends to it from inside the operator's network. So
a URL is vetted when it is registered (`vetted`), and again by the same rules whenever it is dialled
(webhooks.resolver). What is not known to be public is refused.
"""

import re
from concurrent.futures import TimeoutError as LateAnswer
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings

from billing.chains import Environment
from billing.errors import InvalidRequest
from webhooks.lookups import LookUp, LookUpFailed, system_look_up

LOOK_UP_LIMIT_S = 2.0  # at registration; a name that is late is judged when it is dialled
URL_LENGTH_MAX = 2_000

# The ports of web servers. Any other could be a mail server's or a database's, and a POST to those
# is a way of speaking to somebody else's service from the operator's address.
LIVE_PORTS = (443, 8443)
SANDBOX_PORTS = (80, 443, 8080, 8443)
LOOPBACK = ("127.0.0.1", "::1")  # of local endpoints

# Names that mean something inside a network only (RFC 6761, 6762 appendix G, 8375, ICANN 2024).
INNER_DOMAINS = (
    "localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan",
    "home.arpa",
)  # fmt: skip

# Beyond what is not the public internet by its registry (IANA special-purpose addresses).
_REFUSED = [
    (ip_network(block), words)
    for block, words in {
        "0.0.0.0/8": "an unspecified address",
        "10.0.0.0/8": "a private address",
        "100.64.0.0/10": "an address of a carrier's inner network",  # 100.100.100.200: metadata
        "127.0.0.0/8": "a loopback address",
        "168.63.129.16/32": "an address of a cloud's own service",  # public by its number only
        "169.254.0.0/16": "a link-local address",  # 169.254.169.254: metadata of most clouds
        "172.16.0.0/12": "a private address",
        "192.0.0.0/24": "an address of protocols",  # 192.0.0.192: metadata
        "192.0.2.0/24": "an address for documentation",
        "192.88.99.0/24": "an address of a 6to4 relay",
        "192.168.0.0/16": "a private address",
        "198.18.0.0/15": "an address for benchmarks",
        "198.51.100.0/24": "an address for documentation",
        "203.0.113.0/24": "an address for documentation",
        "224.0.0.0/4": "a multicast address",
        "240.0.0.0/4": "a reserved address",  # and broadcast
        "::/128": "an unspecified address",
        "::1/128": "a loopback address",
        "::/96": "an IPv4 address in IPv6",
        "::ffff:0:0/96": "an IPv4 address in IPv6",
        "::ffff:0:0:0/96": "an IPv4 address in IPv6",
        "64:ff9b::/96": "an IPv4 address in IPv6 (NAT64)",
        "64:ff9b:1::/48": "an IPv4 address in IPv6 (NAT64)",
        "2001::/32": "an IPv4 address in IPv6 (Teredo)",
        "2001::/23": "an address of protocols",
        "2001:db8::/32": "an address for documentation",
        "2002::/16": "an IPv4 address in IPv6 (6to4)",
        "3fff::/20": "an address for documentation",
        "fc00::/7": "a private address",  # fd00:ec2::254: metadata
        "fe80::/10": "a link-local address",
        "fec0::/10": "a site-local address",
        "ff00::/8": "a multicast address",
    }.items()
]
_UNICAST = ip_network("2000::/3")  # all of IPv6 that has been given to the public internet

_ALIEN = re.compile(r"[^!-~]|[\\<>\"^`{|}]")
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?]*)(?P<rest>.*)")
_AUTHORITY = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::(?P<port>[1-9][0-9]{0,4}))?"
)
_NAME = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.(?!\Z)|\Z))+")
_NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URL leads: `host` is a name in lower case or an IP address, without brackets."""

    scheme: str
    host: str
    port: int

    @property
    def is_address(self) -> bool:
        return ":" in self.host or _NUMERIC.fullmatch(self.host) is not None


@dataclass(frozen=True, slots=True)
class VettedUrl:
    """A URL that may be registered in this environment. Only this module makes one."""

    url: str
    environment: Environment
    is_local: bool = False


def vetted(
    url: str, environment: Environment | str, *, look_up: LookUp = system_look_up
) -> VettedUrl:
    """Judge a URL before it is registered. Asks DNS, at most 2 s: never call it in a transaction.

    Every address of its name must be public. A name that does not resolve now is taken: it is
    judged again whenever it is dialled. Raises InvalidRequest with the code invalid_url,
    https_required, port_refused or address_refused.
    """
    if len(url) > URL_LENGTH_MAX:
        raise _invalid(f"It is longer than {URL_LENGTH_MAX:,} characters.")
    environment = Environment(environment)
    place = checked(url, environment)
    if not place.is_address and not is_allowed_host(place.host, place.port):
        for address in _addresses(place, look_up):
            if why := why_refused(address):
                # The address itself is not told: who asks may be asking for just that.
                raise _address_refused(f"{place.host} points to {why}.")
    return VettedUrl(url, environment)


def checked(url: str, environment: Environment | str) -> Place:
    """Judge what a URL says of itself: its spelling, scheme, port, and address where it names one.

    Asks nobody. Raises InvalidRequest as `vetted` does.
    """
    place = _place(url)
    if environment == Environment.LIVE and place.scheme != "https":
        raise _refused("In live a webhook's URL begins with https://.", code="https_required")
    if is_allowed_host(place.host, place.port):
        return place
    ports = LIVE_PORTS if environment == Environment.LIVE else SANDBOX_PORTS
    if place.port not in ports:
        taken = ", ".join(str(port) for port in ports)
        raise _refused(
            f"Port {place.port} is not taken. Use one of {taken}; for another, the operator "
            f"names {_shown(place.host)}:{place.port} in WEBHOOK_ALLOWED_HOSTS.",
            code="port_refused",
        )
    if place.is_address and (why := why_refused(place.host)):
        raise _address_refused(f"{place.host} is {why}.")
    if not place.is_address and _is_inner(place.host):
        raise _address_refused(f"{place.host} is a name inside a network.")
    return place


def why_refused(address: str) -> str:
    """Say what an IP address is if nobody may be told there; '' where it is public.

    IPv4 in IPv6 is refused in every form, whatever it holds: a router of ours may unwrap it.
    """
    try:
        known = ip_address(address)
    except ValueError:
        return "what is no IP address"
    for block, words in _REFUSED:
        if known in block:
            return words
    if isinstance(known, IPv4Address):
        return ""
    if known not in _UNICAST:
        return "an address that nobody has on the internet"
    if known.scope_id is not None:
        return "an address on one interface"
    # ISATAP, in any network: …:0:5efe:a.b.c.d or …:200:5efe:a.b.c.d (RFC 5214, section 6.1).
    if int(known) >> 32 & 0xFDFF_FFFF == 0x0000_5EFE:
        return "an IPv4 address in IPv6 (ISATAP)"
    return ""


def is_allowed_host(host: str, port: int) -> bool:
    """Whether the operator named it in WEBHOOK_ALLOWED_HOSTS: on every port, or with this one."""
    shown = _shown(host.lower())
    spelled = {shown, f"{shown}:{port}"}
    return any(named.lower() in spelled for named in settings.WEBHOOK_ALLOWED_HOSTS)


def local(url: str) -> VettedUrl:
    """Judge a URL that `webhook_listen` registers: http, on this machine's loopback, any port.

    For that command alone; nothing that a caller says may lead here. Raises InvalidRequest.
    """
    local_place(url)
    return VettedUrl(url, Environment.SANDBOX, is_local=True)


def local_place(url: str) -> Place:
    """Judge by itself the URL of a local endpoint, as `checked` judges all others."""
    place = _place(url)
    if place.scheme != "http" or place.host not in LOOPBACK:
        raise _refused("A local endpoint is http:// on 127.0.0.1 or [::1].", code="invalid_url")
    return place


@lru_cache(maxsize=1024)  # Each delivery asks, and the URLs of endpoints are few.
def _place(url: str) -> Place:
    """Parse strictly: what two readers could understand in two ways is refused."""
    if _ALIEN.search(url):
        raise _invalid(
            "It holds a space, a line end, a backslash or another character that no URL holds. "
            "Percent-encode it; write an international name in its xn-- form."
        )
    if "#" in url:
        raise _invalid("Leave out the part from # on: it is never sent.")
    parts = _URL.fullmatch(url)
    if parts is None or parts["scheme"].lower() not in ("http", "https"):
        raise _invalid("It must begin with https:// and a host.")
    if "@" in parts["authority"]:
        raise _invalid("Leave out the user and password; each delivery is signed instead.")
    named = _AUTHORITY.fullmatch(parts["authority"])
    if named is None:
        raise _invalid("After https:// stands a host name, and perhaps a colon and a port.")
    scheme = parts["scheme"].lower()
    port = int(named["port"] or (443 if scheme == "https" else 80))
    if port > 65535:
        raise _invalid(f"There is no port {port}.")
    host = _six(named["six"]) if named["six"] else _four_or_name(named["name"].lower())
    return Place(scheme, host, port)


def _six(text: str) -> str:
    try:
        return str(IPv6Address(text))
    except ValueError:
        raise _invalid(f"[{text}] is not an IPv6 address.") from None


def _four_or_name(host: str) -> str:
    if _NUMERIC.fullmatch(host):
        try:
            return str(IPv4Address(host))
        except ValueError:
            # 2130706433, 0x7f000001, 0177.0.0.1, 127.1: the system's resolver would take them all.
            raise _invalid(f"Write the IP address {host} as four decimal numbers.") from None
    if not _NAME.fullmatch(host):
        raise _invalid(f"{host} is not a host name. Write it without a dot at its end.")
    return host


def _is_inner(name: str) -> bool:
    return "." not in name or any(name.endswith(f".{domain}") for domain in INNER_DOMAINS)


def _addresses(place: Place, look_up: LookUp) -> list[str]:
    try:
        return look_up(place.host, place.port).result(timeout=LOOK_UP_LIMIT_S)
    except (LookUpFailed, LateAnswer):
        return []  # It may resolve when there is something to send; the dial door judges it then.


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _invalid(why: str) -> InvalidRequest:
    return _refused(f"This is no URL a webhook can be sent to. {why}", code="invalid_url")


def _address_refused(what: str) -> InvalidRequest:
    return _refused(
        f"{what} Use a host on the public internet; for one on the operator's own network, the "
        "operator names it in WEBHOOK_ALLOWED_HOSTS.",
        code="address_refused",
    )


def _refused(message: str, *, code: str) -> InvalidRequest:
    return InvalidRequest(message, code=code, param="url")
