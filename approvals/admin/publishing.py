"""Publishing and discarding the draft in the admin: what changes is read before it is done."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path

from approvals import drafts, publishing
from approvals.admin.pages import PolicyPages
from approvals.admin.trying import differences
from approvals.reading import approvers, in_force
from billing import confirming
from billing.acts import said
from billing.errors import BillingError


class PublishesDraft(PolicyPages):
    """Two questions with one answer each."""

    def more_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("draft/publish/", wrap(self.publish_view), name="approvals_policy_publish"),
            path("draft/discard/", wrap(self.discard_view), name="approvals_policy_discard"),
            *super().more_urls(),
        ]

    def publish_view(self, request: HttpRequest) -> HttpResponse:
        caller, refused, status = self.editor(request), "", 200
        if request.method == "POST":
            if (asked := self._confirm(request)) is not None:
                return asked
            seen = request.POST.get("revision", "")
            try:
                policy = publishing.publish(caller, int(seen) if seen.isdecimal() else 0)
            except BillingError as refusal:
                refused, status = said(refusal), refusal.status
            else:
                messages.success(request, f"Version {policy.version} decides from now on.")
                return HttpResponseRedirect(self.list_url())
        draft = drafts.draft_of(caller)
        if draft is None:
            return HttpResponseRedirect(self.draft_url())
        there_are = approvers(caller.organization_id, caller.environment)
        return self.page(
            request,
            "publish",
            status=status,
            title=f"Publish version {draft.version}",
            crumbs=self.draft_crumbs(),
            draft=draft,
            environment=caller.environment.value,
            refusal=refused,
            changes=publishing.changes(
                draft, in_force(caller.organization_id, caller.environment).policy
            ),
            objections=publishing.objections(draft, there_are),
            warnings=publishing.warnings(draft, there_are, caller),
            waiting=differences(caller, draft),
            back_url=self.draft_url(),
        )

    def _confirm(self, request: HttpRequest) -> HttpResponse | None:
        """Whoever changes the rules of live shows anew who they are."""
        if not confirming.is_live(request):
            return None
        return confirming.ask_if_stale(
            request, what="Publish the policy", back_url=self.draft_url()
        )

    def discard_view(self, request: HttpRequest) -> HttpResponse:
        caller = self.editor(request)
        if request.method == "POST":
            try:
                drafts.discard(caller)
            except BillingError as refusal:  # Published or discarded by somebody else meanwhile.
                messages.error(request, said(refusal))
            else:
                messages.success(request, "The draft is discarded. What is published stays.")
            return HttpResponseRedirect(self.list_url())
        draft = drafts.draft_of(caller)
        return self.page(
            request,
            "discard",
            title="Discard the draft",
            crumbs=self.draft_crumbs(),
            draft=draft,
            back_url=self.draft_url(),
        )
