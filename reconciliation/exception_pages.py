"""The page of one exception: what is so, whose it is, what was said; give it on, note, top up."""

from typing import ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from billing.acts import said
from billing.admin import NUL, Facts, ReadOnlyAdmin, record_url
from billing.admin_context import caller_of, may
from billing.chains import Chain
from billing.display import amount_html
from billing.errors import BillingError, NotFound
from organizations.roles import EXECUTE
from payouts.models import PayoutIntent, Settlement
from reconciliation import cases
from reconciliation.cases import Subject
from reconciliation.exception_facts import panels_of, whom_rows
from reconciliation.exception_forms import ASKED_AGAIN, CaseNoteForm, OwnerForm, TopUpForm
from reconciliation.topping_up import lacks, top_up
from reconciliation.work import exception_url, resolve_url

WRITE = "payouts:write"


class ExceptionPages(ReadOnlyAdmin):
    """The reconciliation admin, as far as it shows one exception."""

    exception_template: ClassVar[str] = "admin/reconciliation/exception.html"

    def more_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        posts = {"assign": self.assign_view, "note": self.case_note_view}
        return [
            *(
                path(
                    f"exception/<path:object_id>/{name}/",
                    wrap(require_POST(view)),
                    name=f"reconciliation_{name}",
                )
                for name, view in posts.items()
            ),
            path(
                "exception/<path:object_id>/top-up/",
                wrap(self.top_up_view),
                name="reconciliation_top_up",
            ),
            path(
                "exception/<path:object_id>/",
                wrap(self.exception_view),
                name="reconciliation_exception",
            ),
            *super().more_urls(),
        ]

    def exception_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        subject = self._subject(request, object_id)
        case, caller = cases.case_of(subject), caller_of(request)
        owner = case.owner if case else None
        members = cases.possible_owners(caller)
        form = OwnerForm(
            initial={"owner": owner.pk if owner else "", "was": owner.pk if owner else ""},
            members=members,
        )
        is_work = cases.is_exception(subject)
        may_say = is_work or cases.was_exception(subject)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Exception",
            "crumbs": [("Reconciliation", self.list_url())],
            "is_open": is_work,
            "owner": owner,
            "owner_form": form if is_work and may(request, EXECUTE) else None,
            "may_take": any(user.pk == caller.actor_id for user in members)
            and (owner is None or owner.pk != caller.actor_id),
            "me": caller.actor_id,
            "note_form": CaseNoteForm() if may_say and may(request, WRITE) else None,
            "notes": list(case.notes.all()) if case else [],
            "links": self._links(request, subject) if is_work else [],
            "panels": panels_of(subject),
            "assign_url": _url("assign", subject),
            "note_url": _url("note", subject),
        }
        return TemplateResponse(request, self.exception_template, context)

    def assign_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give it to whom the form names, if it is still whose the person saw."""
        subject, caller = self._subject(request, object_id), caller_of(request)
        self._require(request, EXECUTE)
        owner, was = (request.POST.get(name, "").replace(NUL, "") for name in ("owner", "was"))
        try:
            case = cases.assign(caller, subject.pk, owner or None, was=was or None)
        except BillingError as refusal:
            messages.error(request, said(refusal))
        else:
            now = f"Its owner is {case.owner}." if case.owner else "It is nobody's now."
            messages.success(request, now)
        return HttpResponseRedirect(exception_url(subject.pk))

    def case_note_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        subject = self._subject(request, object_id)
        self._require(request, WRITE)
        try:
            cases.note(caller_of(request), subject.pk, request.POST.get("text", ""))
        except BillingError as refusal:
            messages.error(request, said(refusal))
        else:
            messages.success(request, "Your note is kept.")
        return HttpResponseRedirect(f"{exception_url(subject.pk)}#notes")

    def top_up_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say what will be drafted, ask why, and draft it."""
        subject = self._subject(request, object_id)
        self._require(request, EXECUTE)
        if not isinstance(subject, Settlement) or not lacks(subject):
            raise Http404("Nothing is missing here.")
        asked = ASKED_AGAIN.get(request.POST.get("overrules", ""), TopUpForm)
        form = asked(request.POST if request.method == "POST" else None)
        refusal = None
        if request.method == "POST" and form.is_valid():
            try:
                draft = top_up(caller_of(request), subject.pk, **form.cleaned_data)
            except BillingError as error:
                refusal = error
            else:
                messages.success(request, "The draft is made, and what it tops up is resolved.")
                return HttpResponseRedirect(record_url(PayoutIntent, draft.pk))
        overrules = request.POST.get("overrules", "") if asked is not TopUpForm else ""
        if refusal and refusal.code in ASKED_AGAIN:
            overrules = refusal.code
            form = ASKED_AGAIN[overrules](initial={"note": form.cleaned_data["note"]})
        return self._ask_top_up(request, subject, form, refusal, overrules)

    def _ask_top_up(
        self,
        request: HttpRequest,
        settlement: Settlement,
        form: forms.Form,
        refusal: BillingError | None,
        overrules: str,
    ) -> HttpResponse:
        missing = amount_html(lacks(settlement), settlement.token, settlement.chain)
        rows: list[tuple[str, str | SafeString]] = [
            ("Pays", missing),
            ("On", str(Chain(settlement.chain).label)),
            *whom_rows(settlement.payout),
            ("Then", "a draft: somebody else approves it, as any payout"),
        ]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Top up",
            "crumbs": [
                ("Reconciliation", self.list_url()),
                ("Exception", exception_url(settlement.pk)),
            ],
            "act": {"label": "Top up", "look": "filled"},
            "button": "Create the draft, resolve this",
            "sentence": "Pay what is missing",
            "panels": [Facts("Top-up", rows)],
            "form": form,
            "refusal": said(refusal) if refusal else "",
            "overrules": overrules,
            "back_url": exception_url(settlement.pk),
        }
        status = refusal.status if refusal else 200
        return TemplateResponse(request, "admin/act.html", context, status=status)

    def _links(self, request: HttpRequest, subject: Subject) -> list[tuple[str, str]]:
        """What a person may do about it, each with its address; the first is the likeliest."""
        if not may(request, EXECUTE) or not isinstance(subject, Settlement):
            return []
        found = [("Resolve…", resolve_url(subject.pk))]
        if lacks(subject):
            found.append(("Top up…", _url("top_up", subject)))
        if not subject.payout_id and not subject.reversed_at:
            url = reverse("admin:payouts_settlement_match", args=[quote(subject.pk)])
            found.insert(0, ("Match…", url))
        return found

    def _require(self, request: HttpRequest, scope: str) -> None:
        if not may(request, scope):
            raise PermissionDenied(f"Your role may not do this. It needs {scope}.")

    def _subject(self, request: HttpRequest, object_id: str) -> Subject:
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            return cases.subject_of(caller_of(request), unquote(object_id).replace(NUL, ""))
        except NotFound as missing:
            raise Http404(missing.message) from None


def _url(name: str, subject: Subject) -> str:
    return reverse(f"admin:reconciliation_{name}", args=[quote(subject.pk)])
