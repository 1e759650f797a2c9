"""Who agreed to what, to be read. An approval is evidence: given by a service, never edited."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from approvals.models import Approval
from billing.admin import Facts, ReadOnlyAdmin, column, text
from billing.display import State, copy_html, moment_html, state_html

_DEFAULT = "the default rule: one approval"


def approval_state(approval: Approval) -> State:
    if approval.voided_at is not None:
        return State("void", "grey", "canceled", is_struck=True)
    return State("counts", "green", "settled")


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    intro = "Every approval ever given, and the digest of exactly what was approved."
    empty_title = "No approvals yet"
    empty_text = "Approving a payout writes one line here, with the digest of what was approved."
    list_display = ("who", "of", "digest_", "state", "when")
    search_fields = ("=subject_id",)
    search_placeholder = "Id of what was approved"

    def title_of(self, obj: Approval) -> str:
        return f"{obj.actor_name} on {obj.subject_id}"

    def facts(self, request: HttpRequest, obj: Approval) -> list[Facts]:
        rows = [
            ("State", state_html(approval_state(obj))),
            ("Who", obj.actor_name),
            ("Actor", copy_html(obj.actor_id, "id")),
            ("Of", copy_html(obj.subject_id, "id")),
            ("Digest", copy_html(obj.digest, "digest")),
            ("Asked by", f"{obj.rule}, version {obj.policy_version}" if obj.rule else _DEFAULT),
            ("Made it approved", "yes" if obj.decides else "no"),
            ("When", moment_html(obj.approved_at)),
            ("Void since", moment_html(obj.voided_at)),
            ("Why void", text(obj.void_reason)),
        ]
        return [Facts("Approval", rows)]

    @column("who", "lead")
    def who(self, obj: Approval) -> SafeString:
        return format_html('<a class="to name" href="{}">{}</a>', self.url_of(obj), obj.actor_name)

    @column("of")
    def of(self, obj: Approval) -> SafeString:
        return copy_html(obj.subject_id, "id", whole=False)

    @column("digest")
    def digest_(self, obj: Approval) -> SafeString:
        return copy_html(obj.digest, "digest", whole=False)

    @column("state")
    def state(self, obj: Approval) -> SafeString:
        return state_html(approval_state(obj))

    @column("when")
    def when(self, obj: Approval) -> SafeString:
        return moment_html(obj.approved_at)
