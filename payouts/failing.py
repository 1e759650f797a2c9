"""Why a final transaction does not pay a payout, as a code and a sentence. Pure."""

from dataclasses import dataclass

from billing.chains import Chain, Network
from payouts.facts import Group, Intended, Movement, Named, Transaction
from payouts.matching import fits, is_too_old, reaches
from payouts.states import FailureCode


@dataclass(frozen=True, slots=True)
class Failure:
    """A stable code and what it means for a person; together they are the failure_reason."""

    code: FailureCode
    sentence: str

    @property
    def reason(self) -> str:
        return f"{self.code.value}: {self.sentence}"


def failure_of(group: Group, payout: Intended) -> Failure | None:
    """Say why the payout failed, None while any of its hashes may still pay it.

    A hash is done with once its block is final, or once every node has denied it for longer than
    such a transaction can live. The newest one that is in a block says why.
    """
    named = [(each, group.transactions[each.tx_hash]) for each in payout.hashes]
    elsewhere = [transaction for _, transaction in named if transaction.elsewhere]
    if not all(_is_done(group.network, each, known) for each, known in named):
        return None
    final = [transaction for _, transaction in named if transaction.is_final]
    if final:
        return _of_transaction(group, payout, final[-1])
    if elsewhere:
        return _wrong_chain(group.network, elsewhere[-1])
    return _not_found(group.network)


def lacks_only_its_source(group: Group, payout: Intended, transaction: Transaction) -> bool:
    """Whether it would fit if its sender were a registered source wallet."""
    if not (transaction.is_final and transaction.succeeded):
        return False
    return any(
        reaches(movement, payout)
        and movement.claimed_by is None
        and not is_too_old(movement, payout)
        and not fits(movement, payout, group.sources)
        for movement in transaction.movements
    )


def _is_done(network: Network, named: Named, transaction: Transaction) -> bool:
    if transaction.is_in_block:
        return transaction.is_final
    if transaction.elsewhere:
        return True
    if transaction.absent_block_time is None:
        return False
    # After a reorganization it waits anew: it went back to where unmined transactions wait.
    since = max(named.chain_time, transaction.orphaned_at or named.chain_time)
    return transaction.absent_block_time > since + network.not_found_limit


def _of_transaction(group: Group, payout: Intended, transaction: Transaction) -> Failure:
    if not transaction.succeeded:
        return Failure(
            FailureCode.TRANSACTION_REVERTED,
            "the transaction was mined and reverted, so nothing moved. Create a new payout.",
        )
    reaching = [m for m in transaction.movements if reaches(m, payout)]
    if any(is_too_old(m, payout) for m in reaching) and all(
        is_too_old(m, payout) for m in reaching
    ):
        return Failure(
            FailureCode.TRANSFER_PREDATES_PAYOUT,
            "the transaction is older than the payout, so it paid something else. "
            "Look at which hash was submitted.",
        )
    if reaching:
        owners = ", ".join(sorted({m.claimed_by for m in reaching if m.claimed_by}))
        named = f" ({owners})" if owners else ""
        return Failure(
            FailureCode.TRANSFER_ALREADY_CLAIMED,
            f"every fitting transfer of the transaction pays another payout{named}. "
            "Submit the transaction that pays this one, as a new payout.",
        )
    return _of_movements(group.network, payout, transaction.movements)


def _of_movements(network: Network, payout: Intended, movements: tuple[Movement, ...]) -> Failure:
    moved = [m for m in movements if m.amount_atomic > 0]
    known = {*network.contracts.values(), *network.namesakes}
    to_recipient = [m for m in moved if m.recipient == payout.recipient]
    wrong_token = next((m for m in to_recipient if m.contract in known), None)
    elsewhere = next((m for m in moved if m.contract == payout.contract), None)
    if wrong_token is None and elsewhere is None:
        wrong_token = next(
            (m for m in to_recipient if m.contract != payout.contract),
            None,
        )
        elsewhere = next((m for m in moved if m.contract in known), None)
    if wrong_token is not None and wrong_token.contract != payout.contract:
        return Failure(FailureCode.TOKEN_MISMATCH, _token_words(network, payout, wrong_token))
    if elsewhere is not None and elsewhere.recipient != payout.recipient:
        return Failure(
            FailureCode.RECIPIENT_MISMATCH,
            f"the money went to {elsewhere.recipient}, not to {payout.recipient}. "
            "Ask whoever sent it; it cannot be called back.",
        )
    return Failure(
        FailureCode.NO_TRANSFER,
        "the transaction succeeded but moved none of the token, so nothing was paid. "
        "Look at which hash was submitted.",
    )


def _token_words(network: Network, payout: Intended, movement: Movement) -> str:
    intended = network.token_of(payout.contract)
    wanted = intended.value if intended else payout.contract
    token = network.token_of(movement.contract)
    got = (
        network.namesakes.get(movement.contract)
        or (token.value if token else None)
        or f"the token at {movement.contract}, which is none that is known here"
    )
    return f"the recipient got {got}. Meant was {wanted}. Agree with them what becomes of it."


def _wrong_chain(network: Network, transaction: Transaction) -> Failure:
    where = Chain(transaction.elsewhere).label
    return Failure(
        FailureCode.WRONG_CHAIN,
        f"the transaction is on {where}, not on {network.chain.label}. Ask the recipient whether "
        f"the address is theirs on {where} too.",
    )


def _not_found(network: Network) -> Failure:
    hours = int(network.not_found_limit.total_seconds() // 3600)
    return Failure(
        FailureCode.TRANSACTION_NOT_FOUND,
        f"no node knows the transaction {hours} hours after it was submitted. Whether money moved "
        "is unknown: look at the sending wallet before paying again.",
    )
