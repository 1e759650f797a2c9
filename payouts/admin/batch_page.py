"""What a batch's pages say: its state, totals, files, payouts and who took what."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.utils import quote
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from billing.admin import Facts, record_url
from billing.chains import Chain
from billing.display import (
    NOTHING,
    State,
    address_html,
    amount_html,
    copy_html,
    hash_html,
    moment_html,
    short,
    state_html,
    tag_html,
)
from events.models import Event
from events.types import EventType
from payouts.admin.words import state_of
from payouts.answers import Heads
from payouts.handover.files import PACK, File
from payouts.handover.funds import Fund, Verdict, funds_of
from payouts.handover.packing import files_in, gone_from
from payouts.handover.totals import Total, totals_of
from payouts.models import BatchItem, PayoutBatch, PayoutIntent, Status

VOID = State("void", "red", "failed")
WAITING = State("to be signed", "violet", "handed")
ON_CHAIN = State("on chain", "amber", "chain")
DONE = State("all settled", "green", "settled")
FAILED = State("some failed", "red", "failed")
_ON_ITS_WAY = (Status.EXECUTED, Status.VERIFYING)
MOST_TAKEN = 20  # of the newest downloads
_TONES = {
    Verdict.ENOUGH: ("", "tick"),
    Verdict.SHORT: ("danger", "warning"),
    Verdict.UNKNOWN: ("warning", "warning"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One file as the page offers it; `url` is empty where it is given out no more."""

    name: str
    label: str
    what: str
    url: str
    why_not: str = ""


def state_html_of(batch: PayoutBatch, statuses: Mapping[str, int]) -> SafeString:
    """Where the batch stands: void, or what most of it waits for, with the count."""
    waiting = statuses.get(Status.PENDING_EXECUTION, 0)
    moving = sum(statuses.get(status, 0) for status in _ON_ITS_WAY)
    of = sum(statuses.values())
    if batch.voided_at is not None:
        note = f"{waiting} of {of} not taken back" if waiting else ""
        return state_html(VOID, note)
    if waiting:
        return state_html(WAITING, f"{waiting} of {of}")
    if moving:
        return state_html(ON_CHAIN, f"{moving} of {of}")
    if statuses.get(Status.FAILED):
        return state_html(FAILED, f"{statuses[Status.FAILED]} of {of}")
    return state_html(DONE)


def statuses_of(batch_ids: Iterable[str]) -> dict[str, Counter[str]]:
    """How many payouts of each batch are in which state; those taken back count as such."""
    found: dict[str, Counter[str]] = {}
    items = BatchItem.objects.filter(batch_id__in=list(batch_ids))
    for batch_id, status, taken in items.values_list("batch_id", "payout__status", "taken_back_at"):
        found.setdefault(batch_id, Counter())["taken back" if taken else status] += 1
    return found


def totals_html(totals: Sequence[Total]) -> SafeString:
    """`4,210.00 USDT on Tron`, one under the other."""
    return format_html_join(
        "",
        '<span class="total">{} <span class="hint">on {} · {}</span></span>',
        (
            (
                amount_html(total.amount_atomic, total.token, total.chain),
                Chain(total.chain).label,
                f"{total.payouts} payout{'' if total.payouts == 1 else 's'}",
            )
            for total in totals
        ),
    )


def context(batch: PayoutBatch, payouts: Sequence[PayoutIntent], heads: Heads) -> dict[str, Any]:
    """What the page's template needs beyond its panels."""
    items = {item.payout_id: item for item in batch.items.all()}
    in_it = [payout for payout in payouts if items[payout.id].taken_back_at is None]
    statuses = Counter(payout.status for payout in in_it)
    statuses["taken back"] = len(payouts) - len(in_it)
    return {
        "batch": batch,
        "state": state_html_of(batch, statuses),
        "totals_html": totals_html(totals_of(payouts)),
        "payout_rows": [_payout_row(payout, items[payout.id], heads) for payout in payouts],
        "is_void": batch.voided_at is not None,
        "waiting": statuses[Status.PENDING_EXECUTION],
        "taken": taken(batch),
    }


def facts(batch: PayoutBatch) -> list[Facts]:
    """What is so of the batch."""
    rows: list[tuple[str, str | SafeString]] = [
        ("Digest", copy_html(batch.digest, "digest") if batch.digest else NOTHING),
        ("Handed over by", batch.handed_over_by_name),
        ("Handed over", moment_html(batch.created_at)),
        ("Void since", moment_html(batch.voided_at)),
        ("Id", copy_html(batch.id, "id")),
    ]
    return [Facts("Batch", rows)]


def file_rows(batch: PayoutBatch, payouts: Sequence[PayoutIntent]) -> list[Row]:
    """The files of a batch that stands, the pack first; none where it is void, or all is paid."""
    waiting = sum(payout.status == Status.PENDING_EXECUTION for payout in payouts)
    if batch.voided_at is not None or not waiting:
        return []
    what = f"all that waits, {_payouts(waiting)}"
    pack = Row(PACK, "Everything in one archive", what, file_url(batch, PACK))
    return [pack, *(_file_row(batch, payouts, file) for file in files_in(payouts))]


def file_url(batch: PayoutBatch, name: str) -> str:
    """Where a file is downloaded, the batch's id quoted."""
    return reverse("admin:payouts_payoutbatch_file", args=[quote(batch.pk), name])


def taken(batch: PayoutBatch) -> list[dict[str, Any]]:
    """Who took which file, newest first."""
    found = Event.objects.filter(
        resource_id=batch.id, type=EventType.PAYOUT_BATCH_DOWNLOADED
    ).order_by("-created_at", "-id")
    return [
        {
            "who": event.actor_name,
            "file": event.payload["data"]["file"],
            "at": event.created_at,
        }
        for event in found[:MOST_TAKEN]
    ]


def link_to_batch(batch_id: str) -> SafeString:
    """A link to a batch, its id quoted in the address."""
    return format_html(
        '<a href="{}"><code>{}</code></a>', record_url(PayoutBatch, batch_id), batch_id
    )


def _file_row(batch: PayoutBatch, payouts: Sequence[PayoutIntent], file: File) -> Row:
    part = f", part {file.number} of {file.parts}" if file.parts > 1 else ""
    label = f"{file.format.label} · {Chain(file.chain).label}{part}"
    if gone_from(payouts, file) is not None:
        return Row(file.name, label, _payouts(file.count), "", "paid, or on its way")
    return Row(file.name, label, _payouts(file.count), file_url(batch, file.name))


def _payouts(count: int) -> str:
    return f"{count} payout{'' if count == 1 else 's'}"


def _payout_row(payout: PayoutIntent, item: BatchItem, heads: Heads) -> list[SafeString]:
    state = (
        tag_html("taken back", "warning", title=item.take_back_reason)
        if item.taken_back_at
        else state_of(payout, heads)
    )
    tx_hash = payout.expected_tx_hash
    return [
        format_html(
            '<a class="to" href="{}">{}</a><span class="sub">on {}</span>',
            record_url(PayoutIntent, payout.id),
            amount_html(payout.amount_atomic, payout.token, payout.chain),
            Chain(payout.chain).label,
        ),
        _whom_html(payout),
        format_html("{}", payout.reference_id or short(payout.id)),
        state,
        hash_html(tx_hash, payout.chain, payout.environment) if tx_hash else NOTHING,
    ]


def _whom_html(payout: PayoutIntent) -> SafeString:
    """The name the payout was made with, where it has one, and the address under it."""
    address = address_html(payout.recipient_address, payout.chain, payout.environment)
    if not payout.recipient_name:
        return address
    name = '<span class="name">{}</span><span class="sub">{}</span>'
    return format_html(name, payout.recipient_name, address)


def funds_context(batch: PayoutBatch, payouts: Sequence[PayoutIntent]) -> list[dict[str, Any]]:
    """What the wallets hold of what is still to be paid, chain by chain."""
    return [
        {
            "chain": Chain(here.chain).label,
            "needed": " and ".join(here.needed),
            "coins": "; ".join(here.coins),
            "fee": here.fee,
            "note": here.note,
            "funds": [_fund(here.chain, batch.environment, fund) for fund in here.funds],
        }
        for here in funds_of(batch, payouts, at=timezone.now())
    ]


def _fund(chain: str, environment: str, fund: Fund) -> dict[str, Any]:
    asked = (
        format_html("asked {}", moment_html(fund.asked_at)) if fund.asked_at else "never asked yet"
    )
    return {
        "address": address_html(fund.address, chain, environment),
        "token": fund.token,
        "asked": asked,
        "tag": tag_html(fund.words, *_TONES[fund.verdict]),
    }
