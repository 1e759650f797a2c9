"""A bad variable stops the start with its name and what is allowed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from billing.chains import Chain, Finality, Token
from billing.environment import Variables, rate
from billing.networks import networks_from_environment
from tests.ground.processes import ROOT, environment


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("ARBITRUM_CHAIN_ID", "arbitrum", "a whole number from 1 to 9007199254740991"),
        ("ARBITRUM_CHAIN_ID", "0", "a whole number from 1 to 9007199254740991"),
        ("BASE_CONFIRMATIONS", "0", "a whole number from 1 to 100000"),
        ("BASE_CONFIRMATIONS", "1.5", "a whole number from 1 to 100000"),
        ("TRON_CONFIRMATIONS", "19 blocks", "a whole number from 1 to 100000"),
        ("TRON_CONFIRMATIONS", "١٩", "a whole number from 1 to 100000"),
        ("TRON_FINALITY", "finalized", "one of confirmations, solidified"),
        ("BASE_FINALITY", "solidified", "one of confirmations, safe, finalized"),
        ("ARBITRUM_FINALITY", "Safe", "one of confirmations, safe, finalized"),
        ("BASE_FINALITY_BY_AMOUNT", "10000", "amounts in whole tokens with a level each"),
        ("BASE_FINALITY_BY_AMOUNT", "1e4=safe", "amounts in whole tokens with a level each"),
        ("TRON_FINALITY_BY_AMOUNT", "10000=finalized", "levels are confirmations, solidified"),
        ("TRON_QUORUM", "2", "a whole number from 1 to 1"),
        ("POLL_INTERVAL_S", "0", "a whole number from 1 to 3600"),
        ("BASE_USDC_CONTRACT", "0x123", "An address on Base is 0x and 40 hexadecimal digits."),
        (
            "ARBITRUM_USDC_CONTRACT",
            "0xaf88d065e77c8cC2239327C5EDb3A432268e5832",
            "Its checksum is wrong",
        ),
        ("TRON_USDT_CONTRACT", "0x0000000000000000000000000000000000000001", "This is a 0x"),
        (
            "ARBITRUM_USDC_CONTRACT",
            "0xfd086bc7cd5c481dcc9c85ebe478a1c0b69fcbb9",
            "another address than that of the other token",
        ),
    ],
)
def test_a_bad_value_of_a_chain_names_the_variable_and_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(ImproperlyConfigured) as refusal:
        networks_from_environment(Variables())

    assert str(refusal.value).startswith(f"{name} is ")
    assert allowed in str(refusal.value)


@pytest.mark.parametrize(
    "value",
    ["https://a.internal/", "10.0.0.0/8", "*.internal", "a:0", "fd00::7", "[7]", "a b", "a."],
)
def test_what_is_no_host_to_allow_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("WEBHOOK_ALLOWED_HOSTS", f"hooks.internal,{value}")

    with pytest.raises(ImproperlyConfigured) as refusal:
        Variables().hosts("WEBHOOK_ALLOWED_HOSTS")

    assert str(refusal.value).startswith(f"WEBHOOK_ALLOWED_HOSTS is '{value}'. Allowed: hosts ")


def test_hosts_to_allow_have_one_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_ALLOWED_HOSTS", " Hooks.Internal:9443, 10.0.0.7 ,[FD00:0::7]:8443,")

    found = Variables().hosts("WEBHOOK_ALLOWED_HOSTS")

    assert found == ("hooks.internal:9443", "10.0.0.7", "[fd00::7]:8443")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ARBITRUM_RPC_URLS", "node.example.com/secret"),
        ("ARBITRUM_RPC_URLS", "https://node.example.com/secret,wss://b.example.com/secret"),
        ("ARBITRUM_RPC_URLS", "https://a.example.com/secret,https://a.example.com/secret"),
        ("BASE_RPC_URLS", "https://node.example.com:secret/"),
        ("BASE_RPC_HEADERS", '{"X-Api-Key": secret}'),
        ("BASE_RPC_HEADERS", '["secret"]'),
        ("BASE_RPC_HEADERS", '{"X-Api-Key": ["secret"]}'),
    ],
)
def test_a_bad_value_that_may_hold_a_secret_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(ImproperlyConfigured) as refusal:
        networks_from_environment(Variables())

    assert str(refusal.value).startswith(f"{name} has a value that is not allowed. Allowed: ")
    assert "secret" not in str(refusal.value)


def test_good_values_reach_the_registry_in_canonical_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARBITRUM_RPC_URLS", " http://127.0.0.1:8545 , https://b.example.com/key ")
    monkeypatch.setenv("ARBITRUM_RPC_HEADERS", '{"X-Api-Key": "k"}')
    monkeypatch.setenv("ARBITRUM_USDT_CONTRACT", "0xfd086bc7cd5c481dcc9c85ebe478a1c0b69fcbb9")
    monkeypatch.setenv("ARBITRUM_CONFIRMATIONS", "3")
    monkeypatch.setenv("ARBITRUM_FINALITY", "safe")
    monkeypatch.setenv("ARBITRUM_FINALITY_BY_AMOUNT", "250000=finalized, 10=confirmations")
    monkeypatch.setenv("ARBITRUM_QUORUM", "2")
    monkeypatch.setenv("POLL_INTERVAL_S", "7")

    row = networks_from_environment(Variables())[Chain.ARBITRUM]

    assert row.rpc_urls == ("http://127.0.0.1:8545", "https://b.example.com/key")
    assert row.rpc_headers == {"X-Api-Key": "k"}
    assert row.contracts[Token.USDT] == "0xFd086bC7CD5C481DCC9C85ebE478A1C0b69FCbb9"
    assert (row.confirmations, row.finality, row.quorum) == (3, Finality.SAFE, 2)
    assert row.poll_interval_s == 7
    # Never below what the network asks of every transfer.
    assert row.finality_for(249_999_999_999) == Finality.SAFE
    assert row.finality_for(250_000_000_000) == Finality.FINALIZED


def test_what_is_unset_or_empty_has_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRON_CONFIRMATIONS", "")
    monkeypatch.delenv("TRON_FINALITY", raising=False)

    row = networks_from_environment(Variables())[Chain.TRON]

    assert (row.confirmations, row.finality) == (19, Finality.SOLIDIFIED)
    assert row.rpc_urls == ()
    assert not row.is_configured
    assert row.poll_interval_s == 3


@pytest.mark.parametrize("text", ["100", "0/second", "100/day", "-1/second", "1e3/second", "OFF"])
def test_a_bad_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="100/second"):
        rate(text)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("PORT", "99999", "error: PORT is '99999'. Allowed: a whole number from 1 to 65535.\n"),
        ("DEBUG", "maybe", "error: DEBUG is 'maybe'. Allowed: on or off.\n"),
        (
            "API_RATE_LIMIT",
            "fast",
            "error: API_RATE_LIMIT is 'fast'. "
            "Allowed: 100/second, 600/minute, 9000/hour, or off.\n",
        ),
        (
            "DATABASE_URL",
            "mysql://u:hush@h/d",
            "error: DATABASE_URL has a value that is not allowed. "
            "Allowed: postgresql://… or postgres://….\n",
        ),
        (
            "SECRET_KEY",
            "short",
            "error: SECRET_KEY has a value that is not allowed. "
            "Allowed: 32 or more random characters.\n",
        ),
        (
            "PUBLIC_URL",
            "pay.example.com",
            "error: PUBLIC_URL is 'pay.example.com'. "
            "Allowed: an absolute URL such as https://pay.example.com.\n",
        ),
    ],
)
def test_a_command_ends_with_one_line_and_status_2(name: str, value: str, line: str) -> None:
    done = _manage("help", **{name: value})

    assert (done.returncode, done.stderr, done.stdout) == (2, line, "")


def test_a_given_database_needs_a_given_secret_key() -> None:
    done = _manage("help", DATABASE_URL="postgresql://u:p@127.0.0.1:1/d", SECRET_KEY="")

    assert done.returncode == 2
    assert done.stderr.startswith("error: SECRET_KEY is unset. Where DATABASE_URL is set")


def test_help_starts_no_database(tmp_path: Path) -> None:
    done = _manage("help", DATA_DIR=str(tmp_path), DATABASE_URL="")

    assert done.returncode == 0
    assert not (tmp_path / "postgres").exists()


def _manage(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(**changes),
        capture_output=True,
        text=True,
        check=False,
    )


def test_proxies_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", " 127.0.0.1, 172.16.0.0/12 ,fd00::/8,")
    assert Variables().networks("TRUSTED_PROXIES") == ("127.0.0.1", "172.16.0.0/12", "fd00::/8")

    for value in ("*", "proxy.internal", "10.0.0.1/8", "10.0.0.7:80"):
        monkeypatch.setenv("TRUSTED_PROXIES", value)
        with pytest.raises(ImproperlyConfigured, match="IP addresses or networks such as"):
            Variables().networks("TRUSTED_PROXIES")


@pytest.mark.parametrize(
    ("trusted", "forwarded", "seen"),
    [
        ("", "203.0.113.7", "10.0.0.9"),  # nobody is believed
        ("10.0.0.0/8", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.0/8", "198.51.100.1, 203.0.113.7, 10.1.1.1", "203.0.113.7"),  # the first is a lie
        ("192.0.2.1", "203.0.113.7", "10.0.0.9"),  # another proxy than this one
    ],
)
def test_a_visitor_s_address_is_what_a_trusted_proxy_says(
    trusted: str, forwarded: str, seen: str
) -> None:
    script = (
        "import sys\n"
        "from django.core.handlers.wsgi import WSGIHandler\n"
        "WSGIHandler.__call__ = lambda self, environ, start: [environ['REMOTE_ADDR'].encode()]\n"
        "from billing.wsgi import application\n"
        "environ = {'REMOTE_ADDR': '10.0.0.9', 'HTTP_X_FORWARDED_FOR': sys.argv[1]}\n"
        "print(application(environ, None)[0].decode())\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, forwarded],
        cwd=ROOT,
        env={**os.environ, "TRUSTED_PROXIES": trusted},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split()[-1] == seen
