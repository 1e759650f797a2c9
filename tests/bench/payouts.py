"""What the benchmarks pay: drafts as the API and as the services take them."""

from decimal import Decimal
from typing import Any

from payouts.services import NewPayout

RECIPIENT = {
    "tron": "TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf",
    "arbitrum": "0x52908400098527886E0F7030069857D2E4169EE7",
}


def a_body() -> dict[str, Any]:
    """A body of POST /v1/payouts with everything an integrator usually sends."""
    return {
        "recipient_address": RECIPIENT["tron"],
        "chain": "tron",
        "token": "USDT",
        "amount": 49.99,
        "currency": "USD",
        "description": "Invoice 884",
        "reference_type": "invoice",
        "reference_id": "inv_884",
        "due_date": "2030-01-15T12:00:00Z",
        "metadata": {"department": "sales"},
    }


def a_draft(chain: str = "tron") -> NewPayout:
    """The same as a service takes it, smaller."""
    return NewPayout(
        recipient_address=RECIPIENT[chain],
        chain=chain,
        token="USDT" if chain == "tron" else "USDC",
        amount=Decimal("49.99"),
        confirm_duplicate=True,
    )
