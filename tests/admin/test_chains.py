"""The chains page: how far each is read, how its nodes fare, and what needs somebody."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from billing import metrics
from billing.chains import Finality
from chainwatch import sandbox, services
from chainwatch.alarms import alarms
from chainwatch.models import (
    Block,
    ChainHead,
    ChainNode,
    Cursor,
    RestingCursor,
    WatchedAddress,
    WatchedTransaction,
)
from organizations.models import Organization, User
from tests.admin.conftest import Desk
from tests.admin.reading import page_of, text_of
from tests.payouts.making import People

pytestmark = pytest.mark.django_db

CHAINS = "/admin/chainwatch/chainhead/"
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
PAYER = "0x2Df1c51E09aECF9cacB7bc98cB1742757f163dF7"


@pytest.fixture(autouse=True)
def two_nodes(settings: Settings, live: None) -> None:
    """Base has two nodes of which both must agree."""
    base = replace(
        settings.NETWORKS["base"],
        rpc_urls=("https://one.example/secret", "https://two.example"),
        quorum=2,
        finality_by_amount=((10_000_000_000, Finality.SAFE),),
    )
    settings.NETWORKS = {**settings.NETWORKS, "base": base}


def head(scope: str = "", **fields: Any) -> ChainHead:
    """Base, read three seconds ago."""
    now = timezone.now()
    values: dict[str, Any] = {
        "number": 21_000_000,
        "block_hash": "0x" + "ab" * 32,
        "block_time": now - timedelta(seconds=5),
        "read_at": now - timedelta(seconds=3),
    }
    return ChainHead.objects.create(chain="base", scope=scope, **(values | fields))


def node(name: str, **fields: Any) -> ChainNode:
    return ChainNode.objects.create(chain="base", name=name, **fields)


def watched(scope: str = "", *, for_: timedelta = timedelta(hours=1)) -> None:
    """An address on Base, since an hour ago."""
    at = timezone.now() - for_
    services.watch_address("base", PAYER, scope=scope, outgoing=True, at=at)


def whats(scope: str = "") -> list[str]:
    return [each.what for each in alarms(scope)]


# --- The pages ------------------------------------------------------------------------------------


def test_the_list_says_how_far_each_chain_is(jon: User, people: People, desk: Desk) -> None:
    mined_at = timezone.now() - timedelta(seconds=5)
    row = head(block_time=mined_at, last_error="two.example: HTTP 503")
    today = timezone.now().astimezone(UTC).date()
    node("one.example", answered_at=row.read_at, day=today, requests_today=40, calls_today=90)
    node("two.example", failures=1, day=today - timedelta(days=1), requests_today=9_000)
    watched()
    Cursor.objects.update_or_create(
        chain="base",
        scope="",
        defaults={"next_block": 20_999_991, "block_time": mined_at - timedelta(seconds=20)},
    )

    page = text_of(desk(jon).get(CHAINS))

    assert "Base read 21,000,000 just now 1 of 2 up 20,999,990 10 blocks, 20 s behind" in page
    assert "just now 40 two.example: HTTP 503" in page
    assert "Needs somebody now" not in page


def test_the_record_shows_each_node_and_the_rules(jon: User, people: People, desk: Desk) -> None:
    now = timezone.now()
    row = head(safe_number=20_999_000)
    today = now.astimezone(UTC).date()
    node(
        "one.example", answered_at=now, head_number=21_000_000, head_time=now, day=today,
        requests_today=40, calls_today=90,
    )  # fmt: skip
    node(
        "two.example", failures=4, last_error="HTTP 503", failed_at=now,
        rests_until=now + timedelta(seconds=100),
    )  # fmt: skip
    node("gone.example")
    Block.objects.create(
        chain="base", number=20_999_999, block_hash="0x" + "cd" * 32, block_time=now,
        orphaned_at=now,
    )  # fmt: skip

    answer = desk(jon).get(page_of(row))

    page = text_of(answer)
    assert "one.example answers 21,000,000 just now just now 40 with 90 calls 0" in page
    assert "two.example resting" in page
    assert "in 99 s" in page or "in 1 min" in page
    assert "gone.example" not in page
    assert "secret" not in answer.content.decode()
    assert "Larger amounts SAFE from 10,000.00 on".lower() in page.lower()
    assert "Nodes that must agree 2" in page
    assert "Safe 20,999,000" in page
    assert "20,999,999" in page
    assert "left the chain" in page
    assert "Watched addresses 0" in page


def test_the_record_says_how_many_rest_and_how_far_the_daily_scan_is(
    jon: User, people: People, desk: Desk
) -> None:
    row = head()
    watched()
    WatchedAddress.objects.bulk_create(
        WatchedAddress(chain="base", address=f"0x{n}", watched_at=LONG_AGO, rests_since=LONG_AGO)
        for n in range(3)
    )
    RestingCursor.objects.create(
        chain="base", next_block=20_500_001, until_block=21_000_000, done_at=timezone.now()
    )
    client = desk(jon)

    page = text_of(client.get(page_of(row)))

    assert "Watched addresses 1" in page
    assert "Resting addresses 3" in page
    assert "Daily scan stands at 20,500,000 on its way to 21,000,000" in page
    assert "Daily scan done last just now" in page


def test_a_simulated_chain_has_no_nodes_to_show(
    acme: Organization, jon: User, people: People, desk: Desk
) -> None:
    row = head(scope=acme.id)
    head()
    node("one.example", failures=9, failed_at=timezone.now())
    client = desk(jon, "sandbox")

    assert "simulated" in text_of(client.get(CHAINS))
    page = text_of(client.get(page_of(row)))

    assert "one.example" not in page
    assert "Nodes simulated" in page
    assert "Nodes that must agree 1" in page


def test_the_list_takes_few_queries(jon: User, people: People, desk: Desk) -> None:
    head()
    client = desk(jon)
    with CaptureQueriesContext(connection) as one:
        client.get(CHAINS)
    ChainHead.objects.create(chain="arbitrum", number=1)

    with CaptureQueriesContext(connection) as two:
        client.get(CHAINS)

    assert len(two) == len(one) <= 10


def test_empty_pages_say_that_wallets_are_watched_too(
    jon: User, people: People, desk: Desk
) -> None:
    client = desk(jon)

    assert "or a wallet on it is watched" in text_of(client.get(CHAINS))
    transfers = text_of(client.get("/admin/chainwatch/transfer/"))
    assert "when money leaves a watched wallet" in transfers


def test_alarms_stand_on_the_chains_page_and_on_the_first_page(
    jon: User, people: People, desk: Desk
) -> None:
    row = head(read_at=timezone.now() - timedelta(minutes=30))
    watched()
    client = desk(jon)

    for url in (CHAINS, page_of(row)):
        page = text_of(client.get(url))
        assert "Base: Not read no good read for 30 min, and something waits for one" in page
    assert "1 chain alarm Base: Not read" in text_of(client.get("/admin/"))


# --- What alarms ----------------------------------------------------------------------------------


def test_a_chain_on_which_nobody_waits_alarms_nobody() -> None:
    head(read_at=timezone.now() - timedelta(days=3))
    for name in ("one.example", "two.example"):
        node(name, failures=50, last_error="chain id 1 instead of 8453", failed_at=timezone.now())

    with CaptureQueriesContext(connection) as queries:
        assert alarms() == []

    assert len(queries) == 1


def test_no_good_read_alarms_ten_minutes_after_somebody_began_to_wait() -> None:
    head(read_at=timezone.now() - timedelta(days=3))
    watched(for_=timedelta(minutes=9))
    assert whats() == []

    watched(for_=timedelta(minutes=11))
    services.unwatch_address("base", PAYER, outgoing=True)
    watched(for_=timedelta(minutes=11))

    assert whats() == ["Not read"]
    ChainHead.objects.update(read_at=timezone.now() - timedelta(minutes=9))
    assert whats() == []


def test_a_chain_that_was_never_read_alarms_too() -> None:
    watched()

    (alarm,) = alarms()

    assert (alarm.chain, alarm.what) == ("base", "Not read")
    assert "manage.py doctor" in alarm.todo


@pytest.mark.parametrize(
    ("fields", "is_waited_for"),
    [
        ({}, True),
        ({"block_hash": "0x1", "block_number": 1}, True),
        ({"block_hash": "0x1", "block_number": 1, "final_at": LONG_AGO}, True),
        ({"block_hash": "0x1", "final_at": LONG_AGO, "finalized_at": LONG_AGO}, False),
        # Past the limit of Base it is asked hourly: then silence is as it should be.
        ({"watched_at": LONG_AGO}, False),
        ({"watch_until": LONG_AGO}, False),
    ],
)  # fmt: skip
def test_what_is_in_flight_is_waited_for(fields: dict[str, Any], is_waited_for: bool) -> None:
    now = timezone.now()
    values: dict[str, Any] = {
        "watched_at": now - timedelta(hours=1),
        "watch_until": now + timedelta(days=1),
    }
    WatchedTransaction.objects.create(chain="base", tx_hash="0x" + "1" * 64, **(values | fields))

    assert (whats() == ["Not read"]) is is_waited_for


def test_every_node_failing_alarms_once() -> None:
    head()
    watched()
    for name in ("one.example", "two.example"):
        node(name, failures=3, last_error="HTTP 503", failed_at=timezone.now())

    (alarm,) = alarms()

    assert alarm.what == "Every node fails"
    assert alarm.says == "none of 2 nodes gives a good answer: HTTP 503"


def test_too_few_nodes_to_agree_alarm() -> None:
    head()
    watched()
    node("one.example", failures=3, last_error="HTTP 503", failed_at=timezone.now())
    node("two.example")

    (alarm,) = alarms()

    assert alarm.what == "Too few nodes to agree"
    assert alarm.says == "2 nodes must agree, and 1 of 2 can be asked"


def test_two_failures_in_a_row_are_an_accident() -> None:
    head()
    watched()
    node("one.example", failures=2, last_error="HTTP 503", failed_at=timezone.now())

    assert whats() == []


def test_a_node_of_another_chain_alarms_by_its_name() -> None:
    head()
    watched()
    node(
        "one.example", failures=3, failed_at=timezone.now(),
        last_error="chain id 1 instead of 8453",
    )  # fmt: skip

    first, second = alarms()

    assert first.what == "A node of another chain"
    assert first.says == "one.example says chain id 1 instead of 8453; it is not believed"
    assert first.todo == "Put the right URL into BASE_RPC_URLS."
    assert second.what == "Too few nodes to agree"


def test_a_scan_far_behind_alarms_while_an_address_is_watched() -> None:
    row = head()
    watched()
    assert row.block_time is not None
    Cursor.objects.update_or_create(
        chain="base",
        scope="",
        defaults={"next_block": 20_999_001, "block_time": row.block_time - timedelta(minutes=33)},
    )

    (alarm,) = alarms()

    assert alarm.what == "The scan is behind"
    assert alarm.says == "watched addresses are scanned 1,000 blocks (33 min) behind"
    services.unwatch_address("base", PAYER, outgoing=True)
    # A payout is in flight still, for which nothing is scanned.
    now = timezone.now()
    services.watch("base", "0x" + "1" * 64, at=now, until=now + timedelta(days=1))
    assert alarms() == []


def test_a_chain_that_is_switched_off_for_live_alarms_nobody(settings: Settings) -> None:
    watched()
    settings.NETWORKS = {
        **settings.NETWORKS, "base": replace(settings.NETWORKS["base"], rpc_urls=(), quorum=1)
    }  # fmt: skip

    assert whats() == []


def test_a_sandbox_alarms_its_own_people_alone(acme: Organization, zenith: Organization) -> None:
    watched(scope=acme.id)
    assert whats(acme.id) == []  # Nothing has happened on it: nobody need look.
    at = timezone.now() - timedelta(minutes=20)
    sandbox.broadcast(acme.id, "base", "h", "po_1", transfers=[], at=at)

    assert whats(acme.id) == ["Not read"]
    assert whats(zenith.id) == []
    assert whats() == []


# --- Metrics --------------------------------------------------------------------------------------


def test_a_scrape_tells_heads_scans_and_failures() -> None:
    row = head(read_at=timezone.now() - timedelta(seconds=90))
    watched()
    Cursor.objects.update_or_create(
        chain="base",
        scope="",
        defaults={"next_block": 20_999_991, "block_time": row.block_time},
    )
    node("two.example", failures=4)

    said = metrics.exposition()[0].decode()

    assert 'billing_chain_head{chain="base"} 2.1e+07' in said
    assert 'billing_chain_unread_seconds{chain="base"} 9' in said
    assert 'billing_chain_unscanned_blocks{chain="base"} 10.0' in said
    assert 'billing_node_failures{chain="base",node="two.example"} 4.0' in said
    assert 'billing_node_failures{chain="base",node="one.example"} 0.0' in said
