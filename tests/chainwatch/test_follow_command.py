"""manage.py follow, and the job that the beat runs."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from chainwatch import sandbox, tasks
from tests.chainwatch.conftest import Configure, watch
from tests.chainwatch.stub_node import StubNode, tx, with_status

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
        "arbitrum live: head 100, asked 2, seen 1, final 1, orphaned 0, 2 requests with 4 calls\n"
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
