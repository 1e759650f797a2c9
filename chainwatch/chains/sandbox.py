"""A chain in a table, read as a node would answer: the same questions and words, no network."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from django.db.models import Max
from django.utils import timezone

from billing.chains import Chain, Finality, network
from chainwatch import sandbox
from chainwatch.chains.base import (
    ChainRefused,
    ChainUnavailable,
    Cost,
    Head,
    Header,
    Known,
    Look,
    Receipt,
    Scan,
    Sent,
    TransferLog,
    is_ours,
    reference,
)
from chainwatch.chains.holdings import Holdings
from chainwatch.models import SandboxChain, SandboxTransaction

# How far each level lags behind the head, in blocks, much as on the networks themselves.
_SAFE_LAG = 32
_FINALIZED_LAG = 64
_SOLID_LAG = 18


class SandboxReader:
    """The only node of one simulated chain. It costs no request and fails at nothing it has."""

    node = "sandbox"
    most_blocks = 10**9  # a range of any length is one query
    reads_blocks = False

    def __init__(
        self, scope: str, chain: str, *, clock: Callable[[], datetime] | None = None
    ) -> None:
        self.cost = Cost()
        self._scope, self._chain = scope, chain
        self._clock = clock or timezone.now  # asked for now: tests set the clock

    def look(
        self,
        references: Sequence[str],
        *,
        head: Head | None = None,
        block_times: Mapping[str, datetime] | None = None,
        levels: Collection[Finality] = (),
        check: Sequence[int] = (),
        is_solid: bool = False,
    ) -> Look:
        ledger, number = self._read()
        mined = {
            self._reference(each): _receipt(ledger, each)
            for each in self._standing(references)
            if each.block_number <= number
        }
        return Look(
            head=head or _head(ledger, number, levels),
            receipts={each: mined.get(each) for each in references},
            node=self.node,
            http_requests=0,
            calls=0,
            block_hashes=_block_hashes(ledger, number, check),
        )

    def scan(
        self,
        first: int,
        last: int,
        *,
        senders: Collection[str] = (),
        recipients: Collection[str] = (),
        references: Collection[str] = (),
        known: Known | None = None,
    ) -> Scan:
        ledger, number = self._read()
        if last > number:
            raise ChainUnavailable(f"it does not have block {last} yet")
        mined = SandboxTransaction.objects.filter(
            scope=self._scope,
            chain=self._chain,
            block_number__range=(first, last),
            succeeded=True,
            dropped_at=None,
        ).order_by("block_number", "pk")
        pays, gets = frozenset(senders), frozenset(recipients)
        if known is not None:
            gets |= known({moved["to_address"] for each in mined for moved in each.transfers})
        return Scan(
            block=_header(ledger, last),
            found={self._reference(each): None for each in mined if _concerns(each, pays, gets)},
            node=self.node,
            parent_hash=_header(ledger, first - 1).block_hash if first else "",
        )

    def sent(self, references: Sequence[str]) -> Mapping[str, Sent | None]:
        if self._chain == Chain.TRON:
            return {}
        known = {self._reference(each): each for each in self._standing(references)}
        answers: dict[str, Sent | None] = {}
        for asked in references:
            each = known.get(asked)
            if each is None:
                answers[asked] = None
            elif each.nonce is not None:
                answers[asked] = Sent(each.sender, each.nonce)
        return answers

    def next_nonces(self, senders: Sequence[str]) -> Mapping[str, int]:
        if self._chain == Chain.TRON:
            return {}
        _, number = self._read()
        used = (
            SandboxTransaction.objects.filter(
                scope=self._scope,
                chain=self._chain,
                sender__in=senders,
                nonce__isnull=False,
                block_number__lte=number,
                dropped_at=None,
            )
            .values_list("sender")
            .annotate(next_nonce=Max("nonce") + 1)
        )
        return dict.fromkeys(senders, 0) | dict(used)

    def holdings(self, addresses: Sequence[str]) -> Holdings:
        """A simulated chain moves money that nobody had: it keeps no balances."""
        raise ChainRefused("a simulated chain keeps no balances")

    def have_code(self, addresses: Sequence[str]) -> Mapping[str, bool]:
        return {}

    def block_hashes(self, numbers: Sequence[int]) -> Mapping[int, str]:
        return _block_hashes(*self._read(), numbers)

    def chain_id(self) -> int:
        return network(self._chain).chain_id

    def recheck(self) -> None:
        """There is nothing to check: this chain cannot be exchanged for another."""

    def _read(self) -> tuple[SandboxChain, int]:
        """Return the chain and the number of its newest block."""
        ledger = sandbox.ledger_of(self._scope, self._chain)
        return ledger, sandbox.head_number(ledger, self._clock())

    def _reference(self, sent: SandboxTransaction) -> str:
        return reference(sent.tx_hash, scope=self._scope, key=sent.key)

    def _standing(self, references: Sequence[str]) -> list[SandboxTransaction]:
        """Return what was sent under any asked hash: callers sort out other keys' transactions."""
        return list(
            SandboxTransaction.objects.filter(
                scope=self._scope,
                chain=self._chain,
                tx_hash__in=[each.partition(":")[2] for each in references],
                dropped_at=None,
            )
        )


def _head(ledger: SandboxChain, number: int, levels: Collection[Finality]) -> Head:
    """The head, with those of the asked levels that the chain has."""
    is_tron = ledger.chain == Chain.TRON
    last_level, lag = (
        (Finality.SOLIDIFIED, _SOLID_LAG) if is_tron else (Finality.FINALIZED, _FINALIZED_LAG)
    )
    is_safe_asked = Finality.SAFE in levels and not is_tron
    newest = _header(ledger, number)
    return Head(
        number=number,
        block_hash=newest.block_hash,
        block_time=newest.block_time,
        safe_number=number - _SAFE_LAG if is_safe_asked else None,
        finalized_number=number - lag if last_level in levels else None,
        parent_hash=newest.parent_hash,
    )


def _header(ledger: SandboxChain, number: int) -> Header:
    return Header(
        number=number,
        block_hash=sandbox.block_hash(ledger, number),
        parent_hash=sandbox.block_hash(ledger, number - 1),
        block_time=sandbox.block_time(number),
    )


def _block_hashes(ledger: SandboxChain, head: int, numbers: Sequence[int]) -> dict[int, str]:
    return {each: sandbox.block_hash(ledger, each) for each in numbers if each <= head}


def _concerns(sent: SandboxTransaction, pays: frozenset[str], gets: frozenset[str]) -> bool:
    """Whether it moves a pinned token from one of these addresses, or one of ours to one."""
    row = network(sent.chain)
    return any(
        int(each["amount_atomic"]) > 0
        and (
            (each["from_address"] in pays and row.token_of(each["contract"]) is not None)
            or (each["to_address"] in gets and is_ours(each["contract"], row))
        )
        for each in sent.transfers
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
