"""Settlements in the admin: read-only, each with its evidence."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.admin import Facts, column, record_url, text
from billing.admin_context import may
from billing.chains import Chain
from billing.display import (
    State,
    address_html,
    amount_html,
    copy_html,
    hash_html,
    joined,
    moment_html,
    short,
    state_html,
)
from organizations.roles import EXECUTE
from payouts.admin.matching import MatchesMoney
from payouts.admin.page import link_to
from payouts.admin.proof import checks, evidence_rows, is_open, reversal_of
from payouts.admin.queue import PlainWords
from payouts.admin.words import settlement_tags
from payouts.models import PayoutIntent, Settlement


def settlement_state(settlement: Settlement) -> State:
    """What the settlement is to the books."""
    if settlement.reversed_at is not None:
        return State("reversed", "red", "failed")
    if settlement.resolved_at is not None:
        return State("resolved", "grey", "settled")
    if not settlement.payout_id:
        return State("unexpected", "red", "failed")
    if settlement.discrepancies:
        return State("discrepancy", "amber", "chain")
    return State("matched", "green", "settled")


def _mined_again(settlement: Settlement) -> str | SafeString:
    """In which block it stands now, where it left the one it was settled in and came back."""
    again = settlement.restored_transfer
    if again is None:
        return moment_html(None)
    return format_html(
        "{} · block {}", moment_html(settlement.restored_at), f"{again.block_number:,}"
    )


@admin.register(Settlement)
class SettlementAdmin(MatchesMoney):
    intro = "Money that moved, proved from the chain: for a payout, or with none behind it."
    empty_title = "No settlements yet"
    empty_text = (
        "A settlement is written when a payout's transaction is final and paid what was meant."
    )
    record_template = "admin/payouts/settlement.html"
    list_display = ("amount", "to", "payout_", "transaction", "mined", "state")
    list_filter = ("chain", ("token", PlainWords))
    list_select_related = ("payout",)
    search_fields = ("id",)
    search_placeholder = "Id, payout or hash"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By its id, its payout's or its transaction's hash, exactly."""
        if term := search_term.strip():
            hashes = {term, term.lower(), f"0x{term.lower()}", term.lower().removeprefix("0x")}
            named = Q(id=term) | Q(payout_id=term)
            queryset = queryset.filter(named | Q(chain__in=Chain.values, tx_hash__in=hashes))
        return queryset, False

    def title_of(self, obj: Settlement) -> str:
        return f"Settlement {short(obj.id)}"

    def facts(self, request: HttpRequest, obj: Settlement) -> list[Facts]:
        chain, environment = obj.chain, obj.environment
        rows: list[tuple[str, str | SafeString]] = [
            ("State", joined([state_html(settlement_state(obj)), *settlement_tags(obj)])),
            (
                "Payout",
                link_to(obj.payout_id) if obj.payout_id else "none: money left unexpectedly",
            ),
            ("What it may be", text(obj.suggestion)),
            ("To", address_html(obj.to_address, chain, environment, whole=True)),
            ("Contract", address_html(obj.contract, chain, environment, whole=True)),
            ("Seen", moment_html(obj.detected_at)),
            ("Left the chain", moment_html(obj.reversed_at)),
            ("Mined again", _mined_again(obj)),
            ("Resolved", moment_html(obj.resolved_at)),
            ("Resolution", text(obj.resolution)),
            ("Note", text(obj.resolution_note)),
            ("Id", copy_html(obj.id, "id")),
        ]
        return [Facts("Settlement", rows), Facts("Evidence", evidence_rows(obj))]

    def record_context(self, request: HttpRequest, obj: Settlement) -> dict[str, Any]:
        return {
            **super().record_context(request, obj),
            "resolve_id": quote(obj.pk) if is_open(obj) and may(request, EXECUTE) else "",
            "match_url": self.match_url(request, obj),
            "reversal": reversal_of(obj),
            "checks": checks(obj, obj.payout) if obj.payout else [],
        }

    @column("amount", "lead number")
    def amount(self, obj: Settlement) -> SafeString:
        return format_html(
            '<a class="to" href="{}">{}</a><span class="sub">on {}</span>',
            self.url_of(obj),
            amount_html(obj.amount_atomic, obj.token, obj.chain),
            Chain(obj.chain).label,
        )

    @column("to")
    def to(self, obj: Settlement) -> SafeString:
        return address_html(obj.to_address, obj.chain, obj.environment)

    @column("payout")
    def payout_(self, obj: Settlement) -> SafeString | str:
        if not obj.payout_id:
            return obj.suggestion or "none"
        return format_html(
            '<a class="to" href="{}"><code>{}</code></a>',
            record_url(PayoutIntent, obj.payout_id),
            short(obj.payout_id),
        )

    @column("transaction")
    def transaction(self, obj: Settlement) -> SafeString:
        return hash_html(obj.tx_hash, obj.chain, obj.environment)

    @column("mined")
    def mined(self, obj: Settlement) -> SafeString:
        return moment_html(obj.block_time)

    @column("state")
    def state(self, obj: Settlement) -> SafeString:
        return joined([state_html(settlement_state(obj)), *settlement_tags(obj)])
