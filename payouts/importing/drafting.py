"""Lines into drafts: each cell is read as the create call reads its field, nothing is written."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, Q
from django.db.models.functions import Lower
from rest_framework.exceptions import ValidationError

from billing.callers import Caller
from billing.errors import BillingError, InvalidRequest
from billing.money import from_text
from payouts.acts.create import built
from payouts.importing.columns import ADDRESS, METADATA, RECIPIENT
from payouts.importing.findings import Finding
from payouts.importing.reading import Line, shown
from payouts.models import AddressStatus, PayoutIntent, Recipient, RecipientAddress
from payouts.recipients.naming import Named, chosen
from payouts.serializers import new_payout

# A thousand and more in many countries, a little more than one in others.
_THREE_DECIMALS = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")
_LOCAL = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?))?", re.ASCII)
_END_OF_DAY = time(23, 59, 59)
_SMALL, _LARGE = ("chain", "reference_type"), ("token", "currency")
_AS_THEY_ARE = ("reference_id", "description", "external_id", "retry_of")


@dataclass(slots=True)
class Drafted:
    """A line and the draft it makes, None where it makes none; what is to be said of it."""

    line: Line
    payout: PayoutIntent | None = None
    is_named: bool = False  # by its recipient: then the address book must know the address
    findings: list[Finding] = field(default_factory=list)

    @property
    def codes(self) -> set[str]:
        return {finding.code for finding in self.findings}

    def say(self, code: str, message: str, column: str = "", *, is_error: bool = True) -> None:
        value = shown(self.line.values.get(column, ""))
        number = self.line.number
        self.findings.append(Finding(number, code, message, column, value, is_error))


class Book:
    """The recipients that a file names, with their approved addresses: two queries for all."""

    def __init__(self, caller: Caller, lines: Sequence[Line]) -> None:
        names = {line.values[RECIPIENT] for line in lines if RECIPIENT in line.values}
        self._found: dict[str, Recipient] = {}
        if names := {name for name in names if "\x00" not in name}:
            approved = RecipientAddress.objects.filter(status=AddressStatus.APPROVED)
            rows = (
                Recipient.objects.visible_to(caller)
                .alias(small=Lower("name"))
                .filter(
                    Q(id__in=names)
                    | Q(small__in={name.lower() for name in names}, archived_at__isnull=True)
                )
                .prefetch_related(Prefetch("addresses", approved, to_attr="approved"))
            )
            for row in rows:
                self._found[row.id] = self._found[row.name.lower()] = row

    def named(self, name: str, chain: str, address: str) -> Named:
        """Whom `name`, or an id, means on this chain. Raises as the create call does."""
        recipient = self._found.get(name) or self._found.get(name.lower())
        if recipient is None:
            raise InvalidRequest(
                f'No recipient of the address book is called "{shown(name)}". Propose it there, or '
                "give its address.",
                code="recipient_not_found",
                param=RECIPIENT,
            )
        approved: list[RecipientAddress] = recipient.approved  # type: ignore[attr-defined]  # above
        return chosen(recipient, chain, address, [row for row in approved if row.chain == chain])


def drafted(caller: Caller, lines: Sequence[Line], zone: ZoneInfo) -> list[Drafted]:
    """Every line with its draft, or with why it makes none."""
    book = Book(caller, lines)
    return [_drafted(caller, line, zone, book) for line in lines]


def _drafted(caller: Caller, line: Line, zone: ZoneInfo, book: Book) -> Drafted:
    draft = Drafted(line, findings=list(line.findings))
    spoilt = {finding.column for finding in line.findings}
    body: dict[str, Any] = {"currency": "USD"}
    for name, text in line.values.items():
        try:
            _take(body, name, text, zone)
        except InvalidRequest as refusal:  # The line's own answer.
            spoilt.add(name)
            draft.say(refusal.code, refusal.message, name)
    named = _whom(draft, body, book)
    try:
        new = new_payout(body)
    except ValidationError as error:
        _tell(draft, error.detail, spoilt)
        return draft
    if draft.findings:
        return draft
    try:
        payout = built(caller, new)
    except BillingError as refusal:  # The line's own answer.
        draft.say(refusal.code, refusal.message, refusal.param or "")
        return draft
    if named is not None:
        payout.recipient_id = named.recipient_id  # type: ignore[assignment]  # null, of an abstract model
        payout.recipient_name = named.recipient_name
        draft.is_named = True
    if _THREE_DECIMALS.fullmatch(line.values.get("amount", "")):
        _doubt_decimals(draft)
    draft.payout = payout
    return draft


def _take(body: dict[str, Any], name: str, text: str, zone: ZoneInfo) -> None:
    """Put one cell into the body of a create call."""
    if name == "amount":
        body[name] = from_text(text)
    elif name == "due_date":
        body[name] = _due(text, zone)
    elif name in _SMALL:
        body[name] = text.lower()
    elif name in _LARGE:
        body[name] = text.upper()
    elif name.startswith(METADATA):
        body.setdefault("metadata", {})[name.removeprefix(METADATA)] = text
    elif name == ADDRESS or name in _AS_THEY_ARE:
        body[name] = text


def _due(text: str, zone: ZoneInfo) -> str:
    """As the create call takes it. A time without an offset is in `zone`; a day means its end."""
    match = _LOCAL.fullmatch(text)
    if match is None:
        return text
    try:
        day = datetime.fromisoformat(match[1])
        at = time.fromisoformat(match[2]) if match[2] else _END_OF_DAY
        return datetime.combine(day, at, zone).isoformat()
    except ValueError as error:
        message = "There is no such day, or no such time."
        raise InvalidRequest(message, param="due_date") from error


def _whom(draft: Drafted, body: dict[str, Any], book: Book) -> Named | None:
    """Whom the line names, its address put into the body; None where it gives an address alone."""
    name = draft.line.values.get(RECIPIENT)
    if name is None:
        return None
    try:
        named = book.named(name, body.get("chain", ""), body.get(ADDRESS, ""))
    except (BillingError, ValueError) as refusal:
        if isinstance(refusal, BillingError):  # Else there is no such chain, which is said below.
            draft.say(refusal.code, refusal.message, RECIPIENT)
        body.setdefault(ADDRESS, "?")
        return None
    body[ADDRESS] = named.address
    return named


def _tell(draft: Drafted, detail: Any, spoilt: set[str]) -> None:
    """Every field's refusal, but of those whose cell was refused before."""
    for name, errors in detail.items() if isinstance(detail, Mapping) else ():
        if name not in spoilt:
            for error in errors:
                draft.say(error.code, str(error), name)
    if not draft.findings:
        draft.say("invalid_field_value", "This line cannot be read.")


def _doubt_decimals(draft: Drafted) -> None:
    amount = draft.line.values["amount"]
    draft.say(
        "amount_ambiguous",
        f"{amount} is read as {amount.rstrip('0').rstrip('.')}, not as {amount.replace('.', ',')}: "
        "the point is no separator of thousands. Look whether that is meant.",
        "amount",
        is_error=False,
    )


def without_errors(drafts: Sequence[Drafted]) -> list[tuple[Drafted, PayoutIntent]]:
    """The lines that make a draft."""
    return [(each, each.payout) for each in drafts if each.payout is not None]
