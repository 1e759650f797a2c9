"""The door where a URL is dialled: real connections, and a canary that none may reach."""

import asyncio
import functools
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from pytest_django import Settings

from billing.chains import Environment
from tests.services import ROOT
from tests.webhooks.hostile import HOSTILE_URLS, LOOPBACK_HOSTS, PORT
from tests.webhooks.receiver import CERTIFICATE, Answer, Hang, Receiver, receiving
from tests.webhooks.wire import Canary, Names, canary, watched
from webhooks import guard
from webhooks import resolver as dial_door
from webhooks.lookups import system_look_up
from webhooks.resolver import DialRefused, VettingConnector, VettingResolver, dialled

__all__ = ["canary"]  # a fixture

SANDBOX, LIVE = Environment.SANDBOX, Environment.LIVE
# A URL that no client can even begin with is refused by the client; the door refuses all others.
REFUSALS = (DialRefused, aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError, ValueError)


@dataclass
class Told:
    status: int
    address: str


def post(url: str, environment: Environment = SANDBOX, **options: Any) -> Told:
    """One POST through the door, as the sender does it; `options` are the connector's."""
    return run(lambda session: told(session, url), environment, **options)


def run(
    act: "Callable[[aiohttp.ClientSession], Awaitable[Any]]",
    environment: Environment = SANDBOX,
    **options: Any,
) -> Any:
    async def inside() -> Any:
        connector = VettingConnector(environment, **options)
        limit = aiohttp.ClientTimeout(total=5)
        async with aiohttp.ClientSession(connector=connector, timeout=limit) as session:
            return await act(session)

    return asyncio.run(inside())


async def told(session: aiohttp.ClientSession, url: str, *, follow: bool = False) -> Told:
    with dialled() as dial:
        async with session.post(url, data=b"{}", allow_redirects=follow) as answer:
            await answer.read()
        return Told(answer.status, dial.address)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_nobody_reaches_the_canary(canary: Canary, url: str) -> None:
    # The system's own resolver takes most of them; and whatever seems harmless points here too.
    names = Names(system_look_up, example_com=[["127.0.0.1"]])
    for here in (url, url.replace("http:", "https:", 1)):
        with watched() as wire, pytest.raises(REFUSALS):
            post(here.replace(PORT, str(canary.port)), look_up=names)
        assert wire.connected == []

    assert canary.visits == 0


def test_the_canary_would_have_been_reached(canary: Canary) -> None:
    """What the door stands before is real: a plain client gets there by these very spellings."""
    before = reached = 0
    for host in LOOPBACK_HOSTS:
        try:
            socket.create_connection((host.strip("[]"), canary.port), timeout=2).close()
        except OSError:
            continue
        reached += 1

    while canary.visits < before + reached:
        pass
    assert reached >= 15
    canary.visits = 0


BAD_ANSWERS = [
    ["127.0.0.1"],
    ["127.8.9.1"],
    ["0.0.0.0"],
    ["::1"],
    ["::"],
    ["::ffff:127.0.0.1"],
    ["::127.0.0.1", "127.0.0.1"],
    ["64:ff9b::7f00:1"],
    ["10.0.0.1", "192.168.0.1", "172.16.0.1"],
    ["169.254.169.254"],
    ["fd00:ec2::254"],
    ["fe80::1"],
    ["no address"],
]


@pytest.mark.parametrize("answers", BAD_ANSWERS)
def test_a_name_that_points_inside_is_not_dialled(canary: Canary, answers: list[str]) -> None:
    names = Names(hooks_acme_com=[answers])

    with watched() as wire, pytest.raises(DialRefused, match=r"hooks\.acme\.com points to ") as no:
        post(f"http://hooks.acme.com:{canary.port}/", look_up=names)

    assert wire.connected == []
    assert canary.visits == 0
    assert not any(address in str(no.value) for address in answers)


def test_a_name_that_was_public_when_it_was_registered_is_judged_again(canary: Canary) -> None:
    names = Names(rebind_acme_com=[["93.184.215.14"], ["127.0.0.1"]])
    url = f"http://rebind.acme.com:{canary.port}/"
    assert guard.vetted(url, SANDBOX, look_up=names).url == url

    with watched() as wire, pytest.raises(DialRefused):
        post(url, look_up=names)

    assert names.asked == ["rebind.acme.com"] * 2
    assert wire.connected == []
    assert canary.visits == 0


def test_a_name_that_changes_between_look_up_and_dial_is_dialled_as_vetted(canary: Canary) -> None:
    """The first answer of a dial is public, every later one is the canary: nobody asks twice."""
    names = Names(rebind_acme_com=[["93.184.215.14"], ["127.0.0.1"]])

    with watched() as wire, pytest.raises(aiohttp.ClientConnectorError, match="left the machine"):
        post(f"http://rebind.acme.com:{canary.port}/", look_up=names)

    assert names.asked == ["rebind.acme.com"]
    assert wire.looked_up == []  # numbers alone go to the system
    assert wire.connected == ["93.184.215.14"]
    assert canary.visits == 0


def test_of_several_addresses_only_the_public_ones_are_dialled(canary: Canary) -> None:
    mixed = ["127.0.0.1", "2606:2800:21f::1", "::1", "10.1.1.1", "93.184.215.14", "::ffff:7f00:1"]
    names = Names(hooks_acme_com=[mixed])

    with watched() as wire, pytest.raises(aiohttp.ClientConnectorError):
        post(f"http://hooks.acme.com:{canary.port}/", look_up=names)

    assert sorted(wire.connected) == ["2606:2800:21f::1", "93.184.215.14"]
    assert canary.visits == 0
    found = asyncio.run(VettingResolver(names).resolve("hooks.acme.com", 443))
    assert [one["host"] for one in found] == ["2606:2800:21f::1", "93.184.215.14"]


def test_the_last_look_is_at_the_socket_address(canary: Canary) -> None:
    """Were the resolver to fail us, the socket would still not be made."""

    class Careless(VettingResolver):
        async def resolve(self, host: str, port: int = 0, family: Any = 0) -> Any:
            return [dial_door._result(host, "127.0.0.1", port)]

    async def careless(session: aiohttp.ClientSession) -> None:
        assert isinstance(session.connector, VettingConnector)
        session.connector._resolver = Careless()
        await told(session, f"http://hooks.acme.com:{canary.port}/")

    with watched() as wire, pytest.raises(DialRefused, match="points to a loopback address"):
        run(careless)

    assert wire.connected == []
    assert canary.visits == 0


def test_an_allowed_host_is_dialled_under_its_own_name(
    receiver: Receiver, settings: Settings
) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = (f"hooks.acme.com:{receiver.port}",)
    names = Names(hooks_acme_com=[["127.0.0.1"], ["127.0.0.2"]])

    with watched() as wire:
        done = post(f"http://hooks.acme.com:{receiver.port}/orders", look_up=names)

    assert done == Told(200, "127.0.0.1")
    assert wire.connected == ["127.0.0.1"]
    assert receiver.requests[0].headers["host"] == f"hooks.acme.com:{receiver.port}"
    assert names.asked == ["hooks.acme.com"]


def test_allowing_one_host_lets_no_other_in(receiver: Receiver, settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = (f"hooks.acme.com:{receiver.port}",)
    names = Names(hooks_acme_com=[["127.0.0.1"]], evil_example_com=[["127.0.0.1"]])

    for host in ("127.0.0.1", "evil.example.com", "localhost"):
        with pytest.raises(DialRefused):
            post(f"http://{host}:{receiver.port}/", look_up=names)
    with pytest.raises(DialRefused, match="begins with https"):
        post(f"http://hooks.acme.com:{receiver.port}/", LIVE, look_up=names)

    assert receiver.requests == []


def test_a_redirect_is_an_answer_and_nowhere_to_go(
    canary: Canary, receiver: Receiver, settings: Settings
) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = (receiver.host,)
    for code in (301, 302, 303, 307, 308):
        receiver.answer(f"/{code}", Answer(code, {"Location": f"http://127.0.0.1:{canary.port}/"}))

        assert post(receiver.url(f"/{code}")).status == code
        # Even a client that followed would stand before the same door.
        with pytest.raises(DialRefused):
            run(functools.partial(told, url=receiver.url(f"/{code}"), follow=True))

    assert canary.visits == 0


def test_it_says_which_address_a_kept_connection_leads_to(
    receiver: Receiver, settings: Settings
) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ("hooks.acme.com",)
    names = Names(hooks_acme_com=[["127.0.0.1"], ["127.0.0.2"]])
    url = f"http://hooks.acme.com:{receiver.port}/"

    async def twice(session: aiohttp.ClientSession) -> list[Told]:
        return [await told(session, url), await told(session, url)]

    assert run(twice, look_up=names) == [Told(200, "127.0.0.1")] * 2
    assert receiver.connections == 1
    assert [each.connection for each in receiver.requests] == [1, 1]


def test_each_new_connection_looks_its_name_up_anew(receiver: Receiver, settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ("hooks.acme.com",)
    names = Names(hooks_acme_com=[["127.0.0.1"]])
    url = f"http://hooks.acme.com:{receiver.port}/"

    async def twice(session: aiohttp.ClientSession) -> list[Told]:
        return [await told(session, url), await told(session, url)]

    run(twice, look_up=names, force_close=True)

    assert names.asked == ["hooks.acme.com"] * 2
    assert receiver.connections == 2


def test_it_says_which_address_gave_no_answer(receiver: Receiver, settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = (receiver.host,)
    receiver.answer("/", Hang())

    async def impatient(session: aiohttp.ClientSession) -> str:
        with dialled() as dial, pytest.raises(TimeoutError):
            async with session.post(receiver.url(), timeout=aiohttp.ClientTimeout(total=0.3)):
                pass
        return dial.address

    assert run(impatient) == "127.0.0.1"


def test_a_local_endpoint_is_dialled_through_a_connector_of_its_own(receiver: Receiver) -> None:
    assert post(receiver.url("/"), is_local=True) == Told(200, "127.0.0.1")
    with pytest.raises(DialRefused):
        post(receiver.url("/"))  # what is not marked local stays out
    for url in ("http://10.0.0.1/", f"http://localhost:{receiver.port}/", "https://example.com/"):
        with watched() as wire, pytest.raises(DialRefused):
            post(url, is_local=True)
        assert wire.connected == []
    assert len(receiver.requests) == 1


def test_tls_asks_for_the_name_and_verifies_it(settings: Settings) -> None:
    trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
    names = Names(receiver_test=[["127.0.0.1"]], other_test=[["127.0.0.1"]])
    with receiving(tls=True) as receiver:
        settings.WEBHOOK_ALLOWED_HOSTS = ("receiver.test", "other.test", receiver.host)

        done = post(f"https://receiver.test:{receiver.port}/", LIVE, look_up=names, ssl=trusting)
        with pytest.raises(aiohttp.ClientConnectorCertificateError, match=r"other\.test"):
            post(f"https://other.test:{receiver.port}/", LIVE, look_up=names, ssl=trusting)
        with pytest.raises(aiohttp.ClientConnectorCertificateError, match="self-signed"):
            post(f"https://receiver.test:{receiver.port}/", LIVE, look_up=names)

        assert done == Told(200, "127.0.0.1")
        assert len(receiver.requests) == 1


def test_an_operators_own_authority_is_trusted_by_its_file() -> None:
    """As docs/operators.md says: SSL_CERT_FILE, read when the process starts."""
    program = (
        "import asyncio, sys, aiohttp, django; django.setup()\n"
        "from webhooks.resolver import VettingConnector\n"
        "async def main():\n"
        "    connector = VettingConnector('live')\n"
        "    async with aiohttp.ClientSession(connector=connector) as session:\n"
        "        async with session.post(sys.argv[1]) as answer: print(answer.status)\n"
        "asyncio.run(main())\n"
    )
    with receiving(tls=True) as receiver:
        given = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "billing.settings",
            "WEBHOOK_ALLOWED_HOSTS": receiver.host,
            "SSL_CERT_FILE": str(CERTIFICATE),
        }
        said = subprocess.run(
            [sys.executable, "-c", program, receiver.url()],
            env=given,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert said.stdout.strip() == "200", said.stderr


def test_a_name_server_that_does_not_answer_ends_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dial_door, "LOOK_UP_LIMIT_S", 0.05)

    with pytest.raises(aiohttp.ClientConnectorDNSError, match="did not resolve within"):
        post("https://example.com/", look_up=lambda host, port: Future())
    with pytest.raises(aiohttp.ClientConnectorDNSError, match="does not resolve"):
        post("https://example.com/", look_up=Names())
