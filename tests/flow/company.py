"""A whole installation as a stranger has it: web server, commands, nodes, a database."""

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import requests
from web3 import Web3

from billing.database.place import Place
from tests.nodes import Anvil, Contract, running_anvil
from tests.services import free_port

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60
EVERY_SECOND = ("--only", "follow,verify,outflows,sequence")
HOUR_S = 3600
# What the published registry calls USDC.e: the namesake that people confuse with USDC.
USDC_E = "0xFF970A61A04b1cA14834A43f5dE4533eBDDB5CC8"
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Said:
    """What a management command ended with."""

    status: int
    stdout: str
    stderr: str

    @property
    def data(self) -> Any:
        """Its JSON, amounts exact."""
        return json.loads(self.stdout, parse_float=Decimal)


class Shell:
    """Management commands against one installation, in a process of their own."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.flow.shell"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def run(self, *words: str) -> Said:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        return Said(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


class Key:
    """A client of the API over HTTP, with one key. Amounts are read exactly."""

    def __init__(self, base: str, secret: str) -> None:
        self.base, self._session = base, requests.Session()
        self._session.headers["Authorization"] = f"Bearer {secret}"

    def call(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        answer = self._session.request(
            method, f"{self.base}{path}", json=body, headers=headers, timeout=30
        )
        return answer.status_code, json.loads(answer.text, parse_float=Decimal)

    def get(self, path: str) -> Any:
        """The body of a good answer."""
        return self._good("GET", path)

    def post(self, path: str, body: object = None) -> Any:
        return self._good("POST", path, body)

    def patch(self, path: str, body: object) -> Any:
        return self._good("PATCH", path, body)

    def _good(self, method: str, path: str, body: object = None) -> Any:
        status, answer = self.call(method, path, body)
        assert status in (200, 201), answer
        return answer


@dataclass
class Site:
    """One installation, where three blocks make a transaction final. Arbitrum is `node`."""

    url: str
    environment: dict[str, str]
    shell: Shell
    node: Anvil
    usdc: Contract
    usdt: Contract
    base: Anvil
    base_usdc: Contract
    base_usdt: Contract
    old_transfer: tuple[str, str]  # who got 500 USDC an hour ago, and by which transaction

    def tick(self, *words: str) -> dict[str, Any]:
        """Every scheduled job once, as `manage.py tick --json` says it."""
        said = self.shell.run("tick", "--json", *words)
        assert said.status == 0, said
        told: dict[str, Any] = said.data
        return told

    def look(self) -> dict[str, Any]:
        """The jobs of every second once: a whole tick goes over the books of all tests so far."""
        return self.tick(*EVERY_SECOND)

    def final(self) -> None:
        """Mine what waits, deep enough to be final, and let the system look."""
        self.node.mine(3)
        self.tick()

    def age(self, payout_id: str, minutes: int) -> None:
        """Let so much time have passed since the payout's hash was submitted and last asked for."""
        mine = f"payout_id = '{payout_id}'"
        submitted = ("submitted_at", "submitted_at_chain_time", "look_again_at")
        self._shift("payouts_submittedhash", submitted, minutes, mine)
        where = f"tx_hash IN (SELECT tx_hash FROM payouts_submittedhash WHERE {mine})"
        self._shift("chainwatch_watchedtransaction", ("watched_at", "asked_at"), minutes, where)

    def age_nonces(self, minutes: int = 2) -> None:
        """Let so much time have passed since the nodes were asked for the nonces of senders."""
        self._shift("chainwatch_watchedtransaction", ("nonce_asked_at",), minutes, "true")

    def _shift(self, table: str, names: Sequence[str], minutes: int, where: str) -> None:
        moved = ", ".join(f"{name} = {name} - make_interval(mins => {minutes})" for name in names)
        with psycopg.connect(self.environment["DATABASE_URL"]) as database:
            database.execute(f"UPDATE {table} SET {moved} WHERE {where}".encode())

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A real `manage.py`, in a process of its own."""
        command = [sys.executable, str(ROOT / "manage.py"), *words]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE_S
        )


@dataclass
class Company:
    """An organization in live: one key that makes payouts, another that approves them."""

    site: Site
    id: str
    maker: Key
    checker: Key
    wallets: list[str] = field(default_factory=list)

    @classmethod
    def founded(cls, site: Site, name: str) -> "Company":
        organization_id = site.shell.run("create_organization", name).stdout.strip()
        words = ("create_api_key", organization_id, "--environment", "live", "--scopes", "all")
        maker, checker = (Key(site.url, site.shell.run(*words).stdout.strip()) for _ in range(2))
        return cls(site, organization_id, maker, checker)

    def draft(self, recipient: str, amount: float = 500, **fields: object) -> str:
        body = {
            "recipient_address": recipient,
            "chain": "arbitrum",
            "token": "USDC",
            "amount": amount,
            "currency": "USD",
            **fields,
        }
        return str(self.maker.post("/v1/payouts", body)["id"])

    def approved(self, recipient: str, amount: float = 500, **fields: object) -> str:
        payout_id = self.draft(recipient, amount, **fields)
        self.checker.patch(f"/v1/payouts/{payout_id}", {"status": "approved"})
        return payout_id

    def execute(self, payout_id: str, tx_hash: str) -> Any:
        return self.maker.post(f"/v1/payouts/{payout_id}/execute", {"tx_hash": tx_hash})

    def payout(self, payout_id: str) -> Any:
        return self.maker.get(f"/v1/payouts/{payout_id}")

    def status(self, payout_id: str) -> str:
        return str(self.payout(payout_id)["status"])

    def settlements(self, payout_id: str) -> list[Any]:
        found: list[Any] = self.maker.get(f"/v1/payouts/settlements?payout_intent_id={payout_id}")[
            "data"
        ]
        return found

    def events(self, resource_id: str) -> list[str]:
        """The types of what happened to a payout or settlement, oldest first, bare of `payout.`."""
        listed = self.maker.get("/v1/events?limit=100")["data"]
        types = [each["type"] for each in listed if each["data"].get("id") == resource_id]
        return [type_.removeprefix("payout.") for type_ in reversed(types)]

    def registers(self, chain: str, address: str) -> None:
        """Register a wallet that payouts on this chain are paid from."""
        body = {"chain": chain, "address": address, "is_source": True}
        self.wallets.append(self.maker.post("/v1/wallets", body)["wallet_id"])

    def leaves(self) -> None:
        """Let nothing be looked for on its behalf any more."""
        for wallet_id in self.wallets:
            self.maker.patch(f"/v1/wallets/{wallet_id}", {"is_source": False})

    def unexpected(self) -> list[Any]:
        """The settlements with no payout behind them, newest first."""
        listed = self.maker.get("/v1/payouts/settlements?limit=100")["data"]
        return [each for each in listed if each["payout_intent_id"] is None]

    def books(self) -> Any:
        return self.maker.get("/v1/payouts/reconciliation")

    def reconcile(self) -> Said:
        return self.site.shell.run(
            "reconcile", "--organization", self.id, "--environment", "live", "--json"
        )


def somebody() -> str:
    """A fresh address, nobody else's, and like nobody else's."""
    return Web3.to_checksum_address(Web3.keccak(text=f"somebody {next(_numbers)}")[:20])


@contextmanager
def database() -> Iterator[str]:
    """The URL of a fresh, empty database on the tests' own server."""
    name = f"flow_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(_url("postgres"), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"'.encode())
    try:
        yield _url(name)
    finally:
        with psycopg.connect(_url("postgres"), autocommit=True) as server:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def _url(name: str) -> str:
    if not os.environ["DATABASE_URL"]:
        return Place.under(Path(os.environ["DATA_DIR"])).url(name)
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


@contextmanager
def web(environment: Mapping[str, str]) -> Iterator[str]:
    """What `make web` runs: migrations, static files, granian. Yields its URL."""
    url = f"http://127.0.0.1:{environment['PORT']}"
    command = [sys.executable, "-m", "billing.supervisor", "web"]
    with (Path(environment["DATA_DIR"]) / "web.log").open("w+") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            _see_it_answer(f"{url}/readyz", server, log.name)
            yield url
        finally:
            server.terminate()
            server.wait(timeout=PATIENCE_S)


def _see_it_answer(url: str, server: subprocess.Popen[bytes], log: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert server.poll() is None, Path(log).read_text()
        with suppress(requests.ConnectionError):  # not listening yet
            if requests.get(url, timeout=5).status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError(Path(log).read_text())


@contextmanager
def installed(**variables: str) -> Iterator[Site]:
    """An installation with its nodes, its tokens, and nobody in it yet. `variables`: settings."""
    with ExitStack() as held:
        data_dir = Path(tempfile.mkdtemp(prefix="billing-flow-"))
        held.callback(shutil.rmtree, data_dir)
        # The chain begins an hour ago, so that it can hold what is older than every payout.
        began = f"{int(time.time()) - HOUR_S}"
        node = held.enter_context(running_anvil(42161, "--timestamp", began))
        usdc = node.deploy("PlainToken", 10**15)
        usdt = node.deploy("TetherLike", 10**15)
        base = held.enter_context(running_anvil(8453))
        base_usdc = base.deploy("PlainToken", 10**15)
        base_usdt = base.deploy("TetherLike", 10**15)
        payee = somebody()
        old_transfer = payee, usdc.send("transfer", payee, 500_000_000)
        node.mine()
        node.rpc("evm_increaseTime", HOUR_S)
        node.mine(10)  # no reorganization in a test reaches down to that hour
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("PYTEST")},
            "DJANGO_SETTINGS_MODULE": "billing.settings",
            "DATABASE_URL": held.enter_context(database()),
            "DATA_DIR": str(data_dir),
            "PORT": str(free_port()),
            "API_RATE_LIMIT": "off",
            "ARBITRUM_RPC_URLS": node.url,
            "ARBITRUM_USDC_CONTRACT": usdc.address,
            "ARBITRUM_USDT_CONTRACT": usdt.address,
            "ARBITRUM_CONFIRMATIONS": "3",
            "BASE_RPC_URLS": base.url,
            "BASE_USDC_CONTRACT": base_usdc.address,
            "BASE_USDT_CONTRACT": base_usdt.address,
            "BASE_CONFIRMATIONS": "3",
            **variables,
        }
        url = held.enter_context(web(environment))
        shell = Shell(environment)
        held.callback(shell.close)
        yield Site(
            url, environment, shell, node, usdc, usdt, base, base_usdc, base_usdt, old_transfer
        )
