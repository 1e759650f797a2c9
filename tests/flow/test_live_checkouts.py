"""Live checkouts on every chain, seen from outside: HTTP, `manage.py tick`, and what customers do.

All customers of one test pay in the same few blocks: that is how they pay, and it saves minutes.
"""

import time
from dataclasses import dataclass
from typing import Any

import pytest
from bip32 import BIP32

from tests.flow.company import TRANSFER, USDC_E, Company
from tests.flow.three_chains import Place, ThreeChains

Json = dict[str, Any]
PAID = ["created", "payment_detected", "confirming", "completed"]
COIN_TYPES = {"tron": 195, "arbitrum": 60, "base": 60}


@pytest.fixture(params=["tron", "arbitrum", "base"])
def place(chains: ThreeChains, request: pytest.FixtureRequest) -> Place:
    return chains.on(request.param)


@dataclass
class Shop:
    """A company that sells on one chain: at fresh addresses, and at one that all share."""

    chains: ThreeChains
    company: Company
    place: Place

    def __post_init__(self) -> None:
        seed = BIP32.from_seed(self.company.id.encode().ljust(32, b"."))
        xpub = seed.get_xpub_from_path(f"m/44h/{COIN_TYPES[self.place.chain]}h/0h")
        self.own = self._method(xpub=xpub)
        self.shared = self._method(address=self.place.somebody())

    def _method(self, **wallet: str) -> str:
        body = {"chain": self.place.chain, **wallet}
        wallet_id = self.company.maker.post("/v1/wallets", body)["wallet_id"]
        body = {"chain": self.place.chain, "wallet_id": wallet_id, "token": "USDC"}
        return str(self.company.maker.post("/v1/payment-methods", body)["id"])

    def asks(self, *, shared: bool = False, minutes: int = 600) -> Json:
        """A checkout over 50 USDC that has so many minutes left by the clock of its chain."""
        body = {
            "amount_usd": 50,
            "chain": self.place.chain,
            "token": "USDC",
            "payment_method_id": self.shared if shared else self.own,
            "expires_in_seconds": minutes * 60 + self._ahead_s(),
        }
        made: Json = self.company.maker.post("/v1/checkouts", body)
        return made

    def _ahead_s(self) -> int:
        """How far the chain's clock is ahead of ours: tests before moved it."""
        newest = self.place.node.rpc("eth_getBlockByNumber", "latest", False)
        return max(0, int(newest["timestamp"], 16) - int(time.time()))

    def gets(self, checkout: Json, amount_atomic: int, token: str = "USDC") -> str:
        """A customer sends so much to the checkout's address; it waits for a block."""
        coin = self.place.usdc if token == "USDC" else self.place.usdt
        return coin.send("transfer", checkout["deposit_address"], amount_atomic)

    def mines(self, blocks: int) -> int:
        """Mine what waits, and so many blocks in all; look. The number of the first of them.

        What one pass finds, the next one confirms.
        """
        head = self.place.node.mine(blocks)
        for _ in range(2):
            self.chains.tick("--only", "follow,payments")
        return head - blocks + 1

    def is_now(self, checkout: Json) -> Json:
        now: Json = self.company.maker.get(f"/v1/checkouts/{checkout['checkout_id']}")
        return now

    def status(self, checkout: Json) -> str:
        return str(self.is_now(checkout)["status"])

    def told(self, checkout: Json) -> list[str]:
        """What happened to it, oldest first, bare of `checkout.`."""
        path = f"/v1/events?limit=100&checkout_id={checkout['checkout_id']}"
        types = [event["type"] for event in self.company.maker.get(path)["data"]]
        return [type_.removeprefix("checkout.") for type_ in reversed(types)]

    def unassigned(self) -> list[str]:
        """The amounts that came and named no checkout."""
        found = self.company.maker.get("/v1/events?type=payment.unassigned")["data"]
        return [event["data"]["amount_atomic"] for event in found]


@pytest.fixture
def shop(chains: ThreeChains, company: Company, place: Place) -> Shop:
    return Shop(chains, company, place)


def kinds(checkout: Json) -> list[tuple[str, str]]:
    return [(payment["kind"], payment["amount_atomic"]) for payment in checkout["payments"]]


def test_what_is_paid_in_time_is_confirmed_when_it_is_final_and_not_before(shop: Shop) -> None:
    exact, parts, much = (shop.asks() for _ in range(3))
    shared, neighbour = (shop.asks(shared=True) for _ in range(2))
    wrong, unpaid = shop.asks(), shop.asks()
    tx_hash = shop.gets(exact, 50_000_000)
    shop.gets(parts, 20_000_000)
    shop.gets(much, 60_000_000)
    shop.gets(shared, 50_000_000)
    shop.gets(shared, 49_000_000)
    shop.gets(wrong, 50_000_000, "USDT")

    number = shop.mines(1)
    seen = [shop.is_now(each) for each in (exact, parts, much, shared, neighbour, wrong, unpaid)]
    shop.gets(parts, 30_000_000)
    shop.mines(1)
    on_its_way = [shop.status(each) for each in (exact, parts)]
    shop.mines(shop.place.depth - 1)
    now = [shop.is_now(each) for each in (exact, parts, much, shared, neighbour, wrong, unpaid)]

    assert [each["status"] for each in seen] == [
        "detected", "pending", "detected", "detected", "pending", "pending", "pending",
    ]  # fmt: skip
    assert (seen[0]["confirmations"], seen[0]["tx_hash"]) == (1, tx_hash)
    assert seen[1]["amount_received_atomic"] == "20000000"
    assert on_its_way == ["confirming", "detected"]
    assert [each["status"] for each in now] == [
        "confirmed", "confirmed", "confirmed", "confirmed", "pending", "pending", "pending",
    ]  # fmt: skip
    assert [kinds(each) for each in now] == [
        [("on_time", "50000000")],
        [("on_time", "20000000"), ("on_time", "30000000")],
        [("on_time", "60000000")],
        [("on_time", "50000000")],
        [],
        [("wrong_token", "50000000")],
        [],
    ]
    (payment,) = now[0]["payments"]
    assert (payment["tx_hash"], payment["block_number"]) == (tx_hash, number)
    assert (payment["from_address"], payment["token"]) == (shop.place.node.accounts[0], "USDC")
    assert payment["final_at"] is not None
    assert now[0]["confirmations"] >= now[0]["required_confirmations"] == shop.place.depth
    # The second checkout of one amount on a shared address asks for the next free one.
    assert (neighbour["amount_atomic"], neighbour["amount_requested_usd"]) == ("50000001", 50)
    assert [shop.told(each) for each in (exact, parts, much, shared, wrong, unpaid)] == [
        PAID, PAID, [*PAID, "overpaid"], PAID, ["created", "wrong_token"], ["created"],
    ]  # fmt: skip
    assert shop.unassigned() == ["49000000"]


def test_too_little_expires_and_what_comes_later_is_late(shop: Shop) -> None:
    little, nothing, shared = (
        shop.asks(minutes=6),
        shop.asks(minutes=6),
        shop.asks(shared=True, minutes=6),
    )
    longer = shop.asks(minutes=600)
    shop.gets(little, 49_999_999)
    shop.mines(1)
    in_time = shop.status(little)

    shop.place.node.rpc("evm_increaseTime", 400)
    shop.mines(1)
    over = [shop.is_now(each) for each in (little, nothing, shared, longer)]
    shop.gets(little, 1)
    shop.gets(nothing, 50_000_000)
    shop.gets(shared, 50_000_000)
    shop.mines(shop.place.depth)

    assert in_time == "pending"
    assert [each["status"] for each in over] == ["expired", "expired", "expired", "pending"]
    assert over[0]["amount_received_atomic"] == "49999999"
    now = [shop.is_now(each) for each in (little, nothing, shared)]
    assert [each["status"] for each in now] == ["expired"] * 3
    assert [kinds(each) for each in now] == [
        [("on_time", "49999999"), ("late", "1")],
        [("late", "50000000")],
        [("late", "50000000")],
    ]
    assert [shop.told(each) for each in (little, nothing, shared)] == [
        ["created", "expired", "underpaid", "late_payment"],
        ["created", "expired", "late_payment"],
        ["created", "expired", "late_payment"],
    ]
    assert shop.unassigned() == []


@pytest.mark.parametrize("depth", [1, 2])
def test_a_block_that_is_lost_takes_it_back_and_the_block_that_stands_confirms_it(
    shop: Shop, depth: int
) -> None:
    own, shared = shop.asks(), shop.asks(shared=True)
    hashes = [shop.gets(own, 50_000_000), shop.gets(shared, 50_000_000)]
    lost = shop.mines(depth)
    seen = shop.status(own)
    node = shop.place.node
    raw = [node.rpc("eth_getRawTransactionByHash", f"0x{h.removeprefix('0x')}") for h in hashes]

    node.rpc("anvil_reorg", depth, [])
    shop.mines(2)
    gone = [shop.is_now(each) for each in (own, shared)]
    for each in raw:
        node.rpc("eth_sendRawTransaction", each)
    number = shop.mines(shop.place.depth)

    assert seen == ["detected", "confirming"][depth - 1]
    for each in gone:
        assert (each["status"], each["tx_hash"], each["confirmations"]) == ("pending", None, 0)
        assert each["amount_received_atomic"] == "0"
        assert each["payments"][0]["reversed_at"] is not None
    before = PAID[: 1 + depth]
    for checkout, tx_hash in zip((own, shared), hashes, strict=True):
        now = shop.is_now(checkout)
        (payment,) = now["payments"]
        assert (now["status"], now["tx_hash"]) == ("confirmed", tx_hash)
        assert (payment["block_number"], payment["reversed_at"]) == (number, None)
        assert shop.told(checkout) == [*before, "reorged", *PAID[1:]]
    assert number > lost


def test_a_block_that_is_lost_after_it_was_confirmed_is_an_alarm_until_it_is_back(
    chains: ThreeChains, company: Company
) -> None:
    shop = Shop(chains, company, chains.on("base"))
    checkout = shop.asks()
    tx_hash = shop.gets(checkout, 50_000_000)
    shop.mines(3)
    raw = shop.place.node.rpc("eth_getRawTransactionByHash", tx_hash)
    assert shop.status(checkout) == "confirmed"

    shop.place.node.rpc("anvil_reorg", 3, [])
    shop.mines(1)
    gone = shop.is_now(checkout)
    shop.place.node.rpc("eth_sendRawTransaction", raw)
    shop.mines(3)
    back = shop.is_now(checkout)

    assert (gone["status"], gone["reversed_at"] is None) == ("confirmed", False)
    assert (back["status"], back["reversed_at"]) == ("confirmed", None)
    assert back["restored_at"] is not None
    assert shop.told(checkout) == [*PAID, "reversed", "restored"]


def test_the_bridged_usdc_of_arbitrum_is_the_wrong_token_and_a_stranger_s_is_nothing(
    chains: ThreeChains, company: Company
) -> None:
    shop = Shop(chains, company, chains.on("arbitrum"))
    bridged, strange = shop.asks(), shop.asks()
    node = chains.node
    pretender = node.deploy("Pretender")
    code = node.rpc("eth_getCode", pretender.address, "latest")
    node.rpc("anvil_setCode", USDC_E, code)

    for at, checkout in ((USDC_E, bridged), (pretender.address, strange)):
        pretender.address = at
        people = [node.accounts[0], checkout["deposit_address"]]
        words = [bytes(12) + bytes.fromhex(each[2:]) for each in people]
        topics = [bytes.fromhex(TRANSFER[2:]), *words]
        pretender.send("write", topics, (50_000_000).to_bytes(32, "big"))
    shop.mines(3)

    now = shop.is_now(bridged)
    (payment,) = now["payments"]
    assert (now["status"], payment["kind"], payment["token"]) == ("pending", "wrong_token", None)
    assert (payment["contract"], payment["amount_atomic"]) == (USDC_E, "50000000")
    assert shop.told(bridged) == ["created", "wrong_token"]
    assert (shop.is_now(strange)["payments"], shop.told(strange)) == ([], ["created"])
