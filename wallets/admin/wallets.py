"""Wallets in the admin: registered, named, marked as what payouts are paid from, and looked at."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.acts import Act, Answers
from billing.admin import Facts, column, text
from billing.admin_context import caller_of
from billing.callers import Caller
from billing.chains import Chain
from billing.creating import CreatesAdmin
from billing.display import NOTHING, address_html, copy_html, moment_html, tag_html
from billing.errors import BillingError
from wallets import services
from wallets.admin import page
from wallets.admin.forms import SOURCE_HELP, KeyWalletForm, NewWalletForm, WalletForm
from wallets.models import Wallet

KEY_HELP = "Every checkout gets an address of its own below this extended public key."


def _update(caller: Caller, wallet_id: str, answers: Answers) -> None:
    services.update(caller, wallet_id, answers)


def _is_key(wallet: Wallet, caller: Caller) -> bool:
    return wallet.extended_key is not None


def _is_address(wallet: Wallet, caller: Caller) -> bool:
    return wallet.extended_key is None


@admin.register(Wallet)
class WalletAdmin(CreatesAdmin):
    view_scope = "wallets:read"
    intro = (
        "Your own addresses and extended keys in this environment. No private key is ever kept "
        "here."
    )
    empty_title = "No wallets yet"
    empty_text = (
        "Register the wallet that payouts are sent from: only what it sends then settles a payout, "
        "and money that leaves it with no payout behind it raises an alarm. Or the one that "
        "customers pay to."
    )
    noun = "wallet"
    list_display = ("name_", "address_", "chain_", "use", "since")
    list_filter = ("chain",)
    list_select_related = ("extended_key",)
    record_template = "admin/wallets/wallet.html"
    new_form = NewWalletForm
    new_scope = "wallets:write"
    new_label = "Register a wallet"
    new_intro = (
        "An address that is yours, or the extended public key of an account. Neither ever changes "
        "afterwards, nor does the chain."
    )
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
            offered=_is_address,
        ),
        Act(
            "rename",
            "Rename",
            "wallets:write",
            _update,
            asks=lambda w: f"Rename {w}.",
            done=lambda w: "It is renamed.",
            form=KeyWalletForm,
            initial=lambda w: {"name": w.name},
            offered=_is_key,
        ),
    )

    # --- made ------------------------------------------------------------------------------------

    def create(self, request: HttpRequest, answers: dict[str, Any]) -> Wallet:
        return services.create(caller_of(request), services.NewWallet(**answers))

    def created(self, request: HttpRequest, obj: Wallet) -> HttpResponse:
        if obj.extended_key is None:
            return super().created(request, obj)
        said = "Before customers pay: does your wallet program show the same address at index 0?"
        messages.success(request, f"{self.title_of(obj)} is created. {said}")
        return HttpResponseRedirect(self.url_of(obj))

    def ask_new(
        self, request: HttpRequest, form: forms.Form, *, refusal: BillingError | None = None
    ) -> HttpResponse:
        if isinstance(form, NewWalletForm) and form.is_bound:
            form.forget_secrets()
        return super().ask_new(request, form, refusal=refusal)

    # --- the record ------------------------------------------------------------------------------

    def facts(self, request: HttpRequest, obj: Wallet) -> list[Facts]:
        rows: page.Rows = [
            ("Name", text(obj.name)),
            *page.what_it_is(obj),
            ("Chain", str(Chain(obj.chain).label)),
            *page.use_of(obj),
            ("Registered", moment_html(obj.created_at)),
            ("Id", copy_html(obj.id, "id")),
        ]
        return [Facts("Wallet", rows)]

    def record_context(self, request: HttpRequest, obj: Wallet) -> dict[str, Any]:
        context = super().record_context(request, obj)
        if obj.extended_key is None:
            return context
        gap = page.gap_of(obj)
        return {
            **context,
            "panels": [*self.facts(request, obj), page.addresses_of(obj, gap)],
            "has_key": True,
            "warning": page.warning(obj, gap),
            "newest": page.newest_of(obj),
            "issued": gap.issued,
        }

    # --- the list --------------------------------------------------------------------------------

    @column("name", "lead")
    def name_(self, obj: Wallet) -> SafeString:
        name = obj.name or "unnamed"
        return format_html('<a class="to name" href="{}">{}</a>', self.url_of(obj), name)

    @column("address or key")
    def address_(self, obj: Wallet) -> SafeString:
        if obj.extended_key is not None:
            return copy_html(obj.extended_key.xpub, "extended key", whole=False)
        return address_html(obj.address, obj.chain, obj.environment)

    @column("chain")
    def chain_(self, obj: Wallet) -> str:
        return str(Chain(obj.chain).label)

    @column("use")
    def use(self, obj: Wallet) -> SafeString:
        if obj.extended_key is not None:
            return tag_html("extended key", title=KEY_HELP)
        return tag_html("source", "new", title=SOURCE_HELP) if obj.is_source else NOTHING

    @column("since")
    def since(self, obj: Wallet) -> SafeString:
        return moment_html(obj.created_at)
