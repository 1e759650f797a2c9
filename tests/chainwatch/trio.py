"""Three nodes of one chain, of which one misbehaves: what each question must still answer."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from billing.chains import Network
from chainwatch.chains.base import ChainReader
from chainwatch.chains.evm import EvmChain
from tests.chainwatch.stub_node import StubNode, changed, running_stub, tx, with_status

PAID = tx(1)  # a transfer in block 100, which all honest nodes tell alike
HEAD = 120
Wrong = Callable[[StubNode], None]


@contextmanager
def running_trio() -> Iterator[list[StubNode]]:
    """Three honest nodes with the same chain: PAID in block 100, the head at HEAD."""
    with ExitStack() as stack:
        nodes = [stack.enter_context(running_stub()) for _ in range(3)]
        for node in nodes:
            node.head = HEAD
            node.mine(PAID, 100)
        yield nodes


def readers_of(row: Network, nodes: list[StubNode]) -> list[ChainReader]:
    return [EvmChain(row, node.url) for node in nodes]


def lies_about_the_amount(node: StubNode) -> None:
    node.mine(PAID, 100, amount=1)


def stands_on_another_fork(node: StubNode) -> None:
    node.fork(90, "liar")


def hides_the_transaction(node: StubNode) -> None:
    del node.receipts[PAID]


def invents_a_transaction(node: StubNode) -> None:
    node.mine(tx(666), 101, amount=10**12)


def lags(node: StubNode) -> None:
    node.head = 95


def invents_a_head(node: StubNode) -> None:
    node.head = 10_000


def answers_null(node: StubNode) -> None:
    node.fault = changed(lambda answers: [each | {"result": None} for each in answers])


def answers_nothing(node: StubNode) -> None:
    node.fault = with_status(503)


def is_of_another_chain(node: StubNode) -> None:
    node.chain_id = 10


WRONGS: list[Wrong] = [
    lies_about_the_amount,
    stands_on_another_fork,
    hides_the_transaction,
    invents_a_transaction,
    lags,
    invents_a_head,
    answers_null,
    answers_nothing,
    is_of_another_chain,
]
