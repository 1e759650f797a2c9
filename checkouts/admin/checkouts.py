"""Checkouts in the admin: the list, and a checkout's own page."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.acts import Act, ActsAdmin
from billing.admin import Facts, column
from billing.admin_context import caller_of, may
from billing.day_filter import Created
from billing.display import NOTHING, amount_html, due_html, moment_html
from checkouts.admin import page, words
from checkouts.admin.acts import ACTS, CONSEQUENCES, READ
from checkouts.admin.filters import OfChain, OfStatus, OfToken, OfWork
from checkouts.admin.finding import find_checkouts
from checkouts.admin.resolving import SCOPE, may_resolve
from checkouts.answers import heads_of
from checkouts.models import Checkout, Payment

_OF_THE_PAGE = ("deposit_address__extended_key", "payment_method__wallet__extended_key")


@admin.register(Checkout)
class CheckoutAdmin(ActsAdmin):
    view_scope = READ
    noun = "checkout"
    plural = "Checkouts"
    intro = "What customers were asked to pay, and how far the money has come."
    empty_title = "No checkouts yet"
    empty_text = (
        "A checkout appears here when your shop makes one over the API, or when somebody pays by a "
        "payment link. The customer's money goes straight to your own wallet."
    )
    record_template = "admin/checkouts/checkout.html"
    list_display = ("amount", "reference", "received", "ends", "made", "state")
    list_filter = (OfStatus, OfWork, OfChain, OfToken, Created)
    search_fields = ("id",)
    search_placeholder = "Id, address, hash, customer or order"
    acts = ACTS

    # --- the list --------------------------------------------------------------------------------

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (find_checkouts(queryset, term, caller_of(request)) if term else queryset), False

    def prepare_rows(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        """Two queries for the page: the heads to count from, and which payments wait."""
        heads = heads_of(rows)
        waiting: dict[str, set[str]] = {}
        mine = Payment.objects.filter(checkout__in=[row.pk for row in rows], resolution="")
        for checkout_id, kind in mine.exclude(kind="on_time").values_list("checkout_id", "kind"):
            waiting.setdefault(checkout_id, set()).add(kind)
        for row in rows:
            row.heads, row.waiting = heads, waiting.get(row.pk, set())
        return rows

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        extra = {"search_help": "A search finds whole ids, addresses, hashes and references."}
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    @column("amount", "lead number")
    def amount(self, obj: Checkout) -> SafeString:
        return format_html(
            '<a class="to" href="{}">{}</a><span class="sub">{}</span>',
            self.url_of(obj),
            amount_html(obj.amount_atomic, obj.token, obj.chain),
            words.on_chain(obj.chain),
        )

    @column("for")
    def reference(self, obj: Checkout) -> SafeString:
        found = words.reference_of(obj)
        if found is None:
            return NOTHING
        return format_html(
            '<span class="ref">{}</span><span class="sub">{}</span>',
            words.cut(found.value, 60),
            words.cut(found.name, 40),
        )

    @column("received", "number")
    def received(self, obj: Checkout) -> SafeString:
        return words.received_html(obj)

    @column("ends", "keep")
    def ends(self, obj: Checkout) -> SafeString:
        if obj.closed_at is not None:
            return format_html("{} {}", "ended", moment_html(obj.closed_at))
        return due_html(obj.expires_at, is_open=obj.status == "pending")

    @column("made", "keep")
    def made(self, obj: Checkout) -> SafeString:
        return moment_html(obj.created_at)

    @column("state")
    def state(self, obj: Any) -> SafeString:
        return words.state_of(obj, obj.heads, obj.waiting)

    # --- one checkout ----------------------------------------------------------------------------

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Checkout | None:
        """With all that its page says of it, in one query."""
        rows = self.get_queryset(request).select_related(*_OF_THE_PAGE)
        found: Checkout | None = rows.filter(pk=object_id).first()
        return found

    def title_of(self, obj: Checkout) -> str:
        return words.title_of(obj)

    def facts(self, request: HttpRequest, obj: Checkout) -> list[Facts]:
        return page.facts(obj)

    def record_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        payments = page.payments_of(obj)
        urls = {
            payment.id: reverse("admin:checkouts_payment_act", args=[quote(payment.pk), "resolve"])
            for payment in payments
            if may(request, SCOPE) and may_resolve(payment, caller_of(request))
        }
        return {
            **super().record_context(request, obj),
            **page.context(obj, payments, heads_of([obj]), urls),
            "payments_url": f"{reverse('admin:checkouts_payment_changelist')}?q={obj.pk}",
        }

    def act_facts(self, request: HttpRequest, obj: Checkout, act: Act) -> list[Facts]:
        return page.what_it_asks(obj, heads_of([obj]), CONSEQUENCES[act.name])

    def button_for(self, act: Act, obj: Checkout) -> str:
        """With the money in it: the way back is no `Cancel`."""
        return f"{act.label} {words.asked_words(obj)}" if act.name == "cancel" else act.label
