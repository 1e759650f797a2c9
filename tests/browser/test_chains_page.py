"""The pages of a chain whose nodes fail: at a desk and on a phone, by day and by night."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django import Settings

from chainwatch import services
from chainwatch.models import Block, ChainHead, ChainNode
from organizations.models import User
from tests.admin.reading import page_of
from tests.browser.conftest import Reader
from tests.browser.looks import looked_at
from tests.payouts.making import People

pytestmark = pytest.mark.django_db(transaction=True)

CHAINS = "/admin/chainwatch/chainhead/"


@pytest.fixture
def failing(settings: Settings) -> ChainHead:
    """Base with three nodes, of which one rests and says so at length."""
    urls = tuple(f"https://{name}.rpc.example.com:8545" for name in ("first", "second", "third"))
    base = replace(settings.NETWORKS["base"], rpc_urls=urls, quorum=3)
    settings.NETWORKS = {**settings.NETWORKS, "base": base}
    now = timezone.now()
    for place, url in enumerate(urls):
        ChainNode.objects.create(
            chain="base", name=url.removeprefix("https://"), head_number=21_000_000 - place,
            head_time=now, answered_at=now, day=now.date(), requests_today=40, calls_today=90,
        )  # fmt: skip
    ChainNode.objects.filter(name__startswith="third").update(
        failures=5, failed_at=now, rests_until=now + timedelta(minutes=4),
        last_error="-32005: daily request count exceeded, request rate limited " * 3,
    )  # fmt: skip
    Block.objects.create(
        chain="base", number=21_000_000, block_hash="0x" + "cd" * 32, block_time=now
    )
    address = "0x2Df1c51E09aECF9cacB7bc98cB1742757f163dF7"
    services.watch_address("base", address, outgoing=True, at=now)
    return ChainHead.objects.create(
        chain="base", number=21_000_000, block_hash="0x" + "ab" * 32, block_time=now, read_at=now,
        last_error="third.rpc.example.com:8545: -32005: daily request count exceeded",
    )  # fmt: skip


def test_a_chain_in_trouble_fits_its_window_and_can_be_read(
    reader: Reader, sandboxed: People, jon: User, failing: ChainHead
) -> None:
    page = reader(jon, "live")

    for name, path in {"chains": CHAINS, "chain": page_of(failing)}.items():
        page.goto(path)
        expect(page.get_by_role("heading", name="Base: Too few nodes to agree")).to_be_visible()
        assert looked_at(page, name) == []
