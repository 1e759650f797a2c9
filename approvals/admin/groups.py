"""Groups of approvers: who belongs to them, and which rules ask for them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from approvals import groups
from approvals.models import ApproverGroup, PolicyStatus
from approvals.reading import approvers
from billing.acts import Act, Answers
from billing.admin import Facts, column, text
from billing.admin_context import caller_of
from billing.callers import Caller
from billing.creating import CreatesAdmin
from billing.display import copy_html, moment_html
from billing.errors import BillingError
from organizations.roles import ADMINISTER_POLICIES


class GroupForm(forms.Form):
    name = forms.CharField(max_length=80, help_text="As rules will name it: Finance.")
    members = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Those whose role may approve. A person's approvals count from now on.",
    )
    keys_count = forms.BooleanField(
        required=False,
        label="API keys that a member issued count as that member",
        help_text="A key that nobody issued never counts for a group.",
    )

    def __init__(self, *args: Any, caller: Caller, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = approvers(caller.organization_id, caller.environment).people
        self.fields["members"].choices = sorted(people.items(), key=lambda one: one[1])  # type: ignore[attr-defined]  # a choice field


def _update(caller: Caller, group_id: str, answers: Answers) -> None:
    groups.update(
        caller,
        group_id,
        name=answers["name"],
        member_ids=answers["members"],
        keys_count=answers["keys_count"],
    )


@admin.register(ApproverGroup)
class ApproverGroupAdmin(CreatesAdmin):
    intro = "People whose approval a rule of the policy may ask for by name."
    plural = "Approver groups"
    noun = "group"
    empty_title = "No groups yet"
    empty_text = (
        "A group made here can be named by a rule of the approval policy: two approvals of Finance."
    )
    list_display = ("name_", "people", "keys", "since")
    search_fields = ("name",)
    search_placeholder = "Name"
    ordering = ("name", "id")
    new_form = GroupForm
    new_scope = ADMINISTER_POLICIES
    new_label = "Make a group"
    new_intro = "Its members can change at any time; the rules that name it stay as they are."
    acts = (
        Act(
            "update",
            "Change",
            ADMINISTER_POLICIES,
            _update,
            asks=lambda g: f"Change who belongs to {g.name}. It counts from the next approval on.",
            done=lambda g: f"{g.name} is changed.",
            form=GroupForm,
            initial=lambda g: {
                "name": g.name,
                "members": [user.id for user in g.members.all()],
                "keys_count": g.keys_count,
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("members")

    def form_for(self, request: HttpRequest) -> forms.Form:
        return GroupForm(request.POST or None, caller=caller_of(request))

    def act_view(self, request: HttpRequest, object_id: str, act: str) -> HttpResponse:
        """As of every act, but the form must know whose people it lists."""
        obj, chosen = self.get_or_404(request, object_id), self.find_act(request, act)
        caller = caller_of(request)
        if request.method != "POST":
            form = GroupForm(initial=chosen.initial(obj), caller=caller)
            return self.ask(request, obj, chosen, form)
        form = GroupForm(request.POST, caller=caller)
        if not form.is_valid():
            return self.ask(request, obj, chosen, form)
        try:
            result = chosen.run(caller, str(obj.pk), form.cleaned_data)
        except BillingError as refusal:
            return self.ask(request, obj, chosen, form, refusal=refusal)
        return self.acted(request, obj, chosen, result)

    def create(self, request: HttpRequest, answers: dict[str, Any]) -> ApproverGroup:
        return groups.create(
            caller_of(request),
            name=answers["name"],
            member_ids=answers["members"],
            keys_count=answers["keys_count"],
        )

    def facts(self, request: HttpRequest, obj: ApproverGroup) -> list[Facts]:
        caller = caller_of(request)
        may = approvers(caller.organization_id, caller.environment).people
        members: list[tuple[str, str | SafeString]] = [
            (str(user), user.email if user.id in may else f"{user.email} · may not approve now")
            for user in obj.members.order_by("email")
        ]
        rules = obj.rules.filter(policy__status=PolicyStatus.PUBLISHED).order_by("position")
        rows: list[tuple[str, str | SafeString]] = [
            ("API keys", "those of members count" if obj.keys_count else "none count"),
            ("Asked by", text(", ".join(str(rule) for rule in rules))),
            ("Since", moment_html(obj.created_at)),
            ("Id", copy_html(obj.id, "id")),
        ]
        return [Facts("Members", members or [("Nobody", "yet")]), Facts("Group", rows)]

    @column("name", "lead")
    def name_(self, obj: ApproverGroup) -> SafeString:
        return format_html('<a class="to name" href="{}">{}</a>', self.url_of(obj), obj.name)

    @column("members")
    def people(self, obj: ApproverGroup) -> str | SafeString:
        return text(", ".join(sorted(str(user) for user in obj.members.all())))

    @column("API keys")
    def keys(self, obj: ApproverGroup) -> str:
        return "count" if obj.keys_count else "do not count"

    @column("since")
    def since(self, obj: ApproverGroup) -> SafeString:
        return moment_html(obj.created_at)
