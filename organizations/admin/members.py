"""The people of an organization and what each may do."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.crypto import get_random_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.acts import Act, Answers
from billing.admin import Facts, column, text
from billing.admin_context import caller_of
from billing.callers import Caller
from billing.creating import CreatesAdmin
from billing.display import copy_html, moment_html, tag_html
from billing.errors import InvalidRequest, NotFound
from organizations import services, throttling, two_factor
from organizations.models import Membership, Organization, User
from organizations.roles import ADMINISTER_MEMBERS, Role

WHAT_ROLES_DO = {
    Role.VIEWER: "reads everything, changes nothing",
    Role.PREPARER: "makes, changes and cancels drafts; keeps checkouts, payment methods and links",
    Role.APPROVER: "as a preparer, and approves what others made",
    Role.OPERATOR: (
        "makes payouts, hands over what is approved, submits hashes; keeps checkouts and wallets"
    ),
    Role.ADMIN: "everything here, members and keys too; never approves what they made",
}


class NewMemberForm(forms.Form):
    email = forms.EmailField(label="E-mail", help_text="What they log in with.")
    name = forms.CharField(max_length=120, required=False)
    role = forms.ChoiceField(
        choices=[(r.value, f"{r.value}: {WHAT_ROLES_DO[r]}") for r in Role],
        widget=forms.RadioSelect,
        initial=Role.PREPARER.value,
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(
        choices=[(r.value, f"{r.value}: {WHAT_ROLES_DO[r]}") for r in Role],
        widget=forms.RadioSelect,
    )


def _membership(caller: Caller, membership_id: str) -> Membership:
    memberships = Membership.objects.filter(organization_id=caller.organization_id)
    found = memberships.select_related("user", "organization").filter(id=membership_id).first()
    if found is None:  # Another admin was faster.
        raise NotFound("member", membership_id)
    return found


def _change_role(caller: Caller, membership_id: str, answers: Answers) -> None:
    membership = _membership(caller, membership_id)
    _refuse_oneself(caller, membership)
    services.add_member(membership.user, membership.organization, answers["role"], caller=caller)


def _remove(caller: Caller, membership_id: str, answers: Answers) -> None:
    membership = _membership(caller, membership_id)
    _refuse_oneself(caller, membership)
    services.remove_member(membership.user, membership.organization, caller=caller)


def _reset_two_factor(caller: Caller, membership_id: str, answers: Answers) -> None:
    membership = _membership(caller, membership_id)
    _refuse_oneself(caller, membership)
    two_factor.reset(membership.user, caller=caller)


def _end_sessions(caller: Caller, membership_id: str, answers: Answers) -> None:
    membership = _membership(caller, membership_id)
    two_factor.end_sessions(membership.user, caller=caller)


def _unlock(caller: Caller, membership_id: str, answers: Answers) -> None:
    caller.require(ADMINISTER_MEMBERS)
    throttling.unlock(_membership(caller, membership_id).user.email)


def _refuse_oneself(caller: Caller, membership: Membership) -> None:
    """Nobody locks themselves out, so an organization always keeps an admin."""
    if membership.user_id == caller.actor_id:
        raise InvalidRequest("This is you. Ask another admin to change or end your membership.")


def _factor(user: User) -> str:
    return "password alone" if two_factor.authenticator_of(user) is None else "authenticator app"


@admin.register(Membership)
class MembershipAdmin(CreatesAdmin):
    view_scope = ADMINISTER_MEMBERS
    intro = "The people of this organization, in live and in the sandbox."
    noun = "member"
    plural = "Members"
    list_display = ("person", "email", "role", "since")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name")
    search_placeholder = "Name or e-mail"
    new_form = NewMemberForm
    new_scope = ADMINISTER_MEMBERS
    new_label = "Add a member"
    new_intro = "A person who can log in here, and what they may do."
    acts = (
        Act(
            "change_role",
            "Change role",
            ADMINISTER_MEMBERS,
            _change_role,
            asks=lambda m: f"Change what {m.user} may do.",
            done=lambda m: f"The role of {m.user} is changed.",
            form=RoleForm,
            initial=lambda m: {"role": m.role},
            is_delicate=True,
        ),
        Act(
            "unlock",
            "Unlock the log-in",
            ADMINISTER_MEMBERS,
            _unlock,
            asks=lambda m: f"Let {m.user} try to log in again at once, from everywhere.",
            done=lambda m: f"{m.user} may try again.",
            offered=lambda m, caller: throttling.is_locked(m.user.email),
        ),
        Act(
            "end_sessions",
            "Log out everywhere",
            ADMINISTER_MEMBERS,
            _end_sessions,
            asks=lambda m: f"{m.user} is logged out of every browser at once.",
            done=lambda m: f"{m.user} is logged out everywhere.",
        ),
        Act(
            "reset_two_factor",
            "Reset second factor",
            ADMINISTER_MEMBERS,
            _reset_two_factor,
            asks=lambda m: (
                f"Remove the authenticator app and the recovery codes of {m.user}. Until they set "
                "up another, their password alone lets them in. They are told by e-mail. Make sure "
                "that it is really they who ask."
            ),
            done=lambda m: f"The second factor of {m.user} is removed, and they are told.",
            offered=lambda m, caller: (
                m.user_id != caller.actor_id and two_factor.authenticator_of(m.user) is not None
            ),
            is_delicate=True,
        ),
        Act(
            "remove",
            "Remove",
            ADMINISTER_MEMBERS,
            _remove,
            asks=lambda m: (
                f"{m.user} will no longer see anything of this organization. "
                "What they did stays, under their name."
            ),
            done=lambda m: f"{m.user} is no longer a member.",
            look="danger",
        ),
    )

    def is_for_live(self, request: HttpRequest) -> bool:
        """Wherever one stands: members are of live too."""
        return True

    def is_delicate(self, request: HttpRequest, answers: dict[str, Any]) -> bool:
        """A new member could approve: as delicate as an approval itself."""
        return True

    def rows_of(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(organization_id=caller_of(request).organization_id)

    def after_act(self, obj: Any, act: Act) -> str:
        return self.list_url()

    def title_of(self, obj: Membership) -> str:
        return str(obj.user)

    def facts(self, request: HttpRequest, obj: Membership) -> list[Facts]:
        rows = [
            ("Name", obj.user.name or text(None)),
            ("E-mail", obj.user.email),
            ("Role", f"{obj.role}: {WHAT_ROLES_DO[Role(obj.role)]}"),
            ("Second factor", _factor(obj.user)),
            ("Last log-in", moment_html(obj.user.last_login)),
            ("Member since", moment_html(obj.created_at)),
            ("Id", copy_html(obj.user_id, "id")),
        ]
        return [Facts("Member", rows)]

    def create(self, request: HttpRequest, answers: dict[str, Any]) -> tuple[User, str]:
        caller = caller_of(request)
        is_known = User.objects.filter(email=answers["email"].lower()).exists()
        password = "" if is_known else get_random_string(16)
        user = services.create_staff(
            answers["email"],
            organization=Organization.objects.get(id=caller.organization_id),
            role=answers["role"],
            name=answers["name"],
            password=password or None,
            caller=caller,
        )
        return user, password

    def created(self, request: HttpRequest, obj: tuple[User, str]) -> HttpResponse:
        user, password = obj
        if not password:
            self.message_user(request, f"{user} is a member now, with the log-in they have.")
            return HttpResponseRedirect(self.list_url())
        return self.show_secret(
            request,
            title=f"{user} can log in",
            warning="This first password is shown once. Give it to them, to change it themselves.",
            secret=password,
            panels=[Facts("Log-in", [("E-mail", user.email)])],
        )

    @column("name", "lead")
    def person(self, obj: Membership) -> SafeString:
        return format_html('<a class="to name" href="{}">{}</a>', self.url_of(obj), obj.user)

    @column("e-mail")
    def email(self, obj: Membership) -> str:
        return obj.user.email

    @column("role")
    def role(self, obj: Membership) -> SafeString:
        return tag_html(obj.role, title=WHAT_ROLES_DO[Role(obj.role)])

    @column("since")
    def since(self, obj: Membership) -> SafeString:
        return moment_html(obj.created_at)
