"""The dial door: the only way by which a webhook leaves this system.

    connector = VettingConnector(Environment.LIVE, limit=300)
    async with aiohttp.ClientSession(connector=connector, trust_env=False) as session:
        with dialled() as dial:
            async with session.post(url, data=body, allow_redirects=False) as answer: …
        dial.address  # '93.184.216.34', or '' where nothing was dialled

Names are looked up once per connection, their addresses vetted, and exactly those are dialled:
there is no second look-up that could answer otherwise. The Host header and the name that TLS asks
for and verifies stay the URL's. The last look is at the very socket address, where it makes no
difference whether it came from a name or stood in the URL (aiohttp asks no resolver for those).

It loads aiohttp: imported by the sender alone, never by a web process.
"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import ClientConnectionError, ClientConnectorError, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult

from billing.chains import Environment
from billing.errors import InvalidRequest
from webhooks import guard
from webhooks.guard import Place
from webhooks.lookups import LookUp, LookUpFailed, system_look_up

if TYPE_CHECKING:
    from aiohappyeyeballs import AddrInfoType
    from aiohttp import ClientRequest, ClientTimeout
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

LOOK_UP_LIMIT_S = 5.0
_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class DialRefused(ClientConnectionError):
    """Nothing was sent: this URL leads, or now leads, where no webhook goes. Says why in words."""


@dataclass(slots=True)
class Dial:
    """Which address was dialled last; '' where none was. An IP address as text."""

    address: str = ""


_dial: ContextVar[Dial | None] = ContextVar("dial", default=None)
_place: ContextVar[Place | None] = ContextVar("place", default=None)


@contextmanager
def dialled() -> Iterator[Dial]:
    """Tell which address the requests inside are sent to, kept connections included."""
    token = _dial.set(dial := Dial())
    try:
        yield dial
    finally:
        _dial.reset(token)


class VettingConnector(TCPConnector):
    """A connector for webhooks of one environment, or (`is_local`) for endpoints of this machine.

    One each, so that no kept connection of one kind serves another. `options` are TCPConnector's.
    """

    def __init__(
        self,
        environment: Environment,
        *,
        is_local: bool = False,
        look_up: LookUp = system_look_up,
        **options: Any,
    ) -> None:
        assert not is_local or environment == Environment.SANDBOX, "local ones are in the sandbox"
        self._environment, self._is_local = environment, is_local
        super().__init__(
            resolver=VettingResolver(look_up),
            use_dns_cache=False,  # what was vetted is what is dialled, now and not later
            socket_factory=self._socket,
            **options,
        )

    async def connect(
        self, req: "ClientRequest", traces: "list[Trace]", timeout: "ClientTimeout"
    ) -> "Connection":
        """Vet the URL as when it was registered, then connect. Raises DialRefused."""
        token = _place.set(self._checked(str(req.url)))
        try:
            connection = await super().connect(req, traces, timeout)
        except ClientConnectorError as error:
            if isinstance(error.os_error, _NotVetted):
                raise DialRefused(str(error.os_error)) from error
            raise
        finally:
            _place.reset(token)
        if (dial := _dial.get()) is not None and connection.transport is not None:
            dial.address = str(connection.transport.get_extra_info("peername")[0])
        return connection

    def _checked(self, url: str) -> Place:
        try:
            if self._is_local:
                return guard.local_place(url)
            return guard.checked(url, self._environment)
        except InvalidRequest as error:
            raise DialRefused(error.message) from error

    def _socket(self, info: "AddrInfoType") -> socket.socket:
        """Make the socket for an address, if it may be dialled. Called for each, right before."""
        family, kind, protocol, _, (address, *_rest) = info
        place = _place.get()
        assert place is not None, "only connect() dials"
        # A local endpoint's host is a loopback address, and no name (guard.local_place).
        if not self._is_local and (why := _why_refused(place, address)):
            raise _NotVetted(f"{place.host} points to {why}")
        if (dial := _dial.get()) is not None:
            dial.address = address
        return socket.socket(family, kind, protocol)


class VettingResolver(AbstractResolver):
    """Looks a name up and returns those of its addresses that may be dialled."""

    def __init__(self, look_up: LookUp = system_look_up) -> None:
        self._look_up = look_up

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raise DialRefused where every address is refused, LookUpFailed where there is none."""
        asked = asyncio.wrap_future(self._look_up(host, port))
        try:
            addresses = await asyncio.wait_for(asked, LOOK_UP_LIMIT_S)
        except TimeoutError as late:
            raise LookUpFailed(f"the name did not resolve within {LOOK_UP_LIMIT_S:g} s") from late
        refusals = {address: _why_refused(Place("", host, port), address) for address in addresses}
        public = [address for address, why in refusals.items() if not why]
        if not public:
            raise DialRefused(f"{host} points to {' and '.join(dict.fromkeys(refusals.values()))}")
        return [_result(host, address, port) for address in public]

    async def close(self) -> None:
        """Nothing to close: a look-up under way ends by itself, and nobody waits for it."""


class _NotVetted(OSError):
    """What a socket factory may raise so that the next address is tried."""


def _why_refused(place: Place, address: str) -> str:
    if guard.is_allowed_host(place.host, place.port):
        return ""
    return guard.why_refused(address)


def _result(host: str, address: str, port: int) -> ResolveResult:
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=socket.AF_INET6 if ":" in address else socket.AF_INET,
        proto=0,
        flags=_NUMERIC,
    )
