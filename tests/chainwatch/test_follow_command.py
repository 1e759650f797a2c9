"""manage.py follow, and the job that the beat runs."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from chainwatch import sandbox, services, tasks
from chainwatch.models import Cursor, WatchedTransaction
from tests.chainwatch.conftest import Configure, watch
from tests.chainwatch.stub_node import PAYER, StubNode, tx, with_status

pytestmark = pytest.mark.django_db


def command(*arguments: str) -> tuple[str, int]:
    """Run it and return what it printed and its exit status."""
    out = StringIO()
    try:
        call_command("follow", *arguments, stdout=out, stderr=StringIO())
    except SystemExit as ended:
        return out.getvalue(), int(ended.code or 0)
    return out.getvalue(), 0


def test_it_makes_one_pass_and_says_what_it_cost(stub: StubNode, configure: Configure) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=1)
    watch(tx(1))
    stub.mine(tx(1), 100)

    said, status = command("arbitrum")

    assert status == 0
    assert said == (
        "arbitrum live: head 100, asked 2, seen 1, final 1, orphaned 0, 2 requests with 5 calls\n"
    )


def test_with_json_it_prints_one_object(stub: StubNode, configure: Configure) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=1)

    said, status = command("arbitrum", "--json")

    answer: dict[str, Any] = json.loads(said)
    assert status == 0
    assert (answer["chain"], answer["http_requests"], answer["rpc_calls"]) == ("arbitrum", 0, 0)
    assert answer["networks"][0]["head_number"] is None


def test_a_chain_that_was_not_read_ends_with_status_2(stub: StubNode, configure: Configure) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))
    stub.fault = with_status(500)
    watch(tx(1))

    said, status = command("arbitrum")

    assert status == 2
    assert said.startswith("arbitrum live: not read: ")


def test_a_complaint_about_one_of_two_nodes_ends_with_status_1(
    stub: StubNode, second: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url, second.url))
    stub.fault = with_status(500)
    watch(tx(1))

    said, status = command("arbitrum")

    assert status == 1
    assert said.rstrip().endswith("HTTP 500")


def test_it_follows_the_simulated_networks_on_request() -> None:
    watch("h", "tron", scope="org_1", key="po_1")
    sandbox.advance("org_1", "tron", 1)

    said, status = command("tron", "--environment", "sandbox")

    assert status == 0
    assert said.startswith("tron org_1: head ")
    assert command("base", "--environment", "sandbox") == ("base: nothing in flight\n", 0)


def test_an_unknown_chain_is_refused() -> None:
    with pytest.raises(CommandError):
        call_command("follow", "solana")


def test_the_job_follows_the_simulated_networks_and_the_live_one(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))
    watch(tx(1))
    watch("h", scope="org_1", key="po_1")

    did = tasks.follow("arbitrum")

    assert (did["chain"], did["passes"], did["asked"]) == ("arbitrum", 2, 2)
    assert (did["http_requests"], did["rpc_calls"], did["errors"]) == (1, 3, [])


# --- Ranges ---------------------------------------------------------------------------------------


def watch_payer(scope: str = "") -> None:
    services.watch_address("arbitrum", PAYER, scope=scope, outgoing=True, at=timezone.now())


def test_a_range_is_scanned_again_for_the_watched_addresses(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))
    stub.mine(tx(1), 40)
    stub.mine(tx(2), 60)
    watch_payer()
    before = Cursor.objects.values_list("next_block", "version").first()

    said, status = command("arbitrum", "--from-block", "30", "--to-block", "50")

    assert (said, status) == ("arbitrum live: scanned 21 blocks, found 1\n", 0)
    assert [each.tx_hash for each in WatchedTransaction.objects.all()] == [tx(1)]
    assert Cursor.objects.values_list("next_block", "version").first() == before
    assert command("arbitrum", "--from-block", "30", "--to-block", "50")[0] == (
        "arbitrum live: scanned 21 blocks, found 0\n"
    )


def test_a_long_range_tells_how_far_it_is(stub: StubNode, configure: Configure) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))
    stub.head = 2_500
    watch_payer()
    out, told = StringIO(), StringIO()

    call_command(
        "follow", "arbitrum", "--from-block", "1", "--to-block", "2500", "--json",
        stdout=out, stderr=told,
    )  # fmt: skip

    answer = json.loads(out.getvalue())
    assert answer["scanned"] == 2_500
    assert len(answer["networks"]) == 1
    assert told.getvalue().splitlines() == [
        "arbitrum live: 1000 of 2500 blocks, to 1000",
        "arbitrum live: 2000 of 2500 blocks, to 2000",
        "arbitrum live: 2500 of 2500 blocks, to 2500",
    ]


def test_a_range_in_which_nobody_is_watched_scans_nothing(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))

    assert command("arbitrum", "--from-block", "1", "--to-block", "50") == (
        "arbitrum live: no address is watched, nothing scanned\n", 0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--from-block", "3"), "A range has two ends. Give --from-block and --to-block."),
        (("--to-block", "3"), "A range has two ends. Give --from-block and --to-block."),
        (("--from-block=-1", "--to-block", "3"), "There is no block -1. Blocks count from 0."),
        (
            ("--from-block", "5", "--to-block", "3"),
            "Block 5 comes after 3. Give the lower one first.",
        ),
        (
            ("--from-block", "5", "--to-block", "101"),
            "Block 101 is not there yet. The newest is 100.",
        ),
    ],
)
def test_a_range_that_cannot_be_is_refused(
    arguments: tuple[str, ...], words: str, stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))
    watch_payer()

    said, status = command("arbitrum", *arguments, "--json")

    assert status == 2
    assert json.loads(said)["error"]["message"] == words
    assert not WatchedTransaction.objects.exists()


def test_a_range_that_nobody_answers_ends_with_status_2(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))
    watch_payer()
    stub.failing["eth_getLogs"] = {"code": -32000, "message": "no archive"}

    said, status = command("arbitrum", "--from-block", "1", "--to-block", "50")

    assert status == 2
    assert said.startswith("arbitrum live: scanned 0 blocks, found 0; ")
    stub.fault = with_status(503)
    failed, status = command("arbitrum", "--from-block", "1", "--to-block", "50", "--json")
    assert status == 2
    assert json.loads(failed)["error"]["message"].startswith("arbitrum live: not read: ")


def test_simulated_networks_have_ranges_too() -> None:
    services.watch_address("base", PAYER, scope="org_1", outgoing=True, at=timezone.now())
    head = services.newest_block("base", "org_1")

    said, status = command(
        "base", "--environment", "sandbox",
        "--from-block", str(head - 100), "--to-block", str(head - 1),
    )  # fmt: skip

    assert (said, status) == ("base org_1: scanned 100 blocks, found 0\n", 0)
