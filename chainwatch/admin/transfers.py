"""Token transfers as the chains told them, to be read."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.admin import Facts, column
from billing.chains import Chain, network
from billing.display import (
    State,
    address_html,
    copy_html,
    hash_html,
    mined_html,
    moment_html,
    state_html,
)
from billing.money import display
from chainwatch.admin.scoped import ScopedAdmin, environment_of
from chainwatch.models import Transfer


@admin.register(Transfer)
class TransferAdmin(ScopedAdmin):
    intro = "Token transfers as the chains told them. A reorganization marks one, nothing edits it."
    empty_title = "No transfers yet"
    empty_text = (
        "A transfer appears when a transaction that somebody submitted is found in a block, and "
        "when money leaves a watched wallet or reaches a watched address."
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
            ("Mined", mined_html(obj.block_time)),
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
