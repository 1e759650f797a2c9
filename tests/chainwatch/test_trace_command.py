"""manage.py trace: what nodes say, what was recorded, and whose payout or payment it is."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from chainwatch.following import follow
from chainwatch.models import WatchedTransaction
from organizations.models import Organization
from tests.chainwatch.conftest import Configure, watch
from tests.chainwatch.stub_node import PAYER, StubNode, tx, with_status
from tests.conftest import MakeApi

pytestmark = pytest.mark.django_db


def trace(*arguments: str) -> tuple[dict[str, Any], int]:
    """Run it with --json; return what it says and its exit status."""
    out = StringIO()
    try:
        call_command("trace", *arguments, "--json", stdout=out, stderr=StringIO())
    except SystemExit as ended:
        return json.loads(out.getvalue()), int(ended.code or 0)
    return json.loads(out.getvalue()), 0


def lines(*arguments: str) -> list[str]:
    out = StringIO()
    try:
        call_command("trace", *arguments, stdout=out, stderr=StringIO())
    except SystemExit:
        return out.getvalue().splitlines()
    return out.getvalue().splitlines()


def test_it_says_which_payout_a_simulated_hash_belongs_to(acme: Organization, api: MakeApi) -> None:
    client = api(acme)
    answer = client.post(
        "/v1/payouts",
        {
            "recipient_address": "0x2Df1c51E09aECF9cacB7bc98cB1742757f163dF7",
            "chain": "arbitrum",
            "token": "USDC",
            "amount": 50,
            "currency": "USD",
        },
    )
    made = json.loads(answer.content)
    client.patch(f"/v1/payouts/{made['id']}", {"status": "approved"})
    client.post(f"/v1/payouts/{made['id']}/execute", {"tx_hash": "demo-1"})

    said, status = trace("demo-1")

    assert [each["id"] for each in said["payouts"]] == [made["id"]]
    assert said["payouts"][0]["organization"] == acme.id
    assert [(each["chain"], each["network"]) for each in said["recorded"]] == [
        ("arbitrum", acme.id)
    ]
    assert [each["node"] for each in said["nodes"]] == ["sandbox"]
    assert status in (0, 1)  # mined within a second, or not yet
    assert any(made["id"] in line for line in lines("demo-1"))


def test_it_asks_every_node_and_shows_what_was_recorded(
    stub: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=1)
    stub.mine(tx(1), 100)
    watch(tx(1))
    follow("arbitrum")

    said, status = trace(tx(1))

    assert status == 0
    (node,) = said["nodes"]
    assert (node["is_mined"], node["block_number"], node["succeeded"]) == (True, 100, True)
    assert node["transfers"][0]["token"] == "USDC"
    assert node["transfers"][0]["amount_atomic"] == "50000000"
    assert said["recorded"][0]["final_at"] is not None
    assert len(said["transfers"]) == 1
    assert said["payouts"] == []
    assert lines(tx(1))[-1] == "no payout named it, and it paid no checkout"


def test_nodes_that_differ_end_with_status_1(
    stub: StubNode, second: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url, second.url))
    stub.mine(tx(1), 100)

    assert trace(tx(1))[1] == 1
    assert "not in any block it knows" in "\n".join(lines(tx(1)))

    second.mine(tx(1), 100)

    assert trace(tx(1))[1] == 0


def test_a_hash_nobody_knows_ends_with_status_1(stub: StubNode, configure: Configure) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))

    assert trace(tx(1))[1] == 1


def test_silent_nodes_and_no_record_end_with_status_2(stub: StubNode, configure: Configure) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))
    stub.fault = with_status(500)

    said, status = trace(tx(1))

    assert status == 2
    assert said["nodes"][0]["error"] == "HTTP 500"
    assert said["nodes"][0]["is_mined"] is None


def test_one_chain_alone_may_be_asked(stub: StubNode, configure: Configure) -> None:
    configure("arbitrum", rpc_urls=(stub.url,))

    trace(tx(1), "--chain", "base")

    assert stub.http_requests == 0


def test_it_says_what_a_transaction_that_waits_is_waiting_for(
    stub: StubNode, second: StubNode, configure: Configure
) -> None:
    configure("arbitrum", rpc_urls=(stub.url, second.url))
    stub.mine(tx(7), 90, nonce=4)
    stub.hand_in(tx(1), nonce=7)
    stub.hand_in(tx(2), nonce=5)
    stub.hand_in(tx(3), nonce=4)

    said, status = trace(tx(1))

    node, silent = said["nodes"]
    assert status == 1
    assert (node["is_mined"], node["nonce"], node["next_nonce"]) == (False, 7, 5)
    assert node["sender"].lower() == PAYER
    assert "nonce" not in silent
    sender = node["sender"]
    assert lines(tx(1))[0].endswith(f": waits to be mined, nonce 7 of {sender}, after 2 others")
    assert lines(tx(1))[1].endswith(": not in any block it knows")
    assert lines(tx(2))[0].endswith(f": waits to be mined, nonce 5 of {sender}")
    assert lines(tx(3))[0].endswith(
        f": cannot be mined any more, nonce 4 of {sender} was used by another transaction"
    )


def test_it_says_what_replaced_a_recorded_transaction(configure: Configure) -> None:
    configure("arbitrum", rpc_urls=())
    watch(tx(1))
    row = WatchedTransaction.objects.filter(tx_hash=tx(1))
    row.update(sender=PAYER, nonce=7)
    assert lines(tx(1))[1].endswith(f"; nonce 7 of {PAYER} is not used yet")

    row.update(superseded_at=timezone.now())
    assert lines(tx(1))[1].endswith("was used by a transaction that moves no pinned token")
    row.update(replaced_by=tx(2))

    assert lines(tx(1))[1].endswith(f"; nonce 7 of {PAYER} was used by {tx(2)}")
    assert trace(tx(1))[0]["recorded"][0]["replaced_by"] == tx(2)


def test_it_says_how_final_a_recorded_transaction_is(stub: StubNode, configure: Configure) -> None:
    configure("arbitrum", rpc_urls=(stub.url,), confirmations=3)
    stub.mine(tx(1), 100)
    watch(tx(1))
    follow("arbitrum")
    assert "not final yet (waits for confirmations)" in lines(tx(1))[1]

    stub.head = 130
    follow("arbitrum")
    follow("arbitrum")

    recorded = trace(tx(1))[0]["recorded"][0]
    assert recorded["final_at"] is not None
    assert recorded["finalized_at"] is not None
    assert ", beyond reorganizations since " in lines(tx(1))[1]


def test_a_tron_hash_is_asked_in_its_own_form(configure: Configure) -> None:
    configure("tron", rpc_urls=("http://127.0.0.1:9",))

    said, status = trace("0x" + "AB" * 32, "--chain", "tron")

    (answer,) = said["nodes"]
    assert status == 2
    assert (answer["chain"], answer["node"]) == ("tron", "127.0.0.1:9")
    assert answer["error"]


def test_it_says_which_checkout_a_hash_paid(acme: Organization, api: MakeApi) -> None:
    client = api(acme)
    body = {"amount_usd": 25, "chain": "base", "token": "USDC"}
    made = json.loads(client.post("/v1/checkouts", body).content)
    asked = {"checkout_id": made["checkout_id"], "outcome": "two_parts"}
    played = json.loads(client.post("/v1/sandbox/simulate-payment", asked).content)
    first = played["payments"][0]

    said, status = trace(first["tx_hash"])

    assert said["payouts"] == []
    assert said["payments"] == [
        {
            "id": first["payment_id"],
            "organization": acme.id,
            "environment": "sandbox",
            "chain": "base",
            "kind": "on_time",
            "amount_atomic": "12500000",
            "checkout": made["checkout_id"],
            "checkout_status": "confirmed",
        }
    ]
    assert status == 0
    assert lines(first["tx_hash"])[-1] == (
        f"payment {first['payment_id']} of {acme.id} (sandbox): on_time, "
        f"checkout {made['checkout_id']}: confirmed"
    )
