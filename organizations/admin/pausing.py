"""The page with the pause switch: stopped by whoever may approve, started again by an admin."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from billing.acts import Act, ActsAdmin, said
from billing.admin import Facts
from billing.admin_context import caller_of
from billing.callers import Caller
from billing.display import moment_html
from billing.errors import BillingError
from organizations.models import Organization
from organizations.pausing import may_pause, pause, resume
from organizations.roles import ADMINISTER_ORGANIZATION, APPROVE


class PauseForm(forms.Form):
    """Why. Whoever opens a page reads it."""

    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Every page shows it with your name, until payments go on.",
    )


PAUSE = Act(
    "pause",
    "Pause all payments",
    APPROVE,
    lambda caller, _, answers: pause(caller, answers["reason"]),
    asks=lambda o: (
        f"Stop approving and handing over for {o.name}, in live and in the sandbox, until an admin "
        "resumes it. What was sent already is still followed."
    ),
    done=lambda o: "All payments are paused.",
    form=PauseForm,
    look="danger",
)
RESUME = Act(
    "resume",
    "Resume payments",
    ADMINISTER_ORGANIZATION,
    lambda caller, _, answers: resume(caller),
    asks=lambda o: f"Let {o.name} approve and hand over again.",
    done=lambda o: "Payments go on.",
)


class PausesPayments(ActsAdmin):
    """Adds the page of the switch; unlike the organization's own, approvers reach it too."""

    def more_urls(self) -> list[URLPattern]:
        view: Callable[..., HttpResponse] = self.admin_site.admin_view(self.pause_view)
        name = "organizations_organization_pause"
        return [path("pause/", view, name=name), *super().more_urls()]

    def pause_view(self, request: HttpRequest) -> HttpResponse:
        """Ask and do what can be done now: pause what runs, resume what is paused."""
        caller = caller_of(request)
        organization = Organization.objects.get(id=caller.organization_id)
        act = PAUSE if organization.paused_at is None else RESUME
        if not may_pause(caller) and act is PAUSE:
            raise PermissionDenied(f"Your role may not do this. It needs {APPROVE}.")
        form = act.form(request.POST or None)
        refused, status = "", 200
        if request.method == "POST" and request.POST.get("act") == act.name and form.is_valid():
            try:
                act.run(caller, organization.id, form.cleaned_data)
            except BillingError as refusal:
                refused, status = said(refusal), refusal.status
            else:
                messages.success(request, act.done(organization))
                return HttpResponseRedirect(reverse("admin:index"))
        return self._page(request, organization, act, form=form, refused=refused, status=status)

    def _page(
        self,
        request: HttpRequest,
        organization: Organization,
        act: Act,
        *,
        form: forms.Form,
        refused: str,
        status: int,
    ) -> HttpResponse:
        caller = caller_of(request)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": act.label,
            "crumbs": [],
            "act": act,
            "sentence": act.asks(organization),
            "button": act.label,
            "form": form,
            "refusal": refused,
            "panels": _facts(organization),
            "may_act": act is PAUSE or _may_resume(caller),
            "back_url": reverse("admin:index"),
        }
        return TemplateResponse(request, "admin/organizations/pause.html", context, status=status)


def _may_resume(caller: Caller) -> bool:
    return ADMINISTER_ORGANIZATION in caller.scopes


def _facts(organization: Organization) -> list[Facts]:
    if organization.paused_at is None:
        return []
    rows = [
        ("By", organization.paused_by_name),
        ("Since", moment_html(organization.paused_at)),
        ("Why", organization.pause_reason),
    ]
    return [Facts("Paused", rows)]
