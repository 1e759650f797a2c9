"""What the pages of the policy share: the frame, the way back, and who may edit."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from approvals.models import Policy
from billing.admin import ReadOnlyAdmin
from billing.admin_context import caller_of, may
from billing.callers import Caller
from organizations.roles import ADMINISTER_POLICIES


class PolicyPages(ReadOnlyAdmin):
    """The frame of each page; `templates/admin/approvals/` holds what is in it."""

    def page(
        self, request: HttpRequest, template: str, *, status: int = 200, **context: Any
    ) -> HttpResponse:
        """A page of the policy, with the way back to it unless `crumbs` say otherwise."""
        frame = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "crumbs": self.crumbs(),
            **context,
        }
        return TemplateResponse(request, f"admin/approvals/{template}.html", frame, status=status)

    def editor(self, request: HttpRequest) -> Caller:
        """The caller, who administers policies. Raises PermissionDenied (403)."""
        if not may(request, ADMINISTER_POLICIES):
            raise PermissionDenied(f"Your role may not do this. It needs {ADMINISTER_POLICIES}.")
        return caller_of(request)

    def draft_url(self) -> str:
        return reverse("admin:approvals_policy_draft")

    def draft_crumbs(self) -> list[tuple[str, str]]:
        return [*self.crumbs(), ("Draft", self.draft_url())]

    def version_link(self, policy: Policy) -> SafeString:
        return format_html('<a class="to" href="{}">{}</a>', self.url_of(policy), policy.version)
