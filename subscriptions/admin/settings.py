"""The settings of renewals in the admin: one page for the environment one stands in."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from billing.acts import said
from billing.admin import Facts, ReadOnlyAdmin
from billing.admin_context import caller_of, may
from billing.errors import BillingError
from organizations.roles import ADMINISTER_ORGANIZATION
from subscriptions import renewal_settings
from subscriptions.admin.settings_form import RenewalSettingsForm, answers_of, days_words
from subscriptions.admin.words import READ, counted
from subscriptions.models import RenewalSettings


@admin.register(RenewalSettings)
class RenewalSettingsAdmin(ReadOnlyAdmin):
    """There is no list, and no record beyond this page."""

    view_scope = READ
    plural = "Renewal settings"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.changelist_view)
        return [path("", view, name="subscriptions_renewalsettings_changelist")]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        caller = caller_of(request)
        current = renewal_settings.settings_of(caller.organization_id, caller.environment.value)
        if request.method != "POST":
            return self._page(request, current, RenewalSettingsForm(initial=answers_of(current)))
        if not may(request, ADMINISTER_ORGANIZATION):
            raise PermissionDenied(
                f"Your role may not do this. It needs {ADMINISTER_ORGANIZATION}."
            )
        form = RenewalSettingsForm(request.POST)
        if not form.is_valid():
            return self._page(request, current, form)
        try:
            renewal_settings.update(caller, **form.cleaned_data)
        except BillingError as refusal:
            form.add_error(refusal.param if refusal.param in form.fields else None, said(refusal))
            return self._page(request, current, form, status=refusal.status)
        messages.success(request, "Renewals that are made from now on go so.")
        return HttpResponseRedirect(self.list_url())

    def _page(
        self,
        request: HttpRequest,
        current: RenewalSettings,
        form: RenewalSettingsForm,
        *,
        status: int = 200,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": self.plural,
            "form": form,
            "may_change": may(request, ADMINISTER_ORGANIZATION),
            "panels": [_facts(current)],
            "environment": caller_of(request).environment.value,
        }
        template = "admin/subscriptions/settings.html"
        return TemplateResponse(request, template, context, status=status)


def _facts(current: RenewalSettings) -> Facts:
    """The same to be read, for those who may not change it."""
    yes_or_no = {True: "yes", False: "no"}
    return Facts(
        "How renewals go",
        [
            ("Asked for", f"{counted(current.ahead_days, 'day')} ahead"),
            ("Asked on days", days_words(current.attempt_days)),
            ("The last page stays open", counted(current.last_open_days, "day")),
            ("Days of grace", str(current.grace_days)),
            ("Past due keeps access", yes_or_no[current.past_due_keeps_access]),
            ("Customers may cancel", yes_or_no[current.customer_may_cancel]),
            ("We e-mail customers", yes_or_no[current.emails_customers]),
            ("Time zone", current.time_zone),
        ],
    )
