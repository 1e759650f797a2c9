"""Whether an address is a contract: asked of nodes, kept as rows, read without asking."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from pytest_django import Settings

from chainwatch import services
from chainwatch.chains.base import ChainUnavailable
from chainwatch.chains.evm import EvmChain
from chainwatch.models import AddressFacts, ChainNode
from tests.chainwatch.stub_node import StubNode

PLAIN = "0x4E60C2E7181EDFc5471C0cBC8D485706d1b35686"
CONTRACT = "0x2Df1c51E09aECF9cacB7bc98cB1742757f163dF7"
DELEGATES = "0x52908400098527886E0F7030069857D2E4169EE7"
LIMITED = {"code": -32005, "message": "rate limit exceeded"}


@pytest.fixture
def node(stub: StubNode) -> EvmChain:
    stub.codes = {CONTRACT: "0x6080604052", DELEGATES: "0xef0100" + "11" * 20}
    return EvmChain(django_settings.NETWORKS["arbitrum"], stub.url)


@pytest.fixture
def network(stub: StubNode, node: EvmChain, settings: Settings) -> None:
    """Arbitrum has the one node."""
    arbitrum = replace(settings.NETWORKS["arbitrum"], rpc_urls=(stub.url,))
    settings.NETWORKS = {**settings.NETWORKS, "arbitrum": arbitrum}


def test_code_is_a_contract_and_a_delegation_is_none(stub: StubNode, node: EvmChain) -> None:
    assert node.have_code([PLAIN, CONTRACT, DELEGATES]) == {
        PLAIN: False, CONTRACT: True, DELEGATES: False,
    }  # fmt: skip
    assert stub.http_requests == 1
    assert node.have_code([]) == {}
    assert stub.http_requests == 1


@pytest.mark.parametrize("code", [None, "", "0x1", "60", 5, "0xzz"])
def test_what_is_no_code_teaches_nothing(stub: StubNode, node: EvmChain, code: str) -> None:
    stub.codes[PLAIN] = code

    assert node.have_code([PLAIN, CONTRACT]) == {CONTRACT: True}
    with pytest.raises(ChainUnavailable):
        node.have_code([PLAIN])


def test_what_was_learned_is_kept_and_read(db: None, network: None) -> None:
    assert services.learn_addresses("arbitrum", [PLAIN, CONTRACT]) == 2

    assert set(AddressFacts.objects.values_list("chain", "address", "has_code")) == {
        ("arbitrum", PLAIN, False),
        ("arbitrum", CONTRACT, True),
    }


def test_a_later_answer_replaces_the_earlier(db: None, stub: StubNode, network: None) -> None:
    services.learn_addresses("arbitrum", [PLAIN], at=timezone.now() - timedelta(days=1))

    stub.codes[PLAIN] = "0x60"
    services.learn_addresses("arbitrum", [PLAIN])

    row = AddressFacts.objects.get()
    assert row.has_code
    assert row.asked_at > timezone.now() - timedelta(minutes=1)


def test_a_node_that_fails_teaches_nothing_and_is_noted(
    db: None, stub: StubNode, network: None
) -> None:
    stub.failing["eth_getCode"] = LIMITED

    assert services.learn_addresses("arbitrum", [PLAIN]) == 0

    assert not AddressFacts.objects.exists()
    assert ChainNode.objects.get().failures == 1


def test_tron_and_a_chain_without_a_node_are_not_asked(
    db: None, stub: StubNode, network: None
) -> None:
    assert services.learn_addresses("base", [PLAIN]) == 0
    assert services.learn_addresses("tron", ["TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf"]) == 0
    assert services.learn_addresses("arbitrum", []) == 0
    assert stub.http_requests == 0
