"""GET /checkout/<id>/status: what the page's script asks for, without a key."""

import re
import time

import pytest
from django.test import Client
from pytest_django import Settings

from billing.api.throttling import Limit
from billing.callers import Caller
from checkouts import pages
from checkouts.hosted.stages import Stage
from checkouts.models import Checkout
from tests.checkouts.making import Json
from tests.checkouts.staging import arrived, at_head, in_stage


def status_of(checkout: Checkout, query: str = "") -> Json:
    answer = Client().get(f"/checkout/{checkout.id}/status{query}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    told: Json = answer.json()
    return told


def page_version(checkout: Checkout, query: str = "") -> str:
    found = re.search(r'data-version="([0-9a-f]+)"', Client().get(f"/checkout/{checkout.id}").text)
    assert found is not None
    return found[1]


def test_it_tells_what_the_page_shows_and_no_more(sandboxed: Caller) -> None:
    checkout = in_stage(sandboxed, Stage.CONFIRMING)

    told = status_of(checkout)

    assert 1795 <= told.pop("seconds_left") <= 1800
    assert told.pop("version") == page_version(checkout)
    assert told == {
        "checkout_id": checkout.id,
        "status": "confirming",
        "stage": "confirming",
        "received": "49.99\xa0USDC",
        "received_atomic": "49990000",
        "confirmations": 4,
        "required_confirmations": 12,
        "progress": "4 of 12 confirmations",
        "polling_interval_ms": 2000,
    }


def test_another_block_is_no_other_version_and_a_payment_is(sandboxed: Caller) -> None:
    checkout = in_stage(sandboxed, Stage.CONFIRMING)
    before = status_of(checkout)

    at_head(checkout, 1_005)
    a_block_later = status_of(checkout)
    arrived(checkout, 1_000_000)
    overpaid = status_of(checkout)

    assert a_block_later["confirmations"] == 6
    assert a_block_later["version"] == before["version"]
    assert overpaid["version"] != before["version"]


@pytest.mark.parametrize("stage", Stage)
def test_page_and_status_agree_in_every_stage(sandboxed: Caller, stage: Stage) -> None:
    checkout = in_stage(sandboxed, stage)

    told = status_of(checkout)

    assert told["stage"] == stage
    assert told["status"] == checkout.status
    assert told["version"] == page_version(checkout)
    assert told["polling_interval_ms"] >= 1000


def test_it_speaks_the_page_s_language(sandboxed: Caller) -> None:
    checkout = in_stage(sandboxed, Stage.CONFIRMING)

    assert status_of(checkout, "?lang=ru")["progress"] == "Подтверждений: 4 из 12"


def test_an_unknown_checkout_is_404_in_the_envelope(db: None) -> None:
    for checkout_id in ("co_000000000000000000000000", "%00", "x" * 300):
        answer = Client().get(f"/checkout/{checkout_id}/status")

        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "checkout_not_found"


def test_who_asks_too_often_is_told_so_and_others_are_not(
    sandboxed: Caller, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_RATE_LIMIT = "100/second"
    monkeypatch.setattr(pages, "LOOKS", Limit(3, 3600))
    checkout = in_stage(sandboxed, Stage.PAYING)
    hasty = Client(REMOTE_ADDR=f"2001:db8::{time.time_ns():x}"[-38:])

    looks = [hasty.get(f"/checkout/{checkout.id}") for _ in range(2)]
    asks = [hasty.get(f"/checkout/{checkout.id}/status") for _ in range(2)]
    page = hasty.get(f"/checkout/{checkout.id}")

    assert [answer.status_code for answer in [*looks, *asks]] == [200, 200, 200, 429]
    assert asks[1].json()["error"]["type"] == "rate_limited"
    assert page.status_code == 429
    assert "Too many requests" in page.text
    assert 1 <= int(page.headers["Retry-After"]) <= 3600
    assert Client().get(f"/checkout/{checkout.id}").status_code == 200
