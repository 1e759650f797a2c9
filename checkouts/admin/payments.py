"""Payments in the admin: what came in, what of it somebody must look at, and what became of it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.acts import Act, ActsAdmin
from billing.admin import Facts, column, text
from billing.admin_context import caller_of, may
from billing.callers import Caller
from billing.day_filter import Created
from billing.display import address_html, copy_html, moment_html
from checkouts.admin import page, words
from checkouts.admin.acts import READ
from checkouts.admin.advice import reading_of
from checkouts.admin.filters import OfChain, OfKind
from checkouts.admin.finding import find_payments, to_look_at, too_little
from checkouts.admin.resolving import RESOLVE
from checkouts.models import Checkout, Payment
from checkouts.resolving import is_open
from wallets.models import Wallet

MOST_COUNTED = 1_000
ASK_FIRST = (
    "Ask the customer where to send it back: this may be an address of an exchange, which would "
    "not know whose money it is."
)
TABS = {"look": "To look at", "underpaid": "Underpaid", "all": "All"}
EMPTY = {
    "look": (
        "Nothing to look at",
        "A payment comes here when it is late, in another token than asked, or names no checkout. "
        "The oldest stands first.",
    ),
    "underpaid": (
        "Nothing was paid too little",
        "When a checkout expires and less came than was asked, what came stands here, until "
        "somebody says what became of it.",
    ),
    "all": (
        "No payments yet",
        "Every transfer to an address that customers were told to pay to appears here within "
        "seconds, whatever its token and time.",
    ),
}
_OF_A_ROW = ("checkout", "deposit_address__wallet__extended_key")


def tab_of(request: HttpRequest) -> str:
    """The tab that the address names: what is to be looked at first, except for a search."""
    chosen = request.GET.get("tab", "")
    if chosen in TABS:
        return chosen
    return "all" if request.GET.get("q", "").strip() else "look"


def tab_rows(payments: QuerySet[Payment], tab: str, caller: Caller) -> QuerySet[Payment]:
    if tab == "look":
        return to_look_at(payments)
    return too_little(payments, caller) if tab == "underpaid" else payments


class PaymentTab(admin.SimpleListFilter):
    """Which tab; a search without one looks in all of them."""

    title = "tab"
    parameter_name = "tab"
    is_tabs = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(TABS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return tab_rows(queryset, tab_of(request), caller_of(request))


@admin.register(Payment)
class PaymentAdmin(ActsAdmin):
    view_scope = READ
    noun = "payment"
    plural = "Payments"
    intro = "What reached the addresses that customers were told to pay to."
    record_template = "admin/checkouts/payment.html"
    list_display = ("amount", "what", "of", "sender", "since", "state")
    list_filter = (PaymentTab, OfKind, OfChain, Created)
    search_fields = ("id",)
    search_placeholder = "Id, checkout, address or hash"
    acts = (RESOLVE,)

    # --- the list --------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related(*_OF_A_ROW)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """What waits longest stands first; all of them newest first."""
        return ("-created_at", "-id") if tab_of(request) == "all" else ("created_at", "id")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (find_payments(queryset, term, caller_of(request)) if term else queryset), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        here = tab_of(request)
        is_oldest_first = here != "all"
        extra = {
            "tabs": self._tabs(request, here),
            "empty_title": EMPTY[here][0],
            "empty_text": EMPTY[here][1],
            "tab_query": f"tab={here}",
            "search_help": "A search finds whole ids, addresses and hashes.",
            "previous_words": "Older" if is_oldest_first else "Newer",
            "next_words": "Newer" if is_oldest_first else "Older",
        }
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    def _tabs(self, request: HttpRequest, here: str) -> list[dict[str, Any]]:
        if not may(request, self.view_scope):
            return []
        caller = caller_of(request)
        mine = Payment.objects.visible_to(caller).order_by()
        return [
            {
                "label": label,
                "url": f"?tab={tab}",
                "is_here": tab == here,
                "count": "" if tab == "all" else _counted(tab_rows(mine, tab, caller)),
                "is_alert": tab == "look",
            }
            for tab, label in TABS.items()
        ]

    @column("amount", "lead number")
    def amount(self, obj: Payment) -> SafeString:
        return format_html(
            '<a class="to" href="{}">{}</a><span class="sub">{}</span>',
            self.url_of(obj),
            words.paid_html(obj),
            words.on_chain(obj.chain),
        )

    @column("what it is", "wide")
    def what(self, obj: Payment) -> str:
        return reading_of(obj).says

    @column("checkout", "keep")
    def of(self, obj: Payment) -> SafeString | None:
        if obj.checkout is None:
            return None
        found = words.reference_of(obj.checkout)
        name = found.value if found else words.asked_words(obj.checkout)
        return page.link_to(Checkout, obj.checkout.pk, words.cut(name, 24))

    @column("from")
    def sender(self, obj: Payment) -> SafeString:
        return address_html(obj.from_address, obj.chain, obj.environment)

    @column("came", "keep")
    def since(self, obj: Payment) -> SafeString:
        # A simulated chain may be ahead of the clock; nothing came after it was seen.
        return moment_html(min(obj.block_time, obj.detected_at))

    @column("state")
    def state(self, obj: Payment) -> SafeString:
        return words.payment_state(obj)

    # --- one payment -----------------------------------------------------------------------------

    def title_of(self, obj: Payment) -> str:
        return words.paid_words(obj)

    def facts(self, request: HttpRequest, obj: Payment) -> list[Facts]:
        wallet = obj.deposit_address.wallet
        to = address_html(obj.deposit_address.address, obj.chain, obj.environment, whole=True)
        rows: page.Rows = [
            ("State", words.payment_state(obj)),
            ("Checkout", _checkout(obj)),
            ("From", _sender(obj)),
            ("To", to),
            ("Wallet", page.link_to(Wallet, wallet.pk, words.wallet_name(wallet))),
            ("Id", copy_html(obj.id, "id")),
        ]
        return [Facts("Payment", rows), Facts("Evidence", page.evidence_rows(obj))]

    def record_context(self, request: HttpRequest, obj: Payment) -> dict[str, Any]:
        return {
            **super().record_context(request, obj),
            "amount": words.paid_html(obj),
            "on_chain": words.on_chain(obj.chain),
            "state": words.payment_state(obj),
            "reading": reading_of(obj),
            "resolution": words.RESOLUTIONS.get(obj.resolution, ""),
            "resolved_by": page.who_resolved(obj),
        }

    def act_facts(self, request: HttpRequest, obj: Payment, act: Act) -> list[Facts]:
        reading = reading_of(obj)
        rows: page.Rows = [
            ("What it is", reading.says),
            ("What to do", text(reading.todo)),
            ("Checkout", _checkout(obj)),
            ("From", _sender(obj)),
        ]
        return [Facts("The payment", rows)]


def _checkout(payment: Payment) -> SafeString | str:
    if payment.checkout is None:
        return "none is named by it"
    return page.link_to(Checkout, payment.checkout.pk, words.title_of(payment.checkout))


def _sender(payment: Payment) -> SafeString:
    """Who sent it, and where it is only sent back after asking."""
    shown = address_html(payment.from_address, payment.chain, payment.environment, whole=True)
    if not is_open(payment):
        return shown
    return format_html('{}<span class="mind">{}</span>', shown, ASK_FIRST)


def _counted(rows: QuerySet[Payment]) -> str:
    """How many there are, counted up to MOST_COUNTED; empty where there is none."""
    count = len(rows.values_list("pk")[:MOST_COUNTED])
    if not count:
        return ""
    return f"{MOST_COUNTED - 1}+" if count >= MOST_COUNTED else str(count)
