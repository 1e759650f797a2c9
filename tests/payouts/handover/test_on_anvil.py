"""A pack signed for good: its calls on a real node move exactly the money that was approved."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from pytest_django import Settings

from billing.chains import Token
from payouts import services
from payouts.handover.packing import download
from tests.nodes import Anvil, Contract
from tests.payouts.handover import parts
from tests.payouts.making import OTHER_RECIPIENT, RECIPIENT, People, make_payout

TRANSFERRED = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


@pytest.fixture
def usdc(arbitrum: Anvil, settings: Settings, live: None) -> Contract:
    """A token of ours, pinned as Arbitrum's USDC."""
    token = arbitrum.deploy("PlainToken", 10**12)
    row = settings.NETWORKS["arbitrum"]
    pinned = {**row.contracts, Token.USDC: token.address}
    settings.NETWORKS = {**settings.NETWORKS, "arbitrum": replace(row, contracts=pinned)}
    return token


@pytest.mark.parametrize("name", ["arbitrum-safe-builder.json", "arbitrum-calldata.json"])
def test_each_call_of_a_file_moves_what_was_approved(
    people: People, arbitrum: Anvil, usdc: Contract, name: str
) -> None:
    paid = {RECIPIENT: Decimal("1250.5"), OTHER_RECIPIENT: Decimal("0.010001")}
    made = [
        make_payout(people, "approved", recipient_address=to, amount=amount)
        for to, amount in paid.items()
    ]
    batch = services.hand_over(people.operator, [payout.id for payout in made])

    file = json.loads(download(people.operator, batch.id, name).content)
    assert file.get("chainId", str(file.get("chain_id"))) == str(arbitrum.chain_id)
    sent = [
        arbitrum.send(
            to=each["to"],
            data=each["data"] or parts.as_safe_encodes(each),
            sender=arbitrum.accounts[0],
        )
        for each in file["transactions"]
    ]
    arbitrum.mine()

    moved = {}
    for tx_hash in sent:
        receipt = arbitrum.receipt(tx_hash)
        assert receipt is not None
        assert receipt["status"] == "0x1"
        (log,) = receipt["logs"]
        assert (log["address"], log["topics"][0]) == (usdc.address.lower(), TRANSFERRED)
        moved[log["topics"][2][-40:]] = int(log["data"], 16)
    assert moved == {
        RECIPIENT[2:].lower(): 1_250_500_000,
        OTHER_RECIPIENT[2:].lower(): 10_001,
    }
