"""The first page: what needs a person now, what went out lately, and how the chains are."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from billing.admin_context import may, place_of
from billing.callers import Caller
from billing.chains import Chain, network
from chainwatch.admin import health
from chainwatch.alarms import alarms
from chainwatch.models import ChainHead
from reconciliation import flows, needing
from reconciliation.counting import count
from reconciliation.needs import Need, counted

CHAINS = "admin:chainwatch_chainhead_changelist"


def home(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the theme asks for before it draws the first page."""
    place = place_of(request)
    if place is None or not may(request, "payouts:read"):
        return context
    caller, now = place.caller, timezone.now()
    heads = {head.chain: head for head in ChainHead.objects.filter(scope=_scope(caller))}
    counts = count(needing.arms(caller, now))
    return {
        **context,
        "title": "Home",
        "needs": needing.needs(counts, caller, now, _of_chains(caller, heads)),
        "with_others": needing.with_others(counts, caller),
        "chains": _chains(caller, heads),
        "today": needing.today(counts),
        "money_out": flows.money_out(caller, now),
        "money_in": flows.money_in(caller, now),
        "first_day": flows.since(now) + timedelta(days=1),
        "may_write": may(request, "payouts:write"),
        "new_url": reverse("admin:payouts_payoutintent_new"),
    }


def _of_chains(caller: Caller, heads: Mapping[str, ChainHead]) -> Need:
    """What keeps payouts from settling: nodes that fail, a chain that nobody reads."""
    found = alarms(_scope(caller), heads)
    return Need(
        len(found),
        counted(len(found), "chain alarm", "chain alarms"),
        "; ".join(dict.fromkeys(f"{each.chain.label}: {each.what}" for each in found)),
        reverse(CHAINS),
        "warning",
        is_urgent=True,
    )


def _scope(caller: Caller) -> str:
    """Whose chains the reader sees: the live ones, or their own simulated ones."""
    return "" if caller.is_live else caller.organization_id


def _chains(caller: Caller, heads: Mapping[str, ChainHead]) -> list[dict[str, Any]]:
    """Each chain with its head and how it is; in live also those that are switched off."""
    rows = []
    for chain in Chain:
        head = heads.get(chain)
        is_off = caller.is_live and not network(chain).is_configured
        rows.append(
            {
                "label": chain.label,
                "head": head,
                "state": health(head) if head else None,
                "is_off": is_off,
                "mood": "off" if is_off or head is None else _mood(head),
            }
        )
    return rows


def _mood(head: ChainHead) -> str:
    return {"failed": "bad", "settled": "ok"}.get(health(head).shape, "off")
