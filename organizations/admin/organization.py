"""The organization itself, and the switch to another one."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, URLPattern, path, resolve, reverse
from django.views.decorators.http import require_POST

from billing.acts import Act, Answers
from billing.admin import Facts, record_url
from billing.admin_context import caller_of, place_of, switch
from billing.callers import Caller
from billing.display import copy_html, moment_html
from billing.plans import Plan
from organizations import services
from organizations.admin.pausing import PausesPayments
from organizations.models import Organization
from organizations.roles import ADMINISTER_ORGANIZATION


class OrganizationForm(forms.Form):
    name = forms.CharField(max_length=120)
    plan = forms.ChoiceField(choices=Plan.choices)
    keys_may_self_approve = forms.BooleanField(
        required=False,
        label="Live keys may approve what they or their issuer created",
        help_text="People never may, whatever this says. In the sandbox keys always may.",
    )
    requires_two_factor = forms.BooleanField(
        required=False,
        label="Everybody needs a second factor to log in",
        help_text="Who has none is led to set one up, and sees nothing else here before.",
    )


def _update_organization(caller: Caller, organization_id: str, answers: Answers) -> None:
    organization = Organization.objects.get(id=organization_id)
    services.update_organization(organization, caller=caller, **answers)


@admin.register(Organization)
class OrganizationAdmin(PausesPayments):
    view_scope = ADMINISTER_ORGANIZATION
    noun = "organization"
    plural = "Organization"
    ordering = ("name", "id")
    acts = (
        Act(
            "update",
            "Change",
            ADMINISTER_ORGANIZATION,
            _update_organization,
            asks=lambda o: f"Change {o.name}.",
            done=lambda o: f"{o.name} is changed.",
            form=OrganizationForm,
            initial=lambda o: {
                "name": o.name,
                "plan": o.plan,
                "keys_may_self_approve": o.keys_may_self_approve,
                "requires_two_factor": o.requires_two_factor,
            },
            is_delicate=True,
        ),
    )

    def is_for_live(self, request: HttpRequest) -> bool:
        """Wherever one stands: what is said here holds in live too."""
        return True

    def rows_of(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(id=caller_of(request).organization_id)

    def more_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.switch_view))
        return [path("switch/", view, name="switch"), *super().more_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """There is one to see: its own page, without a list of one in between."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(record_url(Organization, caller_of(request).organization_id))

    def crumbs(self) -> list[tuple[str, str]]:
        return []

    def switch_view(self, request: HttpRequest) -> HttpResponse:
        """Stand elsewhere: another organization, another environment, or both."""
        place = place_of(request)
        if place is not None:
            organization = request.POST.get("organization", place.here.organization_id)
            environment = request.POST.get("environment", place.environment.value)
            switch(request, organization, environment)
        return HttpResponseRedirect(_same_list(request.POST.get("next", "")))

    def facts(self, request: HttpRequest, obj: Organization) -> list[Facts]:
        may = "yes" if obj.keys_may_self_approve else "no"
        rows = [
            ("Name", obj.name),
            ("Id", copy_html(obj.id, "id")),
            ("Plan", obj.get_plan_display()),
            ("Live keys may approve their own", may),
            ("Second factor", "required" if obj.requires_two_factor else "each as they like"),
            ("Time zone of its screens", obj.time_zone),
            ("Since", moment_html(obj.created_at)),
        ]
        return [Facts("Organization", rows)]


def _same_list(path_: str) -> str:
    """The list that the person looked at; from a record, its list: elsewhere it is not found."""
    try:
        name = resolve(path_).view_name
    except Resolver404:  # Also what keeps a forged `next` inside the admin.
        return reverse("admin:index")
    parts = name.rsplit("_", 1)
    if not name.startswith("admin:") or len(parts) != 2 or name == "admin:switch":
        return reverse("admin:index")
    if parts[1] in ("changelist", "change", "act", "bulk", "new"):
        return reverse(f"{parts[0]}_changelist")
    return reverse("admin:index")
