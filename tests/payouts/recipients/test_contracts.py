"""The worker asks whether recipients are contracts, and people are warned of those that are."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from chainwatch.models import AddressFacts
from payouts import contracts
from tests.chainwatch.stub_node import StubNode, running_stub
from tests.payouts.making import OTHER_RECIPIENT, RECIPIENT, People, make_payout
from tests.payouts.recipients.booking import a_recipient, proposed

THIRD = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


@pytest.fixture
def stub(people: People, settings: Settings) -> Iterator[StubNode]:
    """A node of Arbitrum; Base and Tron have none."""
    with running_stub() as node:
        node.codes = {RECIPIENT: "0x6080"}
        settings.NETWORKS = {
            name: replace(row, rpc_urls=(node.url,) if name == "arbitrum" else ())
            for name, row in settings.NETWORKS.items()
        }
        yield node


def facts() -> dict[str, bool]:
    return dict(AddressFacts.objects.values_list("address", "has_code"))


def test_recipients_of_drafts_and_of_the_book_are_asked_once_a_day(
    people: People, stub: StubNode
) -> None:
    make_payout(people, "draft")
    make_payout(people, "draft")
    make_payout(people, "canceled", recipient_address=THIRD)
    proposed(people, OTHER_RECIPIENT, recipient=a_recipient(people, "B"))

    assert contracts.ask() == 2
    assert facts() == {RECIPIENT: True, OTHER_RECIPIENT: False}

    assert contracts.ask() == 0
    assert contracts.ask(at=timezone.now() + timedelta(days=1, minutes=1)) == 2
    assert stub.calls.count("eth_getCode") == 4


def test_the_sandbox_asks_nobody(sandboxed: People, stub: StubNode) -> None:
    make_payout(sandboxed, "draft")

    assert contracts.ask() == 0
    assert stub.http_requests == 0
