"""The check of a whole file: what the create call would say of each line, in a few statements.

The statement that looks for reasons against a draft is the create call's own (acts.insert), asked
of all lines at once; besides, the lines are compared with one another. Nothing is written.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection

from billing import exact_json
from billing.addresses import is_lookalike
from billing.callers import Caller
from billing.chains import decimals
from billing.errors import InvalidRequest
from billing.money import from_atomic
from payouts.acts.found import Found, Unwanted, tell
from payouts.acts.insert import SEEN
from payouts.errors import ExternalIdTaken, LookalikeAddress, PossibleDuplicate
from payouts.importing.drafting import Drafted, drafted, without_errors
from payouts.importing.findings import Finding
from payouts.importing.reading import Line
from payouts.models import PayoutIntent
from payouts.recipients.errors import RecipientNotUsable
from payouts.recipients.naming import GONE

CHUNK = 1_000
# What of a draft the statement looks at.
_ASKED = (
    "id", "organization_id", "environment", "created_at", "recipient_address", "recipient_key",
    "chain", "token", "amount_atomic", "reference_type", "reference_id", "retry_of_id",
)  # fmt: skip
_FIND: Final = " ".join(
    (
        "WITH",
        SEEN.format(populated="jsonb_populate_recordset", whose="n.id AS draft_id,"),
        "SELECT * FROM seen WHERE lookalike IS NOT NULL OR duplicate IS NOT NULL",
        "OR NOT retry_is_known OR same_reference IS NOT NULL OR same_amount IS NOT NULL",
        "OR book_id IS NOT NULL",
    )
)
_TAKEN: Final = """
SELECT external_id FROM payouts_payoutintent
 WHERE organization_id = %s AND environment = %s AND external_id = ANY(%s)
"""
_KNOWN: Final = """
SELECT count(*) FROM unnest(%(chains)s::text[], %(addresses)s::text[]) n (chain, address)
 WHERE NOT EXISTS (
        SELECT FROM payouts_payoutintent p
         WHERE (p.organization_id, p.environment, p.recipient_address, p.chain, p.status)
             = (%(organization)s, %(environment)s, n.address, n.chain, 'settled'))
   AND NOT EXISTS (
        SELECT FROM payouts_recipientaddress a
         WHERE (a.organization_id, a.environment, a.chain, a.address, a.status)
             = (%(organization)s, %(environment)s, n.chain, n.address, 'approved'))
"""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file would do. `payouts` are ready to be inserted where there is no error."""

    lines: Sequence[Line]
    payouts: list[PayoutIntent]
    findings: list[Finding]
    new_recipients: int

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.is_error]

    @property
    def warnings(self) -> list[Finding]:
        return [finding for finding in self.findings if not finding.is_error]

    @property
    def totals(self) -> list[dict[str, Any]]:
        """Per chain and token, of the lines that make a draft; amounts as exact texts."""
        counts: Counter[tuple[str, str]] = Counter()
        sums: Counter[tuple[str, str]] = Counter()
        for payout in self.payouts:
            counts[payout.chain, payout.token] += 1
            sums[payout.chain, payout.token] += payout.amount_atomic
        return [
            {
                "chain": chain,
                "token": token,
                "payouts": counts[chain, token],
                "amount": f"{from_atomic(atomic, decimals(chain, token)):f}",
                "amount_atomic": str(atomic),
            }
            for (chain, token), atomic in sorted(sums.items())
        ]


def check(
    caller: Caller,
    lines: Sequence[Line],
    zone: ZoneInfo,
    *,
    progress: Callable[[int], object] = lambda checked: None,
) -> Checked:
    """Say of every line what the create call would, and what the lines say of one another.

    At most five queries for each thousand lines, and one. `zone` is that of due dates without an
    offset. `progress` is told after each thousand how many lines were looked at.
    """
    drafts: list[Drafted] = []
    for first in range(0, len(lines), CHUNK):
        part = drafted(caller, lines[first : first + CHUNK], zone)
        _compare_with_books(caller, without_errors(part))
        drafts += part
        progress(len(drafts))
    good = without_errors(drafts)
    _compare_ids(good)
    _compare_money(good)
    _compare_looks(good)
    payouts = [payout for _, payout in good]
    findings = [finding for draft in drafts for finding in draft.findings]
    return Checked(lines, payouts, findings, _new_recipients(caller, payouts))


def _compare_with_books(caller: Caller, good: Sequence[tuple[Drafted, PayoutIntent]]) -> None:
    found, taken = _found(good), _taken(caller, good)
    for draft, payout in good:
        _judge(draft, payout, found.get(payout.id))
        if payout.external_id in taken:
            refusal = ExternalIdTaken(payout.external_id or "")
            draft.say(refusal.code, refusal.message, "external_id")


def _found(good: Sequence[tuple[Drafted, PayoutIntent]]) -> dict[str, Found]:
    """What speaks of each draft, by its id, in one statement; nothing of most."""
    if not good:
        return {}
    rows = [{name: getattr(payout, name) for name in _ASKED} for _, payout in good]
    named = {payout.id: draft.is_named for draft, payout in good}
    with connection.cursor() as cursor:
        cursor.execute(_FIND, {"payout": exact_json.dumps(rows).decode()})
        return {
            payout_id: Found(False, Unwanted(True, True, not named[payout_id]), *seen)
            for payout_id, *seen in cursor.fetchall()
        }


def _judge(draft: Drafted, payout: PayoutIntent, found: Found | None) -> None:
    """Put what was seen into the draft and its findings, as a create does into its answer."""
    if draft.is_named and (found is None or found.recipient_id != payout.recipient_id):
        gone = RecipientNotUsable(payout.recipient_name or "This recipient", GONE)
        draft.say(gone.code, gone.message, "recipient")
        return
    for warning in payout.warnings:
        draft.say("invalid_address", warning, "recipient_address", is_error=False)
    if found is None:
        return
    if not found.retry_is_known:
        message = f"No such payout: {payout.retry_of_id}. Name one of yours, or leave it out."
        draft.say("payout_not_found", message, "retry_of")
        return
    if found.lookalike is not None:
        doubt: InvalidRequest = LookalikeAddress(payout.recipient_address, found.lookalike)
        draft.say(doubt.code, _here(doubt), "recipient_address", is_error=False)
    if found.duplicate is not None:
        doubt = PossibleDuplicate(found.duplicate, found.duplicate_outcome or "")
        draft.say(doubt.code, _here(doubt), "amount", is_error=False)
    before = len(payout.warnings)
    tell(payout, found)
    for warning in payout.warnings[before:]:
        _warn(draft, warning)


def _warn(draft: Drafted, warning: str) -> None:
    """A warning begins with its code; the create call keeps it in the payout in this form."""
    code, _, message = warning.partition(": ")
    column = "reference_id" if code == "same_reference" else "amount"
    draft.say(code, message[:1].upper() + message[1:], column, is_error=False)


def _here(doubt: InvalidRequest) -> str:
    """Its words without what a program would send."""
    return doubt.message.partition("; to pay")[0] + "."


def _taken(caller: Caller, good: Sequence[tuple[Drafted, PayoutIntent]]) -> set[str | None]:
    """Those external ids of the drafts that the books have."""
    wanted = [payout.external_id for _, payout in good if payout.external_id is not None]
    if not wanted:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN, [caller.organization_id, caller.environment.value, wanted])
        return {external_id for (external_id,) in cursor.fetchall()}


def _compare_ids(good: Sequence[tuple[Drafted, PayoutIntent]]) -> None:
    """An external id is there once in a file; one that the books have is told already."""
    first: dict[str, int] = {}
    for draft, payout in good:
        external_id = payout.external_id
        if external_id is None or "external_id_taken" in draft.codes:
            continue
        if (line := first.setdefault(external_id, draft.line.number)) != draft.line.number:
            message = f"Line {line} has the same external_id. Each payout needs its own."
            draft.say("external_id_taken", message, "external_id")


def _compare_money(good: Sequence[tuple[Drafted, PayoutIntent]]) -> None:
    """Lines that pay the same again, or for the same reference, as if the first were made."""
    money: dict[tuple[Any, ...], tuple[Drafted, PayoutIntent]] = {}
    references: dict[tuple[Any, ...], tuple[Drafted, PayoutIntent]] = {}
    for draft, payout in good:
        same = money.setdefault(
            (payout.recipient_address, payout.token, payout.amount_atomic), (draft, payout)
        )
        if same[0] is not draft:
            pays = f"payout {same[1].id} pays the same recipient the same amount"
            payout.warnings = [*payout.warnings, f"same_amount: {pays} in the same import."]
            message = f"Line {same[0].line.number} pays the same recipient the same amount."
            draft.say("same_amount", message, "amount", is_error=False)
        if payout.reference_id is None:
            continue
        same = references.setdefault((payout.reference_type, payout.reference_id), (draft, payout))
        if same[0] is not draft:
            warning = f"same_reference: payout {same[1].id} has the same reference."
            payout.warnings = [*payout.warnings, warning]
            message = f"Line {same[0].line.number} has the same reference."
            draft.say("same_reference", message, "reference_id", is_error=False)


def _compare_looks(good: Sequence[tuple[Drafted, PayoutIntent]]) -> None:
    """Two addresses of one file that could be mistaken for one another: one may be forged."""
    seen: dict[tuple[str, str], tuple[int, str]] = {}
    for draft, payout in good:
        address = payout.recipient_address
        line, other = seen.setdefault(
            (address[:1], payout.recipient_key), (draft.line.number, address)
        )
        if is_lookalike(address, other) and "lookalike_address" not in draft.codes:
            message = f"The recipient looks like that of line {line}, {other}, and is another one."
            draft.say("lookalike_address", message, "recipient_address", is_error=False)


def _new_recipients(caller: Caller, payouts: Sequence[PayoutIntent]) -> int:
    """How many addresses were never paid and are not in the address book."""
    places = sorted({(payout.chain, payout.recipient_address) for payout in payouts})
    if not places:
        return 0
    values: dict[str, str | list[str]] = {
        "organization": caller.organization_id,
        "environment": caller.environment.value,
        "chains": [chain for chain, _ in places],
        "addresses": [address for _, address in places],
    }
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, values)
        row: tuple[int] | None = cursor.fetchone()
    assert row is not None, "a count is one row"
    return row[0]


def as_report(checked: Checked) -> dict[str, Any]:
    """What is said of the file as a whole."""
    return {
        "lines": len(checked.lines),
        "payouts": len(checked.payouts),
        "totals": checked.totals,
        "new_recipients": checked.new_recipients,
    }
