"""The address book in the admin: who is paid, found by name, tag, reference or address."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.acts import Act, Answers, ReasonForm
from billing.admin import Facts, column, record_url, text
from billing.admin_context import caller_of, may
from billing.callers import Caller
from billing.chains import Chain
from billing.creating import CreatesAdmin
from billing.display import NOTHING, address_html, copy_html, joined, moment_html, tag_html
from payouts.admin.addresses import Cells, address_state, new_address_url, tabs_of
from payouts.admin.book_forms import RecipientForm, words_of
from payouts.admin.cool_down import SetsCoolDown
from payouts.models import AddressStatus, Recipient, RecipientAddress
from payouts.recipients import acts
from payouts.recipients.reading import LIVE, forms_of

WRITE = "payouts:write"
MOST_TAGS_SHOWN = 40


class Archived(admin.SimpleListFilter):
    """Archived recipients are out of sight unless somebody asks for them."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("archived", "archived")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(archived_at__isnull=self.value() != "archived")


class Tag(admin.SimpleListFilter):
    """The tags that the organization's recipients have."""

    title = "tag"
    parameter_name = "tag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        mine = Recipient.objects.visible_to(caller_of(request)).exclude(tags=[]).order_by()
        found = sorted({tag for tags in mine.values_list("tags", flat=True)[:1000] for tag in tags})
        return [(tag, tag) for tag in found[:MOST_TAGS_SHOWN]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(tags__contains=[self.value()]) if self.value() else queryset


def _update(caller: Caller, recipient_id: str, answers: Answers) -> None:
    acts.update(caller, recipient_id, words_of(dict(answers)))


def _archive(caller: Caller, recipient_id: str, answers: Answers) -> None:
    acts.archive(caller, recipient_id, answers["reason"])


def _is_live(recipient: Recipient, caller: Caller) -> bool:
    return recipient.archived_at is None


def _words(recipient: Recipient) -> dict[str, Any]:
    return {
        "name": recipient.name,
        "note": recipient.note,
        "tags": ", ".join(recipient.tags),
        "reference": recipient.reference,
    }


@admin.register(Recipient)
class RecipientAdmin(SetsCoolDown, CreatesAdmin):
    plural = "Address book"
    intro = "Whom you pay, and the addresses that two people agreed to."
    noun = "recipient"
    empty_title = "Nobody is in the address book yet"
    empty_text = (
        "Add whom you pay often. Their addresses are proposed by one person and approved by "
        "another; payouts then show the name, and an address that only looks like theirs is caught."
    )
    search_fields = ("name",)
    search_placeholder = "Name, reference, address or id"
    list_display = ("name_", "paid_at", "tags_", "reference_", "since")
    list_filter = (Tag, Archived)
    record_template = "admin/payouts/recipient.html"
    change_list_template = "admin/payouts/recipients.html"
    new_form = RecipientForm
    new_scope = WRITE
    new_label = "New recipient"
    new_intro = "Who it is. On the next page you propose where they are paid."
    acts = (
        Act(
            "update",
            "Change",
            WRITE,
            _update,
            asks=lambda r: (
                f"Change what is said about {r.name}. Payouts made before keep the name."
            ),
            done=lambda r: "It is changed.",
            form=RecipientForm,
            initial=_words,
            offered=_is_live,
        ),
        Act(
            "archive",
            "Archive",
            WRITE,
            _archive,
            asks=lambda r: f"Take {r.name} and all their addresses out of the book, for good",
            done=lambda r: f"{r.name} is archived. Payouts made before stay as they are.",
            form=ReasonForm,
            offered=_is_live,
            look="danger",
        ),
    )

    # --- the list --------------------------------------------------------------------------------

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        mine = RecipientAddress.objects.visible_to(caller_of(request)).order_by()
        at = mine.filter(address__in=forms_of(term)).values("recipient_id")
        named = Q(name__icontains=term) | Q(reference=term) | Q(pk=term) | Q(pk__in=at)
        return queryset.filter(named), False

    def prepare_rows(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        """One query for the page: every live address of its recipients."""
        by_id: dict[str, list[RecipientAddress]] = {row.pk: [] for row in rows}
        for address in RecipientAddress.objects.filter(recipient_id__in=by_id, status__in=LIVE):
            by_id[address.recipient_id].append(address)
        for row in rows:
            row.live = by_id[row.pk]
        return rows

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra = {"tabs": tabs_of(request, is_people=True), **self.cool_down_context(request)}
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    @column("name", "lead")
    def name_(self, obj: Any) -> SafeString:
        return format_html('<a class="to name" href="{}">{}</a>', self.url_of(obj), obj.name)

    @column("paid at")
    def paid_at(self, obj: Any) -> SafeString:
        return _places(obj.live) if obj.live else NOTHING

    @column("tags", "keep")
    def tags_(self, obj: Any) -> SafeString:
        return joined([tag_html(tag) for tag in obj.tags])

    @column("reference", "keep")
    def reference_(self, obj: Any) -> str:
        return str(obj.reference)

    @column("since")
    def since(self, obj: Any) -> SafeString:
        return moment_html(obj.created_at)

    # --- one recipient ---------------------------------------------------------------------------

    def create(self, request: HttpRequest, answers: dict[str, Any]) -> Recipient:
        return acts.create(caller_of(request), acts.NewRecipient(**words_of(answers)))

    def form_for(self, request: HttpRequest) -> forms.Form:
        return RecipientForm(request.POST if request.method == "POST" else None)

    def facts(self, request: HttpRequest, obj: Recipient) -> list[Facts]:
        rows: list[tuple[str, str | SafeString]] = [
            ("Reference", text(obj.reference)),
            ("Tags", joined([tag_html(tag) for tag in obj.tags]) or NOTHING),
            ("Note", text(obj.note)),
            ("Made by", obj.created_by_name),
            ("Made", moment_html(obj.created_at)),
            ("Id", copy_html(obj.id, "id")),
        ]
        if obj.archived_at is not None:
            rows.insert(0, ("Archived", moment_html(obj.archived_at)))
        return [Facts("Recipient", rows)]

    def record_context(self, request: HttpRequest, obj: Recipient) -> dict[str, Any]:
        addresses = list(obj.addresses.all())
        may_write = may(request, WRITE) and obj.archived_at is None
        return {
            **super().record_context(request, obj),
            "addresses": [_line(address, may_pay=may_write) for address in addresses],
            "propose_url": new_address_url(obj) if may_write else "",
        }


def _places(addresses: Iterable[RecipientAddress]) -> SafeString:
    """Each live address in a line: where, which, and what it waits for."""
    lines = [
        format_html(
            '<span class="place"><span class="hint">{}</span> {} {}</span>',
            Chain(each.chain).label,
            address_html(each.address, each.chain, each.environment),
            "" if each.status == AddressStatus.APPROVED else address_state(each),
        )
        for each in addresses
    ]
    return joined(lines)


def _line(address: RecipientAddress, *, may_pay: bool) -> Cells:
    """One row of the table on a recipient's page."""
    link = format_html(
        '<a href="{}">{}</a>', record_url(RecipientAddress, address.pk), "Look at it"
    )
    if may_pay and address.status == AddressStatus.APPROVED:
        pay = _pay_url(address)
        link = joined([link, format_html('<a href="{}">{}</a>', pay, "Pay")], " · ")
    return [
        (
            "address",
            "lead",
            address_html(address.address, address.chain, address.environment),
        ),
        ("chain", "", str(Chain(address.chain).label)),
        ("state", "", address_state(address)),
        ("proposed by", "", address.proposed_by_name),
        ("what to do", "", link),
    ]


def _pay_url(address: RecipientAddress) -> str:
    """The form of a new payout, filled with this address."""
    return f"{reverse('admin:payouts_payoutintent_new')}?to={address.pk}"
