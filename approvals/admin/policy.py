"""The approval policy in the admin: what is in force, in words, and every version there was."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from approvals import drafts
from approvals.admin.editing import EditsDraft
from approvals.admin.lines import STATES, lines_of
from approvals.admin.publishing import PublishesDraft
from approvals.admin.trying import TriesPolicies
from approvals.models import Policy, PolicyStatus
from approvals.publishing import objections
from approvals.reading import approvers, in_force
from billing.admin import Facts, text
from billing.admin_context import caller_of, may
from billing.display import copy_html, moment_html, state_html
from organizations.roles import ADMINISTER_POLICIES


@admin.register(Policy)
class PolicyAdmin(EditsDraft, PublishesDraft, TriesPolicies):
    """Everybody who reads payouts reads the rules; whoever administers policies edits the draft."""

    plural = "Approval policy"
    record_template = "admin/approvals/version.html"

    def more_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("start/", wrap(require_POST(self.start_view)), name="approvals_policy_start"),
            path("versions/", wrap(self.versions_view), name="approvals_policy_versions"),
            *super().more_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What is in force where one stands; the list of versions is a page of its own."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        caller = caller_of(request)
        now = in_force(caller.organization_id, caller.environment).policy
        there_are = approvers(caller.organization_id, caller.environment)
        may_edit = may(request, ADMINISTER_POLICIES)
        return self.page(
            request,
            "policy",
            title=self.plural,
            crumbs=[],
            environment=caller.environment.value,
            alarms=objections(now, there_are) if now else [],
            may_edit=may_edit,
            draft=drafts.draft_of(caller) if may_edit else None,
            draft_url=self.draft_url(),
            start_url=reverse("admin:approvals_policy_start"),
            trial_url=reverse("admin:approvals_policy_trial"),
            versions_url=reverse("admin:approvals_policy_versions"),
            **lines_of(now),
        )

    def start_view(self, request: HttpRequest) -> HttpResponse:
        drafts.start(self.editor(request))
        return HttpResponseRedirect(self.draft_url())

    def versions_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_queryset(request).exclude(status=PolicyStatus.DRAFT).order_by("-version")
        table = [
            [
                ("version", "lead", self.version_link(row)),
                ("state", "", state_html(STATES[PolicyStatus(row.status)])),
                ("published by", "", row.published_by_name),
                ("published", "keep", moment_html(row.published_at)),
                ("note", "", text(row.note)),
            ]
            for row in rows[:200]
        ]
        return self.page(request, "versions", title="Versions", table=table)

    def facts(self, request: HttpRequest, obj: Policy) -> list[Facts]:
        rows = [
            ("State", state_html(STATES[PolicyStatus(obj.status)])),
            ("Published by", text(obj.published_by_name)),
            ("Published", moment_html(obj.published_at)),
            ("Retired", moment_html(obj.retired_at)),
            ("Last edited by", obj.edited_by_name),
            ("Note", text(obj.note)),
            ("Id", copy_html(obj.id, "id")),
        ]
        return [Facts("Version", rows)]

    def title_of(self, obj: Policy) -> str:
        return f"Version {obj.version}"

    def record_context(self, request: HttpRequest, obj: Policy) -> dict[str, Any]:
        return {**super().record_context(request, obj), **lines_of(obj)}
