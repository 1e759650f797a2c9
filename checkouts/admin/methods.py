"""Payment methods in the admin: how the organization takes money, and where it goes."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.acts import Act, Answers
from billing.admin import Facts, column, text
from billing.admin_context import caller_of
from billing.callers import Caller
from billing.chains import network
from billing.creating import CreatesAdmin
from billing.display import (
    NOTHING,
    State,
    amount_html,
    copy_html,
    joined,
    moment_html,
    state_html,
    tag_html,
)
from billing.errors import BillingError
from checkouts import services
from checkouts.admin import page, words
from checkouts.admin.acts import READ, WRITE
from checkouts.admin.filters import OfChain, OfMethodStatus, OfToken
from checkouts.admin.method_forms import NewMethodForm, RulesForm, rules_answered, rules_of
from checkouts.models import MethodStatus, PaymentMethod
from wallets.models import Wallet


def _update(caller: Caller, method_id: str, answers: Answers) -> None:
    method = services.methods.get(caller, method_id)
    services.methods.update(caller, method_id, rules_answered(answers, method.chain))


def _set_default(caller: Caller, method_id: str, answers: Answers) -> None:
    services.methods.set_default(caller, method_id)


def _disable(caller: Caller, method_id: str, answers: Answers) -> None:
    services.methods.disable(caller, method_id)


def _is_active(method: PaymentMethod, caller: Caller) -> bool:
    return method.status == MethodStatus.ACTIVE


def _may_be_default(method: PaymentMethod, caller: Caller) -> bool:
    return _is_active(method, caller) and not method.is_default


def state_of(method: PaymentMethod) -> SafeString:
    if method.status == MethodStatus.DISABLED:
        return state_html(State("disabled", "grey", "canceled", is_struck=True))
    parts = [state_html(State("active", "green", "settled"))]
    if method.is_default:
        parts.append(tag_html("default", "new", title="Taken before others."))
    return format_html('<span class="state-line">{}</span>', joined(parts))


ACTS = (
    Act(
        "set_default",
        "Make default",
        WRITE,
        _set_default,
        asks=lambda m: f"Take {m} before all others, in place of the one that is the default now",
        done=lambda m: f"{m} is the default now.",
        offered=_may_be_default,
    ),
    Act(
        "update",
        "Change",
        WRITE,
        _update,
        asks=lambda m: (
            f"Change the rules of {m}. Chain, token and wallet never change, and checkouts made "
            "before keep what they ask for"
        ),
        done=lambda m: "The rules are changed. They hold for new checkouts.",
        form=RulesForm,
        initial=rules_of,
        offered=_is_active,
    ),
    Act(
        "disable",
        "Disable",
        WRITE,
        _disable,
        asks=lambda m: f"Take no more payments by {m}. This is final: it is never enabled again",
        done=lambda m: f"{m} is disabled for good. Open checkouts go on.",
        offered=_is_active,
        look="danger",
    ),
)


@admin.register(PaymentMethod)
class PaymentMethodAdmin(CreatesAdmin):
    view_scope = READ
    noun = "payment method"
    plural = "Payment methods"
    intro = "Which token you take on which chain, and the wallet it is paid to."
    empty_title = "No payment methods yet"
    empty_text = (
        "Register a wallet first, then say here which token it takes. In the sandbox the first "
        "checkout of a chain makes a method of its own."
    )
    list_display = ("name_", "takes", "wallet_", "limits", "confirmations", "state")
    list_filter = (OfMethodStatus, OfChain, OfToken)
    list_select_related = ("wallet__extended_key",)
    new_form = NewMethodForm
    new_scope = WRITE
    new_label = "Register a payment method"
    new_intro = "Chain, token and wallet never change afterwards."
    new_template = "admin/checkouts/new_method.html"
    acts = ACTS

    def form_for(self, request: HttpRequest) -> forms.Form:
        mine = Wallet.objects.visible_to(caller_of(request)).select_related("extended_key")
        wallets = {wallet.pk: wallet for wallet in mine.order_by("name", "pk")}
        return NewMethodForm(request.POST or None, wallets=wallets)

    def new_context(
        self, request: HttpRequest, form: forms.Form, refusal: BillingError | None
    ) -> dict[str, Any]:
        """Without a wallet there is nothing to choose: the way there comes first."""
        assert isinstance(form, NewMethodForm)
        return {} if form.wallets else {"wallets_url": reverse("admin:wallets_wallet_new")}

    def create(self, request: HttpRequest, answers: dict[str, Any]) -> PaymentMethod:
        draft = services.methods.NewMethod(
            wallet_id=answers["wallet_id"],
            chain=answers["chain"],
            token=answers["token"],
            is_default=answers["is_default"],
            **rules_answered(answers, answers["chain"]),
        )
        return services.methods.create(caller_of(request), draft)

    def facts(self, request: HttpRequest, obj: PaymentMethod) -> list[Facts]:
        rows: page.Rows = [
            ("State", state_of(obj)),
            ("Takes", format_html("{} {}", obj.token, words.on_chain(obj.chain))),
            ("Paid to", page.link_to(Wallet, obj.wallet_id, words.wallet_name(obj.wallet))),
            ("Confirmations", _confirmations(obj)),
            ("Least amount", _amount(obj, obj.min_amount_atomic)),
            ("Most", _amount(obj, obj.max_amount_atomic)),
            ("Tolerance", _amount(obj, obj.tolerance_atomic or None)),
            ("Name", text(obj.display_name)),
            ("Registered", moment_html(obj.created_at)),
            ("Disabled", moment_html(obj.disabled_at)),
            ("Id", copy_html(obj.id, "id")),
        ]
        return [Facts("Payment method", rows)]

    def act_facts(self, request: HttpRequest, obj: PaymentMethod, act: Act) -> list[Facts]:
        rows: page.Rows = [
            ("Takes", format_html("{} {}", obj.token, words.on_chain(obj.chain))),
            ("Paid to", words.wallet_name(obj.wallet)),
        ]
        if act.name == "disable":
            rows.append(("Open checkouts", "go on; what is paid to them is still found"))
            rows.append(("Payment links", "those with this method can no longer be paid"))
        return [Facts("The payment method", rows)]

    @column("name", "lead")
    def name_(self, obj: PaymentMethod) -> SafeString:
        return format_html('<a class="to name" href="{}">{}</a>', self.url_of(obj), obj)

    @column("takes")
    def takes(self, obj: PaymentMethod) -> SafeString:
        return format_html("{} {}", obj.token, words.on_chain(obj.chain))

    @column("paid to")
    def wallet_(self, obj: PaymentMethod) -> SafeString:
        kind = "extended key" if obj.wallet.extended_key_id else "one address"
        return format_html('{}<span class="sub">{}</span>', words.wallet_name(obj.wallet), kind)

    @column("amounts", "number")
    def limits(self, obj: PaymentMethod) -> SafeString:
        least, most = obj.min_amount_atomic, obj.max_amount_atomic
        if least is None and most is None:
            return NOTHING
        if most is None:
            return format_html("{} {}", "from", _amount(obj, least))
        if least is None:
            return format_html("{} {}", "up to", _amount(obj, most))
        return format_html("{} to {}", _amount(obj, least), _amount(obj, most))

    @column("confirmations", "number")
    def confirmations(self, obj: PaymentMethod) -> str:
        return _confirmations(obj)

    @column("state")
    def state(self, obj: PaymentMethod) -> SafeString:
        return state_of(obj)


def _amount(method: PaymentMethod, atomic: int | None) -> SafeString:
    return NOTHING if atomic is None else amount_html(atomic, method.token, method.chain)


def _confirmations(method: PaymentMethod) -> str:
    """What really holds: the operator may have raised the network's own number since."""
    return str(max(method.required_confirmations, network(method.chain).confirmations))
