"""The wallets as the desk shows them: what each chain says, what the books say, and the difference.

In words that say what is known and what is not, and as of which block.
"""

from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.callers import Caller
from billing.chains import Chain, decimals, network
from billing.display import (
    NOTHING,
    address_html,
    amount_html,
    icon,
    moment_html,
    span_words,
)
from billing.money import display
from payouts.source_balances import SELDOM
from reconciliation import wallet_books
from reconciliation.wallet_books import Book, Held, Verdict

Cell = tuple[str, str, SafeString | str]
STALE = 2 * SELDOM  # a chain is asked hourly at the least
WALLETS = "admin:wallets_wallet_changelist"


def strip(caller: Caller) -> tuple[list[list[Cell]], SafeString | str]:
    """The rows of the table, and what to say where there are none. One query."""
    held = wallet_books.read(caller)
    if not held:
        link = format_html('<a href="{}">Wallets</a>', reverse(WALLETS))
        said = format_html(
            "No source wallet is registered. Register the one that pays under {}, and what its "
            "chain says stands here beside the books.",
            link,
        )
        return [], said
    if not caller.is_live:
        return [], "The sandbox's simulated chains keep no balances to hold against the books."
    now = timezone.now()
    return [_row(each, caller, now) for each in _grouped(held)], ""


def _grouped(held: list[Held]) -> list[list[Held]]:
    """Each token by itself once it is known; those of one wallet that are not, in one row."""
    rows: list[list[Held]] = []
    for each in held:
        last = rows[-1][-1] if rows else None
        is_like = last is not None and each.book is None and last.book is None
        if is_like and last is not None and last.wallet_id == each.wallet_id:
            rows[-1].append(each)
        else:
            rows.append([each])
    return rows


def _row(group: list[Held], caller: Caller, now: datetime) -> list[Cell]:
    held = group[0]
    book = held.book
    chain = amount_html(book.chain_atomic, held.token, held.chain) if book else NOTHING
    books = _signed(book.expected_atomic, held) if book else NOTHING
    return [
        ("wallet", "lead", _wallet(group, caller)),
        ("chain says", "number", chain),
        ("books say", "number", books),
        ("difference", "wide", _difference(held)),
        ("since when", "wide", _known(held, book, now)),
    ]


def _wallet(group: list[Held], caller: Caller) -> SafeString:
    held = group[0]
    return format_html(
        '<b>{}</b> <span class="chain">{} on {}</span><span class="sub">{}</span>',
        held.name or "Unnamed",
        " and ".join(each.token for each in group),
        Chain(held.chain).label,
        address_html(held.address, held.chain, caller.environment),
    )


def _signed(amount_atomic: int, held: Held) -> SafeString:
    shown = amount_html(abs(amount_atomic), held.token, held.chain)
    return format_html("{}{}", "\N{MINUS SIGN}" if amount_atomic < 0 else "", shown)


def _difference(held: Held) -> SafeString:
    book = held.book
    if book is None:
        return format_html('<span class="hint">{}</span>', "not known")
    if held.verdict == Verdict.AGREES:
        return format_html('<span class="agrees">{} none</span>', icon("state-settled"))
    amount = display(abs(book.difference_atomic), decimals(held.chain, held.token))
    if held.verdict == Verdict.MORE:
        return format_html(
            '+{} {}<span class="sub">{}</span>',
            amount,
            held.token,
            "more came in than was seen: from strangers it is not looked for",
        )
    return format_html(
        '<span class="urgent-words">{} \N{MINUS SIGN}{} {}</span><span class="sub">{}</span>',
        icon("warning"),
        amount,
        held.token,
        "less is there than the books explain: look at the wallet on its chain",
    )


def _known(held: Held, book: Book | None, now: datetime) -> SafeString:
    """Since when the books of it run, what they saw, and how old the newest answer is."""
    if book is None:
        if not network(held.chain).is_configured:
            why = f"no node of {Chain(held.chain).label} is configured"
        else:
            why = "the chain was not asked since, or is not scanned up to its answer yet"
        return format_html(
            'a source since {}<span class="sub">{}</span>', moment_html(held.source_since), why
        )
    places = decimals(held.chain, held.token)
    stale = now - book.asked_at > STALE
    late = f" · not asked for {span_words(now - book.asked_at)}" if stale else ""
    return format_html(
        "{} at block {}, {}; since then {} in, {} out"
        '<span class="sub">as of block {}, {}{} · not known before block {}</span>',
        display(book.opening_atomic, places),
        f"{book.opening_block:,}",
        moment_html(book.opening_at),
        display(book.in_atomic, places),
        display(book.out_atomic, places),
        f"{book.block_number:,}",
        moment_html(book.asked_at),
        late,
        f"{book.opening_block:,}",
    )
