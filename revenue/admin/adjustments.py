"""Adjustments in the admin: booked with a reason, after a second look at the line they write."""

import hashlib
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core import signing
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing import confirming
from billing.acts import Act, Answers, ReasonForm
from billing.admin import Facts, column, text
from billing.admin_context import caller_of
from billing.callers import Caller
from billing.creating import CreatesAdmin
from billing.display import copy_html, moment_html
from billing.errors import BillingError, NotFound
from billing.ids import new_id
from billing.money import display
from revenue import adjusting, services
from revenue.admin import words
from revenue.admin.forms import NewAdjustmentForm, draft_of
from revenue.admin.words import READ, WRITE
from revenue.answers import CURRENCY, DECIMALS, usd
from revenue.models import Adjustment
from revenue.types import COUNTERED_BY, LINE_OF, AdjustmentType

SALT = "revenue.admin.adjustments"


def _counter_draft(adjustment: Adjustment, reason: str) -> services.NewAdjustment:
    return services.NewAdjustment(
        type=COUNTERED_BY[adjustment.type],
        amount=usd(adjustment.amount_atomic),
        reason=f"Counters {adjustment.id}: {reason}",
        checkout_id=adjustment.checkout_id,
        subscription_id=adjustment.subscription_id,
        customer_id=adjustment.customer_id,
    )


def _counter(caller: Caller, adjustment_id: str, answers: Answers) -> Adjustment:
    """Book what takes it back. Its id follows from the first one's: none is countered twice."""
    adjustment: Adjustment | None = (
        Adjustment.objects.visible_to(caller).filter(pk=adjustment_id).first()
    )
    if adjustment is None:
        raise NotFound("adjustment", adjustment_id)
    digest = hashlib.sha256(f"counters {adjustment_id}".encode()).hexdigest()
    draft = _counter_draft(adjustment, answers["reason"])
    return services.create(caller, draft, id=f"adj_{digest[:24]}")


def _amount_words(adjustment: Adjustment) -> str:
    return f"{display(adjustment.amount_atomic, DECIMALS)} {CURRENCY}"


@admin.register(Adjustment)
class AdjustmentAdmin(CreatesAdmin):
    view_scope = READ
    noun = "adjustment"
    plural = "Adjustments"
    intro = "What was booked by hand, and why. Nothing is edited: a mistake is countered."
    empty_title = "No adjustments yet"
    empty_text = (
        "Credits, debits, chargebacks and refunds that somebody books stand here, each with its "
        "reason. No money is moved by any."
    )
    list_display = ("amount", "what", "about", "who", "when")
    search_fields = ("id",)
    search_placeholder = "Id of an adjustment, or of a checkout"
    new_form = NewAdjustmentForm
    new_scope = WRITE
    new_label = "Book an adjustment"
    submit_label = "Look at it once more"
    new_intro = "It writes a line of the ledger, for good. No money is moved by it."
    acts = (
        Act(
            "counter",
            "Counter",
            WRITE,
            _counter,
            asks=lambda row: (
                f"Book a {COUNTERED_BY[row.type]} of {_amount_words(row)} that takes this "
                f"{row.type} back"
            ),
            done=lambda row: "It is countered, by a line of its own.",
            form=ReasonForm,
            is_delicate=True,
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        named = {"checkout_id": term} if term.startswith("co_") else {"pk": term}
        return queryset.filter(**named), False

    def form_for(self, request: HttpRequest) -> forms.Form:
        if request.method == "POST":
            return NewAdjustmentForm(request.POST)
        return NewAdjustmentForm(initial={"about": request.GET.get("about", "")[:40]})

    # --- the second look -------------------------------------------------------------------------

    def is_delicate(self, request: HttpRequest, answers: dict[str, Any]) -> bool:
        return confirming.is_live(request)

    def ask_who_creates(self, request: HttpRequest, answers: dict[str, Any]) -> HttpResponse | None:
        """First the second look, then, in live, who it is. What was shown is what is written."""
        if self._shown_id(request, answers) is None:
            return self._second_look(request, answers)
        return super().ask_who_creates(request, answers)

    def create(self, request: HttpRequest, answers: dict[str, Any]) -> Adjustment:
        shown_id = self._shown_id(request, answers)
        assert shown_id is not None, "asked before: ask_who_creates"
        return services.create(caller_of(request), draft_of(answers), id=shown_id)

    def created(self, request: HttpRequest, obj: Any) -> HttpResponse:
        assert isinstance(obj, Adjustment)
        messages.success(request, "It is booked, and stands in the ledger.")
        return HttpResponseRedirect(self.url_of(obj))

    def _second_look(self, request: HttpRequest, answers: dict[str, Any]) -> HttpResponse:
        caller, shown_id = caller_of(request), new_id("adj")
        try:
            adjustment = adjusting.built(caller, draft_of(answers), id=shown_id)
        except BillingError as refusal:
            return self.ask_new(request, self.form_for(request), refusal=refusal)
        carried = {**_as_sent(request), "shown": signing.dumps(
            [shown_id, _said(caller, answers)], salt=SALT
        )}  # fmt: skip
        form = forms.Form(initial=carried)
        for name in carried:
            form.fields[name] = forms.CharField(widget=forms.HiddenInput, required=False)
        label = AdjustmentType(adjustment.type).value
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": self.new_label,
            "crumbs": self.crumbs(),
            "act": {"label": self.new_label, "look": "filled"},
            "sentence": f"Book a {label} of {_amount_words(adjustment)}",
            "button": f"Book the {label}",
            "panels": [Facts("The line it will write", _line_rows(adjustment))],
            "form": form,
            "refusal": "",
            "back_url": self.list_url(),
        }
        return TemplateResponse(request, "admin/act.html", context)

    def _shown_id(self, request: HttpRequest, answers: dict[str, Any]) -> str | None:
        """The id that a second look at just these answers gave; None where there was none."""
        try:
            shown_id, said = signing.loads(request.POST.get("shown", ""), salt=SALT)
        except signing.BadSignature:
            return None
        return shown_id if said == _said(caller_of(request), answers) else None

    # --- the record and the list -----------------------------------------------------------------

    def title_of(self, obj: Adjustment) -> str:
        return f"{obj.type.capitalize()} of {_amount_words(obj)}"

    def act_facts(self, request: HttpRequest, obj: Model, act: Act) -> list[Facts]:
        assert isinstance(obj, Adjustment)
        counter = adjusting.built(caller_of(request), _counter_draft(obj, "…"))
        return [Facts("The line it will write", _line_rows(counter))]

    def facts(self, request: HttpRequest, obj: Adjustment) -> list[Facts]:
        rows = [
            ("Type", obj.get_type_display()),
            ("Amount", _amount_html(obj)),
            ("Why", text(obj.reason)),
            ("Checkout", words.thing_html(request, obj.checkout_id)),
            ("Subscription", words.thing_html(request, obj.subscription_id)),
            ("Customer", words.thing_html(request, obj.customer_id)),
            ("Booked by", obj.applied_by_name),
            ("When", moment_html(obj.created_at)),
            ("Its line", words.thing_html(request, obj.revenue_event_id)),
            ("Id", copy_html(obj.id, "id")),
        ]
        return [Facts("Adjustment", rows)]

    def prepare_rows(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        for row in rows:
            row.about_html = words.thing_html(request, words.about_of(row))
        return rows

    @column("amount", "lead number")
    def amount(self, obj: Adjustment) -> SafeString:
        return format_html('<a class="to" href="{}">{}</a>', self.url_of(obj), _amount_html(obj))

    @column("what", "wraps")
    def what(self, obj: Adjustment) -> SafeString:
        return format_html('{}<span class="sub">{}</span>', obj.type.capitalize(), text(obj.reason))

    @column("about", "keep")
    def about(self, obj: Any) -> SafeString | str:
        shown: SafeString | str = obj.about_html
        return shown

    @column("by", "keep")
    def who(self, obj: Adjustment) -> str:
        return obj.applied_by_name

    @column("when", "keep")
    def when(self, obj: Adjustment) -> SafeString:
        return moment_html(obj.created_at)


def _amount_html(adjustment: Adjustment) -> SafeString:
    return words.line_amount_html(LINE_OF[adjustment.type], adjustment.amount_atomic, None)


def _line_rows(adjustment: Adjustment) -> list[tuple[str, str | SafeString]]:
    """The line as it would stand in the ledger, and what it does to the sum."""
    line = adjusting.line_of(adjustment)
    is_less = line.event_type in words.LOWERS
    about = line.checkout_id or line.subscription_id or line.customer_id
    return [
        ("Type", line.event_type.label),
        ("Amount", words.line_amount_html(line.event_type, line.amount_atomic, None)),
        ("Net revenue", "is lowered by it" if is_less else "is raised by it"),
        ("About", text(about)),
        ("Why", text(line.description)),
        ("Afterwards", "It is never edited or deleted. Another adjustment can counter it."),
    ]


def _as_sent(request: HttpRequest) -> dict[str, str]:
    return {name: request.POST.get(name, "") for name in NewAdjustmentForm.base_fields}


def _said(caller: Caller, answers: dict[str, Any]) -> list[str]:
    """What was said, by whom and where: a second look at something else is none."""
    place = [caller.organization_id, str(caller.environment), caller.actor_id]
    return [*place, *(str(answers[name]) for name in sorted(answers))]
