"""What a web process loads, and what it weighs beside Django and DRF alone."""

from collections.abc import Mapping
from typing import Any

import pytest
import requests

from organizations.models import Organization
from tests.conftest import MakeApi
from tests.flow.company import somebody
from tests.flow.serving import served

NODE_LIBRARIES = ("web3", "tronpy", "eth_account", "eth_abi", "aiohttp", "celery.worker")
# Made for the API's document, which is served from a file.
GENERATOR = ("drf_spectacular.openapi", "drf_spectacular.plumbing", "django.test.client")
LIMIT = 1.4  # quality.md: web worker against Django and DRF alone


@pytest.mark.django_db(transaction=True)
def test_no_node_library_is_loaded_and_the_memory_is_near_the_floor(
    acme: Organization, api: MakeApi
) -> None:
    headers = {"Authorization": f"Bearer {api(acme).secret}"}
    with served("product") as product, served("bare") as bare:
        used(product.url, headers)
        for _ in range(20):
            assert requests.get(f"{bare.url}/one", timeout=10).status_code == 200
        found, floor = diagnosed(product.url), diagnosed(bare.url)

    ratio = found["memory"] / floor["memory"]
    print(f"web process {found['memory'] >> 20} MB, bare {floor['memory'] >> 20} MB: {ratio:.2f}")
    loaded = {name.split(".")[0] for name in found["modules"]} | set(found["modules"])
    assert loaded.isdisjoint(NODE_LIBRARIES)
    assert loaded.isdisjoint(GENERATOR)
    assert "rest_framework" in loaded and "rest_framework" in floor["modules"]
    assert ratio <= LIMIT


def used(url: str, headers: Mapping[str, str]) -> None:
    """What the process serves in its life: health, creates, the log-in page, a simulation."""
    assert requests.get(f"{url}/v1/health", timeout=10).status_code == 200
    assert requests.get(f"{url}/admin/login/", timeout=10).status_code == 200
    for _ in range(20):
        body = {
            "recipient_address": somebody(),
            "chain": "arbitrum",
            "token": "USDC",
            "amount": 500,
            "currency": "USD",
        }
        made = requests.post(f"{url}/v1/payouts", json=body, headers=headers, timeout=10)
        assert made.status_code == 201, made.text
    simulated = requests.post(
        f"{url}/v1/sandbox/simulate-payout",
        json={"payout_id": made.json()["id"]},
        headers=headers,
        timeout=10,
    )
    assert simulated.json()["status"] == "settled"


def diagnosed(url: str) -> Any:
    return requests.get(f"{url}/diagnostics", timeout=10).json()
