"""The door where a URL is registered: what is taken, and each refusal with its code and words."""

import time
from concurrent.futures import Future
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from billing.chains import Environment
from billing.errors import InvalidRequest
from tests.webhooks.hostile import HOSTILE_URLS, PORT, PUBLIC_ADDRESSES, embeddings
from tests.webhooks.wire import Names, watched
from webhooks import guard, lookups

PUBLIC = Names(example_com=[["93.184.215.14", "2606:2800:21f::1"]])
CODES = {"invalid_url", "https_required", "port_refused", "address_refused"}


def refusal(url: str, environment: str = "sandbox", names: Names = PUBLIC) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as refused:
        guard.vetted(url, environment, look_up=names)
    assert refused.value.param == "url"
    return refused.value


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_a_hostile_url_is_refused(url: str) -> None:
    with watched() as wire:
        for port in guard.SANDBOX_PORTS:
            with pytest.raises(InvalidRequest) as refused:
                guard.vetted(url.replace(PORT, str(port)), "sandbox")  # with the system's DNS
            assert refused.value.code in CODES - {"https_required"}
        assert refusal(url.replace("http:", "https:").replace(PORT, "443"), "live").code in CODES

    assert wire.connected == []
    assert wire.looked_up == []  # their spelling alone condemns them


def test_there_are_enough_of_them() -> None:
    assert len(set(HOSTILE_URLS)) == len(HOSTILE_URLS) >= 60


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com/",
        "https://EXAMPLE.com/Hooks/?a[]=1&b=%20;c,d~e'f*g!(h)$",
        "https://example.com:443/a/../b//c@d:e",
        "https://example.com:8443/hooks",
        "https://unheard-of.example.com/",  # it may resolve when there is something to send
        "https://a_b.xn--bcher-kva.example.com/",
        "https://4chan.org/",
        "https://0x7f.example.com/",
        "https://localhost.example.com/",
        "https://93.184.215.14/",
        "https://[2606:4700:4700::1111]:8443/?x",
        "https://" + ".".join(["a" * 63] * 3) + ".example.com/",
    ],
)
@pytest.mark.parametrize("environment", ["live", "sandbox"])
def test_a_public_url_is_taken_as_it_was_written(url: str, environment: str) -> None:
    taken = guard.vetted(url, environment, look_up=PUBLIC)

    assert taken.url == url
    assert taken.environment == Environment(environment)
    assert not taken.is_local


def test_plain_http_is_for_the_sandbox() -> None:
    assert guard.vetted("http://example.com/", "sandbox", look_up=PUBLIC)
    assert guard.vetted("http://example.com:8080/", "sandbox", look_up=PUBLIC)

    refused = refusal("http://example.com/", "live")

    assert refused.code == "https_required"
    assert refused.message == "In live a webhook's URL begins with https://."


@pytest.mark.parametrize("port", [1, 22, 25, 80, 3306, 5432, 6379, 8080, 9200, 65535])
def test_other_ports_are_refused_in_live(port: int) -> None:
    refused = refusal(f"https://example.com:{port}/", "live")

    assert refused.code == "port_refused"
    assert refused.message == (
        f"Port {port} is not taken. Use one of 443, 8443; for another, the operator names "
        f"example.com:{port} in WEBHOOK_ALLOWED_HOSTS."
    )


@pytest.mark.parametrize("port", ["", "0", "65536", "99999", "443x", "-1"])
def test_what_is_no_port_is_no_url(port: str) -> None:
    assert refusal(f"https://example.com:{port}/").code == "invalid_url"


@pytest.mark.parametrize(
    "host", ["-a.com", "a-.com", "a..com", ".com", "example.com.", "a" * 64 + ".com", "a." * 130]
)
def test_what_is_no_name_is_no_url(host: str) -> None:
    assert refusal(f"https://{host}/").code == "invalid_url"


def test_a_url_has_an_end() -> None:
    start = "https://example.com/"

    assert guard.vetted(start + "a" * 1_980, "live", look_up=PUBLIC)
    assert refusal(start + "a" * 1_981, "live").code == "invalid_url"


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["93.184.215.14", "10.0.0.7"],
        ["10.0.0.7", "93.184.215.14"],
        ["93.184.215.14", "::1"],
        ["2606:2800:21f::1", "::ffff:93.184.215.14"],
        ["64:ff9b::5db8:d70e", "93.184.215.14"],
        ["fe80::1"],
        ["no address at all"],
    ],
)
def test_one_bad_address_of_a_name_refuses_it(addresses: list[str]) -> None:
    refused = refusal("https://hooks.acme.com/", "live", Names(hooks_acme_com=[addresses]))

    assert refused.code == "address_refused"
    assert refused.message.startswith("hooks.acme.com points to ")
    assert refused.message.endswith("the operator names it in WEBHOOK_ALLOWED_HOSTS.")
    assert not any(address in refused.message for address in addresses)  # it is not theirs to know


def test_a_name_server_that_does_not_answer_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guard, "LOOK_UP_LIMIT_S", 0.05)
    silence: Future[list[str]] = Future()
    began = time.monotonic()

    taken = guard.vetted("https://example.com/", "live", look_up=lambda host, port: silence)

    assert taken.url == "https://example.com/"
    assert time.monotonic() - began < 2


def test_the_operator_may_allow_a_host_on_every_port(settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ("hooks.internal", "10.0.0.7", "[fd00::7]", "Erp")
    names = Names(hooks_internal=[["10.0.0.7"]], erp=[["10.0.0.8"]])

    for url in (
        "https://hooks.internal:9443/",
        "https://HOOKS.internal/",
        "https://10.0.0.7:1234/",
        "https://[FD00:0::7]:1234/",
        "https://erp/hooks",
    ):
        assert guard.vetted(url, "live", look_up=names).url == url
    assert refusal("http://hooks.internal/", "live", names).code == "https_required"
    assert refusal("https://10.0.0.8/", "live", names).code == "address_refused"
    assert refusal("https://x.hooks.internal/", "live", names).code == "address_refused"
    assert refusal("https://hooks.internal.:443/", "live", names).code == "invalid_url"
    assert refusal("https://167772167/", "live", names).code == "invalid_url"  # 10.0.0.7


def test_the_operator_may_allow_a_host_with_one_port(settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ("hooks.internal:9443", "example.com:22", "[fd00::7]:8443")

    assert guard.vetted("https://hooks.internal:9443/", "live")
    assert guard.vetted("https://example.com:22/", "live", look_up=PUBLIC)
    assert guard.vetted("https://[fd00::7]:8443/", "live")
    assert refusal("https://hooks.internal/", "live").code == "address_refused"
    assert refusal("https://hooks.internal:9444/", "live").code == "port_refused"
    assert refusal("https://example.com:23/", "live").code == "port_refused"
    assert refusal("https://[fd00::7:8443]/", "live").code == "address_refused"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1234/", "http://[::1]:9/a?b", "http://[0::1]/"])
def test_a_local_url_is_on_this_machine(url: str) -> None:
    taken = guard.local(url)

    assert (taken.url, taken.environment, taken.is_local) == (url, Environment.SANDBOX, True)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "http://127.0.0.2/",
        "http://localhost/",
        "http://0.0.0.0/",
        "http://10.0.0.1/",
        "http://example.com/",
        "http://2130706433/",
        "http://[::ffff:127.0.0.1]/",
    ],
)
def test_nothing_else_is_local(url: str) -> None:
    with pytest.raises(InvalidRequest):
        guard.local(url)


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_a_public_address_is_not_refused(address: str) -> None:
    assert guard.why_refused(address) == ""


@given(st.ip_addresses(v=4))
@settings(max_examples=1_000)
@example(IPv4Address("192.0.0.192"))
@example(IPv4Address("100.64.0.0"))
def test_an_ipv4_address_is_refused_unless_it_is_public_and_in_ipv6_always(
    four: IPv4Address,
) -> None:
    is_inner = not four.is_global or four.is_multicast or four.is_reserved

    assert guard.why_refused(str(four)) or not is_inner
    for six in embeddings(four):
        assert guard.why_refused(str(six)), six
        assert guard.why_refused(six.exploded), six


@given(st.ip_addresses(v=6))
@settings(max_examples=2_000)
def test_an_ipv6_address_is_refused_where_it_or_what_it_holds_is_not_public(
    six: IPv6Address,
) -> None:
    held = [six.ipv4_mapped, six.sixtofour, *(six.teredo or ())]
    inner = [one for one in (six, *held) if one is not None and not one.is_global]
    is_elsewhere = six.is_multicast or six.is_reserved or six.is_site_local

    if inner or is_elsewhere or any(held):
        assert guard.why_refused(str(six))
        assert guard.why_refused(six.exploded)
        assert guard.why_refused(f"{six}%eth0")


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=1_000)
def test_no_spelling_of_an_address_that_resolvers_take_gets_in(number: int) -> None:
    """Whatever `inet_aton` reads: decimal, octal, hex, and with fewer than four parts."""
    a, b, c, d = number.to_bytes(4, "big")
    odd = [
        f"{number}",
        f"{number:#x}",
        f"0{number:o}",
        f"{a}.{number & 0xFFFFFF}",
        f"{a}.{b}.{number & 0xFFFF}",
        f"{a:#x}.{b:#x}.{c:#x}.{d:#x}",
        f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        f"{a}.{b}.{c}.{d}.",
        f"{a}.{b}.{c}.0{d}",
    ]

    assert {refusal(f"https://{host}/").code for host in odd} == {"invalid_url"}
    plain = f"https://{ip_address(number)}/"
    if guard.why_refused(str(ip_address(number))):
        assert refusal(plain).code == "address_refused"
    else:
        assert guard.vetted(plain, "live")


def test_the_system_is_asked_in_a_thread_that_nobody_waits_for() -> None:
    assert lookups.system_look_up("localhost", 80).result(timeout=10)
    for name in ("there-is-no-such.invalid", "a" * 64 + ".example.com"):
        with pytest.raises(lookups.LookUpFailed):
            lookups.system_look_up(name, 80).result(timeout=30)


def test_too_many_look_ups_at_once_fail_instead_of_piling_up() -> None:
    turns = lookups._turns
    while turns.acquire(blocking=False):
        pass
    try:
        with pytest.raises(lookups.LookUpFailed, match="too many"):
            lookups.system_look_up("localhost", 80).result(timeout=1)
    finally:
        turns.release(lookups.AT_ONCE)
    assert lookups.system_look_up("localhost", 80).result(timeout=10)
