"""A chain in a table, read as a node would answer: the same questions and words, no network."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from django.utils import timezone

from billing.chains import Chain, network
from chainwatch import sandbox
from chainwatch.chains.base import Cost, Head, Look, Receipt, TransferLog, reference
from chainwatch.models import SandboxChain, SandboxTransaction

# How far each level lags behind the head, in blocks, much as on the networks themselves.
_SOLID_LAG = 18
_SAFE_LAG = 32
_FINALIZED_LAG = 64


class SandboxReader:
    """The only node of one simulated chain. It costs no request and never fails."""

    node = "sandbox"

    def __init__(
        self, scope: str, chain: str, *, clock: Callable[[], datetime] = timezone.now
    ) -> None:
        self.cost = Cost()
        self._scope, self._chain = scope, chain
        self._clock = clock

    def look(
        self,
        references: Sequence[str],
        *,
        head: Head | None = None,
        block_times: Mapping[str, datetime] | None = None,
    ) -> Look:
        ledger = sandbox.ledger_of(self._scope, self._chain)
        number = sandbox.head_number(ledger, self._clock())
        mined = {
            reference(each.tx_hash, scope=self._scope, key=each.key): _receipt(ledger, each)
            for each in self._sent(references)
            if each.block_number <= number
        }
        return Look(
            head=head or _head(ledger, number),
            receipts={each: mined.get(each) for each in references},
            node=self.node,
            http_requests=0,
            calls=0,
        )

    def block_hashes(self, numbers: Sequence[int]) -> Mapping[int, str]:
        ledger = sandbox.ledger_of(self._scope, self._chain)
        head = sandbox.head_number(ledger, self._clock())
        return {each: sandbox.block_hash(ledger, each) for each in numbers if each <= head}

    def chain_id(self) -> int:
        return network(self._chain).chain_id

    def recheck(self) -> None:
        """There is nothing to check: this chain cannot be exchanged for another."""

    def _sent(self, references: Sequence[str]) -> list[SandboxTransaction]:
        """Return what was sent under any asked hash: `look` sorts out other keys' transactions."""
        return list(
            SandboxTransaction.objects.filter(
                scope=self._scope,
                chain=self._chain,
                tx_hash__in=[each.partition(":")[2] for each in references],
                dropped_at=None,
            )
        )


def _head(ledger: SandboxChain, number: int) -> Head:
    is_tron = ledger.chain == Chain.TRON
    return Head(
        number=number,
        block_hash=sandbox.block_hash(ledger, number),
        block_time=sandbox.block_time(number),
        safe_number=None if is_tron else number - _SAFE_LAG,
        finalized_number=number - (_SOLID_LAG if is_tron else _FINALIZED_LAG),
        parent_hash=sandbox.block_hash(ledger, number - 1),
    )


def _receipt(ledger: SandboxChain, sent: SandboxTransaction) -> Receipt:
    logs = tuple(
        TransferLog(
            contract=each["contract"],
            from_address=each["from_address"],
            to_address=each["to_address"],
            amount_atomic=int(each["amount_atomic"]),
            ordinal=sent.first_ordinal + place,
            log_index=sent.first_ordinal + place,
        )
        for place, each in enumerate(sent.transfers)
    )
    return Receipt(
        tx_hash=sent.tx_hash,
        block_number=sent.block_number,
        block_hash=sandbox.block_hash(ledger, sent.block_number),
        block_time=sandbox.block_time(sent.block_number),
        succeeded=sent.succeeded,
        sender=sent.sender,
        transfers=logs if sent.succeeded else (),
    )
