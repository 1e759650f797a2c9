"""The chains: how far each is read, how its nodes fare, what needs somebody."""

from collections import Counter
from datetime import UTC
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.admin import Facts, column, text
from billing.chains import Chain, Network, Token, decimals, network
from billing.display import NOTHING, State, copy_html, moment_html, span_words, state_html
from billing.money import display
from chainwatch import nodes, watching
from chainwatch.admin.scoped import ScopedAdmin, scope_of
from chainwatch.alarms import alarms, unscanned
from chainwatch.models import (
    Block,
    ChainHead,
    ChainNode,
    Cursor,
    RestingCursor,
    WatchedAddress,
)

STALE_S = 600  # A good read older than this is what reconcile calls unreadable.
_NEWEST_ANCHORS = 8
_IS_WATCHED = Q(is_outgoing=True) | Q(is_incoming=True)


def health(head: ChainHead) -> State:
    """How a chain is: read lately, failing, or silent."""
    if not head.scope and not network(head.chain).is_configured:
        return State("off", "outline", "draft")
    if head.failed_at is not None and (head.read_at is None or head.failed_at > head.read_at):
        return State("failing", "red", "failed")
    if head.read_at is None:
        return State("never read", "outline", "draft")
    if (timezone.now() - head.read_at).total_seconds() > STALE_S:
        return State("idle", "grey", "chain")
    return State("read", "green", "settled")


def node_state(node: ChainNode) -> State:
    """How a node is: it answers, it failed just now, it rests, or nobody has asked it yet."""
    if node.rests_until is not None and node.rests_until > timezone.now():
        return State("resting", "red", "failed")
    if node.failures:
        return State("failing", "amber", "failed")
    if node.answered_at is None:
        return State("not asked yet", "outline", "draft")
    return State("answers", "green", "settled")


@admin.register(ChainHead)
class ChainHeadAdmin(ScopedAdmin):
    plural = "Chains"
    intro = (
        "The newest block known of each chain. A chain on which nothing is in flight and no "
        "address is watched is not asked; for addresses at rest it is asked once a day."
    )
    empty_title = "No chain was read yet"
    empty_text = (
        "A chain is read as soon as a payout on it waits for its transaction, or a wallet on it is "
        "watched."
    )
    list_display = ("chain_", "state", "head", "nodes_", "scanned", "read", "requests", "error")
    ordering = ("chain",)
    change_list_template = "admin/chainwatch/chains.html"
    record_template = "admin/chainwatch/chain.html"

    def prepare_rows(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        scope = scope_of(request)
        known = {} if scope else nodes.of_chains(network(row.chain) for row in rows)
        cursors = {each.chain: each for each in Cursor.objects.filter(scope=scope)}
        watched = _watched_counts(scope)
        for row in rows:
            row.nodes = known.get(row.chain, [])
            row.cursor = cursors.get(row.chain) if watched[row.chain] else None
        return rows

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        extra = {"alarms": alarms(scope_of(request)), **(extra_context or {})}
        return super().changelist_view(request, extra)

    # --- the record ------------------------------------------------------------------------------

    def title_of(self, obj: ChainHead) -> str:
        return str(Chain(obj.chain).label)

    def facts(self, request: HttpRequest, obj: ChainHead) -> list[Facts]:
        return [
            Facts("Now", _now_facts(obj)),
            Facts(
                "Rules and what is watched",
                [*_rule_facts(network(obj.chain), obj.scope), *_watching_facts(obj)],
            ),
        ]

    def record_context(self, request: HttpRequest, obj: ChainHead) -> dict[str, Any]:
        rules = network(obj.chain)
        known = [] if obj.scope else nodes.of_chains([rules])[rules.chain]
        anchors = Block.objects.filter(chain=obj.chain, scope=obj.scope).order_by("-number", "-pk")
        return {
            "alarms": [each for each in alarms(obj.scope) if each.chain == obj.chain],
            "nodes": [_node_cells(node) for node in known],
            "anchors": [_anchor_cells(each) for each in anchors[:_NEWEST_ANCHORS]],
        }

    # --- the list --------------------------------------------------------------------------------

    @column("chain", "lead")
    def chain_(self, obj: ChainHead) -> SafeString:
        label = Chain(obj.chain).label
        return format_html('<a class="to name" href="{}">{}</a>', self.url_of(obj), label)

    @column("state")
    def state(self, obj: ChainHead) -> SafeString:
        return state_html(health(obj))

    @column("head", "number")
    def head(self, obj: ChainHead) -> SafeString:
        return _block_html(obj.number, obj.block_time)

    @column("nodes")
    def nodes_(self, obj: Any) -> str | SafeString:
        if obj.scope:
            return "simulated"
        fit = sum(not node.failures for node in obj.nodes)
        return f"{fit} of {len(obj.nodes)} up" if obj.nodes else "none configured"

    @column("scanned to", "number")
    def scanned(self, obj: Any) -> SafeString:
        return _scanned_html(obj, obj.cursor)

    @column("last good read")
    def read(self, obj: ChainHead) -> SafeString:
        return moment_html(obj.read_at)

    @column("requests today", "number")
    def requests(self, obj: Any) -> str | SafeString:
        return NOTHING if obj.scope else f"{sum(map(_requests_today, obj.nodes)):,}"

    @column("last error")
    def error(self, obj: ChainHead) -> str | SafeString:
        return text(obj.last_error[:120])


def _now_facts(head: ChainHead) -> list[tuple[str, str | SafeString]]:
    return [
        ("State", state_html(health(head))),
        ("Head", f"{head.number:,}"),
        ("Block", copy_html(head.block_hash, "hash") if head.block_hash else text(None)),
        ("Mined", moment_html(head.block_time)),
        ("Safe", f"{head.safe_number:,}" if head.safe_number else text(None)),
        ("Finalized", f"{head.finalized_number:,}" if head.finalized_number else text(None)),
        ("Last good read", moment_html(head.read_at)),
        ("Said by", text(head.node)),
        ("Last failure", moment_html(head.failed_at)),
        ("It said", text(head.last_error)),
        ("HTTP requests so far", f"{head.http_requests:,}"),
        ("Calls in them", f"{head.rpc_calls:,}"),
    ]


def _rule_facts(row: Network, scope: str) -> list[tuple[str, str | SafeString]]:
    by_amount = [
        f"{level} from {display(least, decimals(row.chain, Token.USDC))} on"
        for least, level in row.finality_by_amount
    ]
    return [
        ("Chain id", str(row.chain_id)),
        ("Confirmations asked", str(row.confirmations)),
        ("Final by", str(row.finality)),
        ("Larger amounts", text("; ".join(by_amount))),
        ("Nodes", "simulated" if scope else str(len(row.rpc_urls))),
        ("Nodes that must agree", "1" if scope else str(row.quorum)),
    ]


def _watching_facts(head: ChainHead) -> list[tuple[str, str | SafeString]]:
    count = _watched_counts(head.scope)[head.chain]
    cursor = Cursor.objects.filter(chain=head.chain, scope=head.scope).first() if count else None
    return [
        ("Watched addresses", f"{count:,}"),
        ("Scanned to", _scanned_html(head, cursor)),
        ("Scanned last", moment_html(cursor.moved_at if cursor else None)),
        ("Blocks asked at once", f"{cursor.span:,}" if cursor else text(None)),
        *_resting_facts(head),
    ]


def _resting_facts(head: ChainHead) -> list[tuple[str, str | SafeString]]:
    """How many addresses are scanned once a day, and how far that is. On simulated chains: all."""
    count = watching.resting(head.chain, head.scope).count()
    facts: list[tuple[str, str | SafeString]] = [("Resting addresses", f"{count:,}")]
    cursor = None if head.scope else RestingCursor.objects.filter(chain=head.chain).first()
    if cursor is not None:
        facts += [
            ("Daily scan stands at", _resting_html(cursor)),
            ("Daily scan done last", moment_html(cursor.done_at)),
        ]
    return facts


def _resting_html(cursor: RestingCursor) -> str | SafeString:
    if cursor.next_block is None:
        return NOTHING
    to = f"{cursor.next_block - 1:,}"
    if cursor.until_block is None:
        return to
    return format_html('{}<span class="sub">on its way to {}</span>', to, f"{cursor.until_block:,}")


def _watched_counts(scope: str) -> Counter[str]:
    rows = WatchedAddress.objects.filter(_IS_WATCHED, scope=scope).order_by().values_list("chain")
    return Counter(dict(rows.annotate(count=Count("pk"))))


def _scanned_html(head: ChainHead, cursor: Cursor | None) -> SafeString:
    """The last block that was scanned, and how far behind the head it is."""
    behind = unscanned(head, cursor)
    if cursor is None or cursor.next_block is None or behind is None:
        return NOTHING
    blocks, span = behind
    words = f"{blocks:,} blocks, {span_words(span)} behind" if blocks else "up to the head"
    return format_html('{}<span class="sub">{}</span>', f"{cursor.next_block - 1:,}", words)


def _block_html(number: int | None, mined_at: Any) -> SafeString:
    if number is None:
        return NOTHING
    return format_html('{}<span class="sub">{}</span>', f"{number:,}", moment_html(mined_at))


def _requests_today(node: ChainNode) -> int:
    return node.requests_today if node.day == timezone.now().astimezone(UTC).date() else 0


def _node_cells(node: ChainNode) -> list[tuple[str, str, str | SafeString]]:
    """One row of the table of nodes: label, class and content of each cell."""
    is_today = node.day == timezone.now().astimezone(UTC).date()
    calls = node.calls_today if is_today else 0
    return [
        ("node", "lead", node.name),
        ("state", "", state_html(node_state(node))),
        ("head", "number", _block_html(node.head_number, node.head_time)),
        ("last answer", "", moment_html(node.answered_at)),
        ("requests today", "number", f"{_requests_today(node):,} with {calls:,} calls"),
        ("failures in a row", "number", _failures_html(node)),
        ("last error", "", text(node.last_error[:200])),
    ]


def _failures_html(node: ChainNode) -> str | SafeString:
    if node.rests_until is None or node.rests_until <= timezone.now():
        return str(node.failures)
    rests_until = moment_html(node.rests_until)
    return format_html(
        '{}<span class="sub">rests, first again {}</span>', node.failures, rests_until
    )


def _anchor_cells(block: Block) -> list[tuple[str, str, str | SafeString]]:
    state = (
        State("left the chain", "grey", "canceled", is_struck=True)
        if block.orphaned_at
        else State("stands", "green", "settled")
    )
    return [
        ("block", "number lead", f"{block.number:,}"),
        ("hash", "", copy_html(block.block_hash, "hash", whole=False)),
        ("mined", "", moment_html(block.block_time)),
        ("state", "", state_html(state)),
    ]
