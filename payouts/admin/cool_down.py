"""The page that says how long a new address waits; for admins of the organization."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from billing.acts import ActsAdmin
from billing.admin_context import caller_of, may
from billing.callers import Caller
from organizations.roles import ADMINISTER_ORGANIZATION
from payouts.recipients.book import MOST_HOURS, cool_down_of, set_cool_down


class CoolDownForm(forms.Form):
    hours = forms.IntegerField(
        min_value=0,
        max_value=MOST_HOURS,
        help_text="0 lets an address be paid by name as soon as it is approved. Addresses approved "
        "before keep their time.",
    )


class SetsCoolDown(ActsAdmin):
    """The address book, as far as it lets new addresses wait."""

    def more_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.cool_down_view)
        return [path("cool-down/", view, name="payouts_cool_down"), *super().more_urls()]

    def cool_down_context(self, request: HttpRequest) -> dict[str, Any]:
        may_set = may(request, ADMINISTER_ORGANIZATION)
        return {"cool_down_url": reverse("admin:payouts_cool_down") if may_set else ""}

    def cool_down_view(self, request: HttpRequest) -> HttpResponse:
        if not may(request, ADMINISTER_ORGANIZATION):
            raise PermissionDenied(
                f"Your role may not do this. It needs {ADMINISTER_ORGANIZATION}."
            )
        caller = caller_of(request)
        form = CoolDownForm(request.POST or None, initial={"hours": hours_of(caller)})
        if request.method == "POST" and form.is_valid():
            set_cool_down(caller, form.cleaned_data["hours"])
            messages.success(request, "Set, for addresses that are approved from now on.")
            return HttpResponseRedirect(self.list_url())
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "How long a new address waits",
            "intro": "After its approval an address is not paid by name yet, so that somebody may "
            "still notice a mistake.",
            "crumbs": self.crumbs(),
            "form": form,
            "submit_label": "Set",
            "back_url": self.list_url(),
        }
        return TemplateResponse(request, "admin/new.html", context)


def hours_of(caller: Caller) -> int:
    wait = cool_down_of(caller.organization_id, caller.environment)
    return int(wait.total_seconds() // 3600)
