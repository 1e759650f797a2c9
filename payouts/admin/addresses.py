"""Addresses of the book in the admin: proposed by one person, approved by another."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from approvals.rules import is_own
from billing.acts import Act, Answers, ReasonForm
from billing.admin import NUL, Facts, column, record_url
from billing.admin_context import caller_of
from billing.callers import Caller
from billing.chains import Chain
from billing.creating import CreatesAdmin
from billing.display import (
    NOTHING,
    State,
    absolute,
    address_html,
    copy_html,
    moment_html,
    state_html,
)
from billing.errors import BillingError
from payouts.admin.book_forms import AddressForm, ConfirmLookalikeForm
from payouts.admin.standing import CONTRACT, compared, known_lookalikes, likeness_html
from payouts.models import AddressStatus, Recipient, RecipientAddress
from payouts.recipients import acts, standing

Cells = list[tuple[str, str, str | SafeString]]
STATES: dict[str, State] = {
    AddressStatus.PROPOSED: State("proposed", "outline", "draft"),
    AddressStatus.APPROVED: State("approved", "green", "approved"),
    AddressStatus.REJECTED: State("rejected", "red", "failed"),
    AddressStatus.ARCHIVED: State("archived", "grey", "canceled", is_struck=True),
}
COOLING = State("cooling down", "amber", "expired")
APPROVE, WRITE = "payouts:approve", "payouts:write"
MOST_COUNTED = 100


def address_state(address: RecipientAddress) -> SafeString:
    """Its state; while it cools down, until when."""
    if address.status == AddressStatus.APPROVED and not address.is_usable(timezone.now()):
        assert address.usable_at is not None, "an approved one has its time"
        return state_html(COOLING, f"until {absolute(address.usable_at)}")
    return state_html(STATES[address.status])


def new_address_url(recipient: Recipient) -> str:
    return f"{reverse('admin:payouts_recipientaddress_new')}?recipient={recipient.pk}"


def tabs_of(request: HttpRequest, *, is_people: bool) -> list[dict[str, Any]]:
    """The two lists of the book, and how many addresses wait for a second person."""
    mine = RecipientAddress.objects.visible_to(caller_of(request)).order_by()
    waiting = mine.filter(status=AddressStatus.PROPOSED)[:MOST_COUNTED].count()
    count = f"{MOST_COUNTED - 1}+" if waiting >= MOST_COUNTED else str(waiting or "")
    people = reverse("admin:payouts_recipient_changelist")
    addresses = reverse("admin:payouts_recipientaddress_changelist")
    return [
        {"label": "Recipients", "url": people, "is_here": is_people, "count": ""},
        {
            "label": "Addresses to approve",
            "url": f"{addresses}?status__exact=proposed",
            "is_here": not is_people,
            "count": count,
        },
    ]


def _approve(caller: Caller, address_id: str, answers: Answers) -> None:
    confirmed = bool(answers.get("confirm_lookalike"))
    acts.approve(caller, address_id, confirm_lookalike=confirmed)


def _reject(caller: Caller, address_id: str, answers: Answers) -> None:
    acts.reject(caller, address_id, answers["reason"])


def _archive(caller: Caller, address_id: str, answers: Answers) -> None:
    acts.archive_address(caller, address_id, answers["reason"])


def _may_approve(address: RecipientAddress, caller: Caller) -> bool:
    """Not offered for one's own; whoever asks all the same is refused by the service."""
    is_mine = is_own(caller, address.proposed_by, address.proposed_by_issuer)
    return not is_mine and _is_proposed(address, caller)


def _is_proposed(address: RecipientAddress, caller: Caller) -> bool:
    is_waiting: bool = address.status == AddressStatus.PROPOSED
    return is_waiting


def _is_live(address: RecipientAddress, caller: Caller) -> bool:
    return address.status in (AddressStatus.PROPOSED, AddressStatus.APPROVED)


@admin.register(RecipientAddress)
class RecipientAddressAdmin(CreatesAdmin):
    plural = "Address book"
    intro = "Every address of the book. One person proposes it, another one approves it."
    noun = "address"
    empty_title = "No addresses yet"
    empty_text = (
        "An address comes here when somebody proposes it on a recipient's page, or over the API."
    )
    list_display = ("address_", "whose", "chain_", "state", "proposed", "since")
    list_filter = ("status", "chain")
    list_select_related = ("recipient",)
    record_template = "admin/payouts/address.html"
    new_form = AddressForm
    new_scope = WRITE
    new_label = "Propose an address"
    new_intro = "Somebody else approves it. Nobody is paid there by name before that."
    new_template = "admin/payouts/new.html"
    acts = (
        Act(
            "approve",
            "Approve",
            APPROVE,
            _approve,
            asks=lambda a: f"Approve that {a.recipient.name} is paid at this address",
            done=lambda a: "You approved the address.",
            offered=_may_approve,
            overrules={"lookalike_address": ConfirmLookalikeForm},
            look="filled",
            is_delicate=True,
        ),
        Act(
            "reject",
            "Reject",
            APPROVE,
            _reject,
            asks=lambda a: f"Say no to this address of {a.recipient.name}",
            done=lambda a: "Rejected. It can be proposed anew.",
            form=ReasonForm,
            offered=_is_proposed,
        ),
        Act(
            "archive",
            "Archive",
            WRITE,
            _archive,
            asks=lambda a: f"Take this address of {a.recipient.name} out of the book",
            done=lambda a: "Archived. Payouts made before stay as they are.",
            form=ReasonForm,
            offered=_is_live,
            look="danger",
        ),
    )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        # An address belongs to somebody, so the button that proposes one is on their page.
        extra = {"tabs": tabs_of(request, is_people=False), "new_url": ""}
        return super().changelist_view(request, {**(extra_context or {}), **extra})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("recipient")

    # --- a new one -------------------------------------------------------------------------------

    def form_for(self, request: HttpRequest) -> forms.Form:
        if request.method == "POST":
            return AddressForm(request.POST)
        return AddressForm(initial={"recipient": request.GET.get("recipient", "")})

    def create(self, request: HttpRequest, answers: dict[str, Any]) -> RecipientAddress:
        draft = acts.NewAddress(answers["chain"], answers["address"], answers["confirm_lookalike"])
        return acts.propose(caller_of(request), answers["recipient"], draft)

    def new_context(
        self, request: HttpRequest, form: forms.Form, refusal: BillingError | None
    ) -> dict[str, Any]:
        """Say whose it will be; ask for a confirmation only where there is a doubt."""
        caller = caller_of(request)
        named = str(form["recipient"].value() or "").replace(NUL, "")
        recipient = Recipient.objects.visible_to(caller).filter(pk=named).first()
        context: dict[str, Any] = {}
        if recipient is not None:
            context["title"] = f"Propose an address of {recipient.name}"
            context["back_url"] = record_url(Recipient, recipient.pk)
        is_alike = refusal is not None and refusal.code == "lookalike_address"
        if not is_alike and not getattr(form, "cleaned_data", {}).get("confirm_lookalike"):
            del form.fields["confirm_lookalike"]
        if is_alike:
            address = form.data["address"]  # the error at its field took it out of data
            known = known_lookalikes(caller, address)
            context["lookalikes"] = [compared(address, each) for each in known]
        return context

    # --- one address -----------------------------------------------------------------------------

    def title_of(self, obj: RecipientAddress) -> str:
        return f"{obj.recipient.name} on {Chain(obj.chain).label}"

    def facts(self, request: HttpRequest, obj: RecipientAddress) -> list[Facts]:
        return [*self.act_facts(request, obj, None), Facts("Decision", _decision(obj))]

    def act_facts(
        self, request: HttpRequest, obj: RecipientAddress, act: Act | None
    ) -> list[Facts]:
        whose = format_html(
            '<a href="{}">{}</a>', record_url(Recipient, obj.recipient_id), obj.recipient.name
        )
        rows: list[tuple[str, str | SafeString]] = [
            ("Address", address_html(obj.address, obj.chain, obj.environment, whole=True)),
            ("Chain", str(Chain(obj.chain).label)),
            ("Recipient", whose),
            ("State", address_state(obj)),
            ("Proposed by", obj.proposed_by_name),
            ("Proposed", moment_html(obj.created_at)),
        ]
        if act is not None:
            rows += [
                ("Looks like", likeness_html(obj.address, each))
                for each in known_lookalikes(caller_of(request), obj.address)
            ]
        known = standing(obj.organization_id, obj.environment, obj.chain, [obj.address])
        if known[obj.address].is_contract:
            rows.append(("Warning", CONTRACT))
        rows += [("Warning", warning) for warning in obj.warnings]
        return [Facts("Address", rows)]

    def record_context(self, request: HttpRequest, obj: RecipientAddress) -> dict[str, Any]:
        caller = caller_of(request)
        known = known_lookalikes(caller, obj.address) if _is_live(obj, caller) else []
        is_mine = is_own(caller, obj.proposed_by, obj.proposed_by_issuer)
        is_waiting = obj.status == AddressStatus.PROPOSED
        return {
            **super().record_context(request, obj),
            "lookalikes": [compared(obj.address, each) for each in known],
            "is_mine": is_mine and is_waiting and APPROVE in caller.scopes,
        }

    # --- the list --------------------------------------------------------------------------------

    @column("address", "lead")
    def address_(self, obj: Any) -> SafeString:
        shown = address_html(obj.address, obj.chain, obj.environment)
        return format_html('<a class="to" href="{}">{}</a>', self.url_of(obj), shown)

    @column("recipient")
    def whose(self, obj: Any) -> str:
        return str(obj.recipient.name)

    @column("chain")
    def chain_(self, obj: Any) -> str:
        return str(Chain(obj.chain).label)

    @column("state")
    def state(self, obj: Any) -> SafeString:
        return address_state(obj)

    @column("proposed by")
    def proposed(self, obj: Any) -> str:
        return str(obj.proposed_by_name)

    @column("since")
    def since(self, obj: Any) -> SafeString:
        return moment_html(obj.created_at)


def _decision(obj: RecipientAddress) -> list[tuple[str, str | SafeString]]:
    word = "Rejected" if obj.status == AddressStatus.REJECTED else "Approved"
    rows: list[tuple[str, str | SafeString]] = [
        (f"{word} by", obj.decided_by_name or NOTHING),
        (word, moment_html(obj.decided_at)),
        ("Can be paid by name from", moment_html(obj.usable_at)),
    ]
    if obj.archived_at is not None:
        rows.append(("Archived", moment_html(obj.archived_at)))
    return [*rows, ("Id", copy_html(obj.id, "id"))]
