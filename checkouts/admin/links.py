"""Payment links in the admin: pages that anybody may open to pay a fixed amount."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.acts import Act, Answers
from billing.admin import Facts, column, text
from billing.admin_context import caller_of
from billing.callers import Caller
from billing.creating import CreatesAdmin
from billing.display import (
    State,
    amount_html,
    amount_words,
    copy_html,
    moment_html,
    state_html,
)
from billing.errors import BillingError
from checkouts import services
from checkouts.admin import page, words
from checkouts.admin.acts import READ, WRITE
from checkouts.admin.amounts import AmountField
from checkouts.answers import link_status
from checkouts.models import MethodStatus, PaymentLink, PaymentMethod
from checkouts.states import LinkStatus

_HOUR_S = 3600
LIFETIMES = {
    "": "it never ends",
    str(24 * _HOUR_S): "a day",
    str(7 * 24 * _HOUR_S): "7 days",
    str(30 * 24 * _HOUR_S): "30 days",
    str(365 * 24 * _HOUR_S): "a year",
}
STATES: dict[LinkStatus, State] = {
    LinkStatus.ACTIVE: State("active", "green", "settled"),
    LinkStatus.EXPIRED: State("expired", "grey", "expired"),
    LinkStatus.CLOSED: State("closed", "grey", "canceled", is_struck=True),
    LinkStatus.METHOD_DISABLED: State("not payable", "red", "failed"),
}


class NewLinkForm(forms.Form):
    amount_usd = AmountField(label="Amount", help_text="In token units: 20.00.")
    payment_method_id = forms.ChoiceField(label="Paid by")
    description = forms.CharField(
        max_length=512,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What the customer reads above the amount.",
    )
    expires_in_seconds = forms.TypedChoiceField(
        choices=list(LIFETIMES.items()),
        coerce=int,
        empty_value=None,
        required=False,
        label="It can be paid for",
    )

    def __init__(self, *args: Any, methods: list[PaymentMethod], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.has_methods = bool(methods)
        field = self.fields["payment_method_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(method.pk, _method_words(method)) for method in methods]


def _close(caller: Caller, link_id: str, answers: Answers) -> None:
    services.links.close(caller, link_id)


def url_of(link: PaymentLink) -> str:
    """The page that is given to customers."""
    return f"{settings.PUBLIC_URL}/pay/{link.pk}"


def _amount(link: PaymentLink) -> str:
    method = link.payment_method
    return amount_words(link.amount_atomic, method.token, method.chain)


def state_of(link: PaymentLink) -> SafeString:
    status = link_status(link)
    note = "its payment method is disabled" if status == LinkStatus.METHOD_DISABLED else ""
    return state_html(STATES[status], note)


@admin.register(PaymentLink)
class PaymentLinkAdmin(CreatesAdmin):
    view_scope = READ
    noun = "payment link"
    plural = "Payment links"
    intro = "Pages that anybody may open to pay a fixed amount. Each customer gets a checkout."
    empty_title = "No payment links yet"
    empty_text = "Make one for a fixed amount, and give its address to whoever shall pay it."
    list_display = ("amount", "what_for", "address", "until", "made", "state")
    list_select_related = ("payment_method",)
    search_fields = ("id",)
    search_placeholder = "Id of a link"
    new_form = NewLinkForm
    new_scope = WRITE
    new_label = "Make a payment link"
    new_intro = "A fixed amount that anybody may pay. Nothing of it changes but that it is closed."
    new_template = "admin/checkouts/new_link.html"
    acts = (
        Act(
            "close",
            "Close",
            WRITE,
            _close,
            asks=lambda link: (
                f"Let nobody begin to pay {_amount(link)} by this link any more. This is final"
            ),
            done=lambda link: "The link is closed. Checkouts that it made go on.",
            offered=lambda link, caller: link.closed_at is None,
            look="danger",
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """By the id, or by the whole address, as people have it at hand."""
        term = search_term.strip().rpartition("/")[2]
        return (queryset.filter(pk=term) if term else queryset), False

    def form_for(self, request: HttpRequest) -> forms.Form:
        mine = PaymentMethod.objects.visible_to(caller_of(request))
        active = mine.filter(status=MethodStatus.ACTIVE).select_related("wallet__extended_key")
        methods = list(active.order_by("-is_default", "-created_at", "-id"))
        return NewLinkForm(request.POST or None, methods=methods)

    def new_context(
        self, request: HttpRequest, form: forms.Form, refusal: BillingError | None
    ) -> dict[str, Any]:
        assert isinstance(form, NewLinkForm)
        if form.has_methods:
            return {}
        return {"methods_url": reverse("admin:checkouts_paymentmethod_new")}

    def create(self, request: HttpRequest, answers: dict[str, Any]) -> PaymentLink:
        draft = services.links.NewLink(
            amount_usd=answers["amount_usd"],
            payment_method_id=answers["payment_method_id"],
            description=answers["description"] or None,
            expires_in_seconds=answers["expires_in_seconds"],
        )
        return services.links.create(caller_of(request), draft)

    def title_of(self, obj: PaymentLink) -> str:
        return f"Link for {_amount(obj)}"

    def facts(self, request: HttpRequest, obj: PaymentLink) -> list[Facts]:
        method = obj.payment_method
        checkouts = f"{reverse('admin:checkouts_checkout_changelist')}?q={obj.pk}"
        rows: page.Rows = [
            ("State", state_of(obj)),
            ("Address", page.link_html(url_of(obj))),
            ("Amount", amount_html(obj.amount_atomic, method.token, method.chain)),
            ("On", method.get_chain_display()),
            ("What for", text(obj.description)),
            ("Paid by", page.link_to(PaymentMethod, method.pk, str(method))),
            ("Can be paid until", moment_html(obj.expires_at)),
            ("Its checkouts", format_html('<a class="link" href="{}">Show them</a>', checkouts)),
            ("Made", moment_html(obj.created_at)),
            ("Closed", moment_html(obj.closed_at)),
            ("Id", copy_html(obj.id, "id")),
        ]
        return [Facts("Payment link", rows)]

    def act_facts(self, request: HttpRequest, obj: PaymentLink, act: Act) -> list[Facts]:
        rows: page.Rows = [("Address", url_of(obj)), ("What for", text(obj.description))]
        return [Facts("The payment link", rows)]

    @column("amount", "lead number")
    def amount(self, obj: PaymentLink) -> SafeString:
        method = obj.payment_method
        return format_html(
            '<a class="to" href="{}">{}</a><span class="sub">{}</span>',
            self.url_of(obj),
            amount_html(obj.amount_atomic, method.token, method.chain),
            words.on_chain(method.chain),
        )

    @column("what for")
    def what_for(self, obj: PaymentLink) -> SafeString | str:
        return text(obj.description)

    @column("address")
    def address(self, obj: PaymentLink) -> SafeString:
        return copy_html(url_of(obj), "link")

    @column("until", "keep")
    def until(self, obj: PaymentLink) -> SafeString:
        return moment_html(obj.expires_at)

    @column("made", "keep")
    def made(self, obj: PaymentLink) -> SafeString:
        return moment_html(obj.created_at)

    @column("state")
    def state(self, obj: PaymentLink) -> SafeString:
        return state_of(obj)


def _method_words(method: PaymentMethod) -> str:
    default = ", the default" if method.is_default else ""
    where = f"{method.token} on {method.get_chain_display()}"
    return f"{method}: {where}, to {words.wallet_name(method.wallet)}{default}"
