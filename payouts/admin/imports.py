"""Imports in the admin: choose a file, see what each line says, then create all drafts or none."""

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from billing.acts import Act, Answers
from billing.admin import Facts, column, text
from billing.admin_context import caller_of
from billing.callers import Caller
from billing.creating import CreatesAdmin
from billing.display import State, amount_html, moment_html, short, state_html
from billing.sheets import FORMATS, Column, Sheet, download
from payouts.importing import acts
from payouts.importing.columns import COLUMNS
from payouts.importing.errors import UnreadableFile
from payouts.importing.reading import MOST_BYTES
from payouts.models import ImportState, PayoutImport

MOST_SHOWN = 200
_STATES = {
    ImportState.CHECKED: State("checked", "outline", "draft"),
    ImportState.DONE: State("done", "green", "settled"),
    ImportState.ABANDONED: State("abandoned", "grey", "canceled", is_struck=True),
}


class ImportForm(forms.Form):
    file = forms.FileField(
        label="CSV or XLSX",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,.txt"}),
        help_text="Up to 15,000 lines. CSV in UTF-8, with commas, semicolons or tabs.",
    )


class ConfirmsWarnings(forms.Form):
    """Asked only where the service said that there are warnings."""

    confirm_warnings = forms.BooleanField(
        label="I looked at every warning. Create these drafts all the same."
    )


def _confirm(caller: Caller, import_id: str, answers: Answers) -> None:
    acts.confirm(caller, import_id, confirm_warnings=answers.get("confirm_warnings", False))


def _abandon(caller: Caller, import_id: str, answers: Answers) -> None:
    acts.abandon(caller, import_id)


def _is_open(imported: PayoutImport, caller: Caller) -> bool:
    return imported.state == ImportState.CHECKED


def _is_good(imported: PayoutImport, caller: Caller) -> bool:
    found = imported.report["errors"] or imported.report["warnings"]
    return _is_open(imported, caller) and not found


def _is_doubtful(imported: PayoutImport, caller: Caller) -> bool:
    is_wrong = imported.report["errors"] or not imported.report["warnings"]
    return _is_open(imported, caller) and not is_wrong


def _drafts(imported: PayoutImport) -> str:
    count = imported.report["payouts"]
    return "1 draft" if count == 1 else f"{count:,} drafts"


def _asks(imported: PayoutImport) -> str:
    return (
        f"Create {_drafts(imported)} from {imported.file_name}. They are made in your name, so "
        "another person must approve them. The whole file is checked once more"
    )


def _done(imported: PayoutImport) -> str:
    return f"Created {_drafts(imported)}. They wait to be approved under Payouts."


@admin.register(PayoutImport)
class PayoutImportAdmin(CreatesAdmin):
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
            overrules={"import_not_confirmed": ConfirmsWarnings},
            offered=_is_good,
            look="filled",
        ),
        Act(
            "confirm_warnings",
            "Create drafts",
            acts.SCOPE,
            _confirm,
            asks=_asks,
            done=_done,
            form=ConfirmsWarnings,
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
            offered=_is_open,
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

    def template_view(self, request: HttpRequest, format: str) -> HttpResponse:
        """An empty file with every column, which whoever may read payouts may have."""
        if not self.has_view_permission(request) or format not in FORMATS:
            return HttpResponse(status=404)
        zone = ZoneInfo(timezone.get_current_timezone_name())
        sheet = Sheet("payouts to import", [Column(name) for name in COLUMNS], [], zone)
        answer = download(sheet, format, at=timezone.now())
        assert isinstance(answer, HttpResponse) or answer.streaming, "a file, or a stream of one"
        return answer  # type: ignore[return-value]  # Django takes either

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
        return _totals_html(obj)

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
        report = obj.report
        rows: list[tuple[str, str | SafeString]] = [
            ("State", _state_of(obj)),
            ("Lines", f"{obj.lines:,}"),
            ("Pays", _totals_html(obj)),
            ("New recipients", f"{report['new_recipients']:,}"),
            ("Checked", moment_html(obj.checked_at)),
            ("Time zone of due dates", obj.zone),
            ("Uploaded by", obj.created_by_name),
            ("Done or abandoned by", text(obj.closed_by_name)),
            ("Id", text(obj.id)),
            ("SHA-256", short(obj.sha256)),
        ]
        return [Facts("The file", rows)]

    def record_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        groups = [
            ("Errors", "Correct the file and choose it anew.", obj.report["errors"]),
            ("Warnings", "Look at each: they are confirmed together.", obj.report["warnings"]),
        ]
        return {
            **super().record_context(request, obj),
            "groups": [
                (title, what, found[:MOST_SHOWN], max(len(found) - MOST_SHOWN, 0), len(found))
                for title, what, found in groups
                if found
            ],
            "is_good": obj.state == ImportState.CHECKED and not obj.report["errors"],
        }


def _state_of(obj: PayoutImport) -> SafeString:
    wrong = len(obj.report["errors"]) if obj.state == ImportState.CHECKED else 0
    note = f"{wrong:,} error{'s' if wrong > 1 else ''}" if wrong else ""
    return state_html(_STATES[ImportState(obj.state)], note)


def _totals_html(imported: PayoutImport) -> SafeString:
    """One line per chain and token."""
    return format_html_join(
        "",
        '<span class="sub">{} on {}, {} payouts</span>',
        (
            (
                amount_html(int(each["amount_atomic"]), each["token"], each["chain"]),
                each["chain"],
                f"{each['payouts']:,}",
            )
            for each in imported.report["totals"]
        ),
    )
