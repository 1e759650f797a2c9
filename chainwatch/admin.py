"""What the chains say, to be read: heads and transfers.

A row of chainwatch names no customer, only an opaque scope. Live rows belong to everybody who may
read payouts (they are public facts); a simulated chain's to the organization that is its scope.
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.admin import Facts, ReadOnlyAdmin, column, text
from billing.admin_context import caller_of
from billing.chains import Chain, network
from billing.display import (
    State,
    address_html,
    copy_html,
    hash_html,
    moment_html,
    state_html,
)
from billing.money import display
from chainwatch.models import ChainHead, Transfer

STALE_S = 600  # A good read older than this is what reconcile calls unreadable.


def scope_of(request: HttpRequest) -> str:
    """The scope that the person looks at: the live networks, or their own simulated ones."""
    caller = caller_of(request)
    return "" if caller.is_live else caller.organization_id


def environment_of(scope: str) -> str:
    return "sandbox" if scope else "live"


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


class ScopedAdmin(ReadOnlyAdmin):
    def rows_of(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(scope=scope_of(request))


@admin.register(ChainHead)
class ChainHeadAdmin(ScopedAdmin):
    plural = "Chains"
    intro = (
        "The newest block known of each chain. A chain on which nothing is in flight is not asked."
    )
    empty_title = "No chain was read yet"
    empty_text = "A chain is read as soon as a payout on it waits for its transaction."
    list_display = ("chain_", "state", "head", "block", "read", "error", "requests")
    ordering = ("chain",)

    def title_of(self, obj: ChainHead) -> str:
        return str(Chain(obj.chain).label)

    def facts(self, request: HttpRequest, obj: ChainHead) -> list[Facts]:
        rules = network(obj.chain)
        now = [
            ("State", state_html(health(obj))),
            ("Head", f"{obj.number:,}"),
            ("Block", copy_html(obj.block_hash, "hash") if obj.block_hash else text(None)),
            ("Mined", moment_html(obj.block_time)),
            ("Safe", f"{obj.safe_number:,}" if obj.safe_number else text(None)),
            ("Finalized", f"{obj.finalized_number:,}" if obj.finalized_number else text(None)),
            ("Last good read", moment_html(obj.read_at)),
            ("Last failure", moment_html(obj.failed_at)),
            ("It said", text(obj.last_error)),
        ]
        settings = [
            ("Confirmations asked", str(rules.confirmations)),
            ("Final by", str(rules.finality)),
            ("Nodes", str(len(rules.rpc_urls)) if not obj.scope else "simulated"),
            ("Quorum", str(rules.quorum)),
            ("Chain id", str(rules.chain_id)),
            ("HTTP requests so far", f"{obj.http_requests:,}"),
            ("Calls in them", f"{obj.rpc_calls:,}"),
        ]
        return [Facts("Now", now), Facts("Rules and counts", settings)]

    @column("chain", "lead")
    def chain_(self, obj: ChainHead) -> SafeString:
        label = Chain(obj.chain).label
        return format_html('<a class="to name" href="{}">{}</a>', self.url_of(obj), label)

    @column("state")
    def state(self, obj: ChainHead) -> SafeString:
        return state_html(health(obj))

    @column("head", "number")
    def head(self, obj: ChainHead) -> str:
        return f"{obj.number:,}"

    @column("mined")
    def block(self, obj: ChainHead) -> SafeString:
        return moment_html(obj.block_time)

    @column("last good read")
    def read(self, obj: ChainHead) -> SafeString:
        return moment_html(obj.read_at)

    @column("last error")
    def error(self, obj: ChainHead) -> str | SafeString:
        return text(obj.last_error[:120])

    @column("requests", "number")
    def requests(self, obj: ChainHead) -> str:
        return f"{obj.http_requests:,}"


@admin.register(Transfer)
class TransferAdmin(ScopedAdmin):
    intro = "Token transfers as the chains told them. A reorganization marks one, nothing edits it."
    empty_title = "No transfers yet"
    empty_text = (
        "A transfer appears when a transaction that somebody submitted is found in a block."
    )
    list_display = ("amount_", "from_", "to_", "hash_", "block_", "seen", "state")
    list_filter = ("chain",)
    search_fields = ("=tx_hash",)
    search_placeholder = "Transaction hash"

    def title_of(self, obj: Transfer) -> str:
        return f"Transfer {obj.id}"

    def facts(self, request: HttpRequest, obj: Transfer) -> list[Facts]:
        environment = environment_of(obj.scope)
        what = [
            ("State", state_html(_transfer_state(obj))),
            ("Amount, atomic", f"{int(obj.amount_atomic):,}"),
            ("Token", _token_words(obj)),
            ("Contract", address_html(obj.contract, obj.chain, environment, whole=True)),
            ("From", address_html(obj.from_address, obj.chain, environment, whole=True)),
            ("To", address_html(obj.to_address, obj.chain, environment, whole=True)),
        ]
        where = [
            ("Chain", str(Chain(obj.chain).label)),
            ("Transaction", hash_html(obj.tx_hash, obj.chain, environment, whole=True)),
            ("Transfer in it", f"number {obj.ordinal}, log {obj.log_index}"),
            ("Block", f"{obj.block_number:,}"),
            ("Block hash", copy_html(obj.block_hash, "hash")),
            ("Mined", moment_html(obj.block_time)),
            ("Seen", moment_html(obj.seen_at)),
            ("Said by", obj.node),
            ("Left the chain", moment_html(obj.orphaned_at)),
        ]
        return [Facts("What moved", what), Facts("Where it stands", where)]

    @column("amount", "lead number")
    def amount_(self, obj: Transfer) -> SafeString:
        token = network(obj.chain).token_of(obj.contract)
        shown = display(int(obj.amount_atomic), 6) if token else f"{int(obj.amount_atomic):,}"
        return format_html(
            '<a class="to" href="{}"><span class="amount">{}'
            '<span class="token">{}</span></span></a>',
            self.url_of(obj),
            shown,
            token or "of another token",
        )

    @column("from")
    def from_(self, obj: Transfer) -> SafeString:
        return address_html(obj.from_address, obj.chain, environment_of(obj.scope))

    @column("to")
    def to_(self, obj: Transfer) -> SafeString:
        return address_html(obj.to_address, obj.chain, environment_of(obj.scope))

    @column("transaction")
    def hash_(self, obj: Transfer) -> SafeString:
        return hash_html(obj.tx_hash, obj.chain, environment_of(obj.scope))

    @column("block", "number")
    def block_(self, obj: Transfer) -> SafeString:
        return format_html(
            '{}<span class="sub">{}</span>', f"{obj.block_number:,}", Chain(obj.chain).label
        )

    @column("seen")
    def seen(self, obj: Transfer) -> SafeString:
        return moment_html(obj.seen_at)

    @column("state")
    def state(self, obj: Transfer) -> SafeString:
        return state_html(_transfer_state(obj))


def _token_words(transfer: Transfer) -> str:
    rules = network(transfer.chain)
    token = rules.token_of(transfer.contract)
    return str(token or rules.namesakes.get(transfer.contract, "none of ours"))


def _transfer_state(transfer: Transfer) -> State:
    if transfer.orphaned_at is not None:
        return State("left the chain", "grey", "canceled", is_struck=True)
    return State("in a block", "green", "settled")
