"""Hashes as people paste them, line by line: what each line says, and what is wrong with it.

A line is `po_… hash`, or `recipient amount hash`; one line that is a hash alone is for all payouts
of the batch, or of the part that was chosen. Blanks, commas, semicolons and tabs part words.
Nothing is written here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from billing.addresses import parse_tx_hash
from billing.callers import Caller
from billing.chains import decimals
from billing.display import amount_words, short
from billing.errors import BillingError, InvalidRequest
from billing.money import from_text, to_atomic
from payouts.acts.execute_many import Execution
from payouts.models import PayoutIntent, Status, SubmittedHash

MOST_LINES = 1_000
MOST_CHARACTERS = 400_000
_PARTED = re.compile(r"[\s,;]+")
_TAKES_A_HASH = (Status.APPROVED, Status.PENDING_EXECUTION)


@dataclass(frozen=True, slots=True)
class Planned:
    """What one line would do. `problem` says why it does nothing, `note` what to look at first."""

    number: int
    text: str
    payout: PayoutIntent | None = None
    tx_hash: str = ""
    problem: str = ""
    note: str = ""

    @property
    def title(self) -> str:
        """The payment in words, or the line as it was typed where it names none."""
        if self.payout is None:
            return self.text[:120]
        money = amount_words(self.payout.amount_atomic, self.payout.token, self.payout.chain)
        return f"{money} to {short(self.payout.recipient_address)}"

    @property
    def execution(self) -> Execution | None:
        """What it says, None where something is wrong with it."""
        if self.payout is None or self.problem:
            return None
        return Execution(self.payout.id, self.tx_hash)


def plan(
    caller: Caller,
    text: str,
    members: Sequence[PayoutIntent],
    part: Sequence[PayoutIntent] | None = None,
) -> list[Planned]:
    """Return what each line of `text` would do to these payouts of one batch. Two queries.

    A single hash is for `part`; None refuses one. Raises InvalidRequest where there is nothing to
    read, or too much.
    """
    lines = _lines(text)
    words = [(number, line, _words(line)) for number, line in lines]
    if len(words) == 1 and len(words[0][2]) == 1:
        rows = _for_part(*words[0], part)
    else:
        rows = [_read(*each, members) for each in words]
    return _judged(caller, rows)


def _lines(text: str) -> list[tuple[int, str]]:
    if len(text) > MOST_CHARACTERS:
        raise InvalidRequest(f"Give at most {MOST_CHARACTERS:,} characters.", param="lines")
    numbered = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    lines = [(number, line) for number, line in numbered if line]
    if not lines:
        raise InvalidRequest("Paste at least one line, or choose a file.", param="lines")
    if len(lines) > MOST_LINES:
        raise InvalidRequest(f"Give at most {MOST_LINES:,} lines at once.", param="lines")
    return lines


def _words(line: str) -> list[str]:
    """Its words, without the quotes that a table program puts around them."""
    return [word for word in (each.strip("\"'") for each in _PARTED.split(line)) if word]


def _for_part(
    number: int, line: str, words: Sequence[str], part: Sequence[PayoutIntent] | None
) -> list[Planned]:
    if part is None:
        problem = "Choose which payouts this one transaction pays."
        return [Planned(number, line, problem=problem)]
    return [Planned(number, line, payout, words[0]) for payout in part]


def _read(number: int, line: str, words: Sequence[str], members: Sequence[PayoutIntent]) -> Planned:
    if len(words) == 2 and words[0].startswith("po_"):
        found = [payout for payout in members if payout.id == words[0]]
        problem = "" if found else "This payout is not in the batch."
    elif len(words) == 3:
        found, problem = _named_by_money(words[0], words[1], members)
    else:
        found, problem = [], "Write: payout id, hash. Or: recipient, amount, hash."
    if problem:
        return Planned(number, line, problem=problem)
    return Planned(number, line, found[0], words[-1])


def _named_by_money(
    recipient: str, amount: str, members: Sequence[PayoutIntent]
) -> tuple[list[PayoutIntent], str]:
    try:
        exact = from_text(amount)
        found = [
            payout
            for payout in members
            if _same(payout.recipient_address, recipient)
            and payout.amount_atomic == to_atomic(exact, decimals(payout.chain, payout.token))
        ]
    except InvalidRequest as refusal:  # The line's own answer.
        return [], refusal.message
    if len(found) > 1:
        return found, f"{len(found)} payouts of the batch fit this. Name each by its id."
    return found, "" if found else "No payout of the batch pays this recipient this amount."


def _same(address: str, typed: str) -> bool:
    """Of EVM addresses the case is only a checksum."""
    return address.lower() == typed.lower() if address.startswith("0x") else address == typed


def _judged(caller: Caller, rows: Sequence[Planned]) -> list[Planned]:
    """Each row with what is wrong with its payout or its hash, found without writing."""
    named = [row.payout.id for row in rows if row.payout]
    hashes = SubmittedHash.objects.filter(
        organization_id=caller.organization_id, environment=caller.environment.value
    )
    own: dict[str, set[str]] = {}
    for payout_id, tx_hash in hashes.filter(payout_id__in=named).values_list(
        "payout_id", "tx_hash"
    ):
        own.setdefault(payout_id, set()).add(tx_hash)
    judged = [_with_hash(row, named.count(row.payout.id) if row.payout else 0, own) for row in rows]
    given = {row.tx_hash for row in judged if row.payout}
    elsewhere = dict(
        hashes.filter(tx_hash__in=given).exclude(payout_id__in=named).values_list(
            "tx_hash", "payout_id"
        )
    )  # fmt: skip
    return [_with_note(row, own, elsewhere) for row in judged]


def _with_hash(row: Planned, times: int, own: Mapping[str, set[str]]) -> Planned:
    payout = row.payout
    if payout is None:
        return row
    problem, tx_hash = "", row.tx_hash
    try:
        tx_hash = parse_tx_hash(row.tx_hash, payout.chain, payout.environment)
    except BillingError as refusal:  # The line's own answer.
        problem = refusal.message
    if not problem and times > 1:
        problem = "This payout is named in more than one line."
    is_known = tx_hash in own.get(payout.id, ())
    if not problem and not is_known and payout.status not in _TAKES_A_HASH:
        state = str(payout.status).replace("_", " ")
        problem = f"It is {state} already. Only what waits to be signed takes a hash."
    return Planned(row.number, row.text, payout, tx_hash, problem)


def _with_note(row: Planned, own: Mapping[str, set[str]], elsewhere: Mapping[str, str]) -> Planned:
    if row.payout is None or row.problem:
        return row
    note = ""
    if row.tx_hash in own.get(row.payout.id, ()):
        note = "It has this hash already: nothing changes."
    elif row.tx_hash in elsewhere:
        note = f"This hash was named for {elsewhere[row.tx_hash]} too. Look whether it pays both."
    return Planned(row.number, row.text, row.payout, row.tx_hash, note=note)
