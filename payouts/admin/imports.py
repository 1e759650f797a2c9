"""Imports in the admin: choose a file, see what each line says, then create all drafts or none."""

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from billing.acts import Act, Answers
from billing.admin import Facts, column, text
from billing.admin_context import caller_of
from billing.callers import Caller
from billing.creating import CreatesAdmin
from billing.display import (
    NOTHING,
    State,
    amount_words,
    copy_html,
    moment_html,
    short,
    state_html,
)
from billing.sheets import FORMATS
from payouts.admin.import_changes import ChangesLines, drafts_words, totals_html
from payouts.admin.import_template import template_answer
from payouts.importing import acts
from payouts.importing.columns import COLUMNS
from payouts.importing.errors import UnreadableFile
from payouts.importing.reading import MOST_BYTES
from payouts.importing.working import SHORT_LINES
from payouts.models import ImportState, PayoutImport

_REFRESH_S = 2
_STATES = {
    ImportState.READ: State("being checked", "amber", "chain"),
    ImportState.CHECKED: State("checked", "outline", "draft"),
    ImportState.IMPORTING: State("creating", "amber", "chain"),
    ImportState.DONE: State("done", "green", "settled"),
    ImportState.ABANDONED: State("abandoned", "grey", "canceled", is_struck=True),
    ImportState.FAILED: State("failed", "red", "failed"),
}


class ImportForm(forms.Form):
    file = forms.FileField(
        label="CSV or XLSX",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,.txt"}),
        help_text="Up to 15,000 lines. CSV in UTF-8, with commas, semicolons or tabs.",
    )


class ConfirmsWarnings(forms.Form):
    """Asked where lines have warnings that nobody confirmed one by one."""

    confirm_warnings = forms.BooleanField(
        label="I looked at every warning. Create these drafts all the same."
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)  # of what the person looked at


def _confirm(caller: Caller, import_id: str, answers: Answers) -> PayoutImport:
    return acts.confirm(caller, import_id)


def _confirm_with_warnings(caller: Caller, import_id: str, answers: Answers) -> PayoutImport:
    acts.confirm_lines(caller, import_id, None, revision=answers["revision"])
    return acts.confirm(caller, import_id)


def _abandon(caller: Caller, import_id: str, answers: Answers) -> None:
    acts.abandon(caller, import_id)


def _can_be_abandoned(imported: PayoutImport, caller: Caller) -> bool:
    return imported.state in (ImportState.READ, ImportState.CHECKED)


def _is_good(imported: PayoutImport, caller: Caller) -> bool:
    waits = imported.lines_wrong or imported.lines_unconfirmed
    return imported.state == ImportState.CHECKED and not waits


def _is_doubtful(imported: PayoutImport, caller: Caller) -> bool:
    is_checked = imported.state == ImportState.CHECKED and not imported.lines_wrong
    return is_checked and imported.lines_unconfirmed > 0


def _asks(imported: PayoutImport) -> str:
    return (
        f"Create {drafts_words(imported)} from {imported.file_name}, in your name: another person "
        "must approve them"
    )


def _done(imported: PayoutImport) -> str:
    drafts = drafts_words(imported)
    if imported.lines > SHORT_LINES:
        return f"{drafts} are being created. This page tells when all of them are there."
    return f"Created {drafts}. They wait to be approved under Payouts."


@admin.register(PayoutImport)
class PayoutImportAdmin(ChangesLines, CreatesAdmin):
    noun = "import"
    plural = "Imports"
    intro = "Files of payouts. All lines of a file become drafts, or none."
    empty_title = "No file was imported yet"
    empty_text = (
        "Import a CSV or XLSX file with a line for each payout: it is checked first, and nothing "
        "is created before somebody has seen what each line says."
    )
    list_display = ("file_", "pays", "by", "state_")
    record_template = "admin/payouts/import.html"
    new_template = "admin/payouts/new_import.html"
    new_form = ImportForm
    new_scope = acts.SCOPE
    new_label = "Import a file"
    submit_label = "Check this file"
    new_intro = "The file is checked first. Nothing is created before you confirm what is shown."
    acts = (
        Act(
            "confirm",
            "Create drafts",
            acts.SCOPE,
            _confirm,
            asks=_asks,
            done=_done,
            offered=_is_good,
            look="filled",
        ),
        Act(
            "confirm_warnings",
            "Create drafts",
            acts.SCOPE,
            _confirm_with_warnings,
            asks=_asks,
            done=_done,
            form=ConfirmsWarnings,
            initial=lambda imported: {"revision": imported.revision},
            offered=_is_doubtful,
            look="filled",
        ),
        Act(
            "abandon",
            "Abandon",
            acts.SCOPE,
            _abandon,
            asks=lambda i: f"Let go of {i.file_name}. The file is deleted here, nothing is created",
            done=lambda i: "The file is let go of. Nothing was created.",
            offered=_can_be_abandoned,
            look="danger",
        ),
    )

    def more_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "payouts_payoutimport_template"
        return [path("template.<slug:format>", wrap(self.template_view), name=name),
                *super().more_urls()]  # fmt: skip

    # --- a new one -------------------------------------------------------------------------------

    def form_for(self, request: HttpRequest) -> forms.Form:
        return ImportForm(request.POST or None, request.FILES or None)

    def create(self, request: HttpRequest, answers: dict[str, Any]) -> PayoutImport:
        file = answers["file"]
        if file.size > MOST_BYTES:
            raise UnreadableFile(f"The file is larger than {MOST_BYTES // 1024**2} MB. Split it.")
        zone = ZoneInfo(timezone.get_current_timezone_name())
        return acts.start(caller_of(request), file.name, file.read(), zone)

    def created(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return HttpResponseRedirect(self.url_of(obj))

    def new_context(self, request: HttpRequest, form: forms.Form, refusal: Any) -> dict[str, Any]:
        links = [(f.upper(), reverse("admin:payouts_payoutimport_template", args=[f]))
                 for f in FORMATS]  # fmt: skip
        zone = timezone.get_current_timezone_name()
        return {"columns": COLUMNS.items(), "templates": links, "zone": zone}

    def template_view(self, request: HttpRequest, format: str) -> HttpResponseBase:
        """An empty file with every column, which whoever may read payouts may have."""
        if not self.has_view_permission(request) or format not in FORMATS:
            return HttpResponse(status=404)
        return template_answer(format)

    # --- the list --------------------------------------------------------------------------------

    @column("file", "lead")
    def file_(self, obj: PayoutImport) -> SafeString:
        return format_html(
            '<a class="to" href="{}">{}</a><span class="sub">{}</span>',
            self.url_of(obj),
            obj.file_name,
            moment_html(obj.created_at),
        )

    @column("pays")
    def pays(self, obj: PayoutImport) -> SafeString:
        return totals_html(obj)

    @column("by", "keep")
    def by(self, obj: PayoutImport) -> str:
        return obj.closed_by_name or obj.created_by_name

    @column("state")
    def state_(self, obj: PayoutImport) -> SafeString:
        return _state_of(obj)

    # --- one import ------------------------------------------------------------------------------

    def title_of(self, obj: PayoutImport) -> str:
        return obj.file_name

    def facts(self, request: HttpRequest, obj: PayoutImport) -> list[Facts]:
        file = [
            ("State", _state_of(obj)),
            ("Lines", f"{obj.lines:,}" if obj.lines else NOTHING),
            ("Pays", totals_html(obj)),
            ("New recipients", f"{obj.report['new_recipients']:,}" if obj.report else NOTHING),
            ("Payouts", _payouts_html(obj)),
        ]
        whence = [
            ("Uploaded by", obj.created_by_name),
            ("Checked", moment_html(obj.checked_at)),
            ("Created or abandoned by", text(obj.closed_by_name)),
            ("Time zone of due dates", obj.zone),
            ("Id", copy_html(obj.id, "id")),
            ("SHA-256", short(obj.sha256)),
        ]
        return [Facts("The payouts", file), Facts("The file", whence)]

    def act_facts(self, request: HttpRequest, obj: PayoutImport, act: Act) -> list[Facts]:
        return self.facts(request, obj)[:1]

    def record_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        return {
            **super().record_context(request, obj),
            "refresh_s": _REFRESH_S,
            "is_working": obj.state in (ImportState.READ, ImportState.IMPORTING),
            "standing": _standing_of(obj),
            "drafts": drafts_words(obj) if obj.report else "",
            "sums": " · ".join(
                amount_words(int(each["amount_atomic"]), each["token"], each["chain"])
                for each in obj.report.get("totals", [])
            ),
        }


def _standing_of(obj: PayoutImport) -> str:
    """What is left to do before the drafts can be created, in a sentence; "" once that is over."""
    if obj.state != ImportState.CHECKED:
        return ""
    wrong, left = obj.lines_wrong, obj.lines_unconfirmed
    doubts = "1 line has warnings" if left == 1 else f"{left:,} lines have warnings"
    if wrong:
        errors = "1 line is wrong" if wrong == 1 else f"{wrong:,} lines are wrong"
        return f"{errors}, {doubts}." if left else f"{errors}."
    if left:
        return f"No line is wrong; {doubts} to look at."
    return "Every line is good." if not obj.lines_doubtful else "Every warning is confirmed."


def _state_of(obj: PayoutImport) -> SafeString:
    wrong = obj.lines_wrong if obj.state == ImportState.CHECKED else 0
    note = f"{wrong:,} line{'s' if wrong > 1 else ''} wrong" if wrong else ""
    return state_html(_STATES[ImportState(obj.state)], note)


def _payouts_html(imported: PayoutImport) -> str | SafeString:
    """Where its drafts are, once they are."""
    if imported.state != ImportState.DONE:
        return NOTHING
    url = reverse("admin:payouts_payoutintent_changelist")
    query = urlencode({"tab": "all", "import": imported.pk})
    return format_html('<a class="link" href="{}?{}">{}</a>', url, query, drafts_words(imported))
