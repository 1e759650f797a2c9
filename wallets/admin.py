"""The organization's own addresses: registered, named, and marked as what payouts are paid from."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.acts import Act, Answers
from billing.admin import Facts, column, text
from billing.admin_context import caller_of
from billing.callers import Caller
from billing.chains import Chain
from billing.creating import CreatesAdmin
from billing.display import NOTHING, address_html, copy_html, moment_html, tag_html
from wallets import services, sources
from wallets.models import Wallet

SOURCE_HELP = (
    "Once a chain has a source wallet, only money sent from one settles a payout there, and what "
    "leaves it is watched."
)


class NewWalletForm(forms.Form):
    chain = forms.ChoiceField(choices=Chain.choices)
    address = forms.CharField(
        max_length=128,
        help_text="The address alone, never a private key or a seed phrase.",
        widget=forms.TextInput(
            attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    name = forms.CharField(max_length=120, help_text="What you call it: “Treasury”.")
    is_source = forms.BooleanField(
        required=False, initial=True, label="Payouts are paid from it", help_text=SOURCE_HELP
    )


class WalletForm(forms.Form):
    name = forms.CharField(max_length=120)
    is_source = forms.BooleanField(
        required=False, label="Payouts are paid from it", help_text=SOURCE_HELP
    )


def _update(caller: Caller, wallet_id: str, answers: Answers) -> None:
    services.update(caller, wallet_id, answers)


@admin.register(Wallet)
class WalletAdmin(CreatesAdmin):
    view_scope = "wallets:read"
    intro = "Your own addresses in this environment. No key of theirs is ever kept here."
    empty_title = "No wallets yet"
    empty_text = (
        "Register the wallet that payouts are sent from. Only what it sends then settles a payout, "
        "and money that leaves it with no payout behind it raises an alarm."
    )
    noun = "wallet"
    list_display = ("name_", "address_", "chain_", "use", "since")
    list_filter = ("chain",)
    new_form = NewWalletForm
    new_scope = "wallets:write"
    new_label = "Register a wallet"
    new_intro = "An address that is yours. Chain and address never change afterwards."
    acts = (
        Act(
            "update",
            "Change",
            "wallets:write",
            _update,
            asks=lambda w: f"Change {w}.",
            done=lambda w: f"{w} is changed.",
            form=WalletForm,
            initial=lambda w: {"name": w.name, "is_source": w.is_source},
        ),
    )

    def create(self, request: HttpRequest, answers: dict[str, Any]) -> Wallet:
        return services.create(caller_of(request), services.NewWallet(**answers))

    def facts(self, request: HttpRequest, obj: Wallet) -> list[Facts]:
        rows: list[tuple[str, str | SafeString]] = [
            ("Name", text(obj.name)),
            ("Address", address_html(obj.address, obj.chain, obj.environment, whole=True)),
            ("Chain", str(Chain(obj.chain).label)),
            ("Payouts are paid from it", "yes" if obj.is_source else "no"),
            *self._watched(obj),
            ("Registered", moment_html(obj.created_at)),
            ("Id", copy_html(obj.id, "id")),
        ]
        return [Facts("Wallet", rows)]

    def _watched(self, obj: Wallet) -> list[tuple[str, str | SafeString]]:
        if obj.source_since is None:
            return []
        return [
            ("Watched since", moment_html(obj.source_since)),
            ("Transfers found since", f"{sources.transfers_seen(obj):,}"),
        ]

    @column("name", "lead")
    def name_(self, obj: Wallet) -> SafeString:
        name = obj.name or "unnamed"
        return format_html('<a class="to name" href="{}">{}</a>', self.url_of(obj), name)

    @column("address")
    def address_(self, obj: Wallet) -> SafeString:
        return address_html(obj.address, obj.chain, obj.environment)

    @column("chain")
    def chain_(self, obj: Wallet) -> str:
        return str(Chain(obj.chain).label)

    @column("use")
    def use(self, obj: Wallet) -> SafeString:
        return tag_html("source", "new", title=SOURCE_HELP) if obj.is_source else NOTHING

    @column("since")
    def since(self, obj: Wallet) -> SafeString:
        return moment_html(obj.created_at)
