"""The keys of the API: made, shown once, revoked."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.acts import Act, Answers
from billing.admin import Facts, column, text
from billing.admin_context import caller_of
from billing.callers import ALL_SCOPES, Caller
from billing.chains import Environment
from billing.creating import CreatesAdmin
from billing.display import State, copy_html, joined, moment_html, state_html, tag_html
from organizations import services
from organizations.models import ApiKey, Organization, User
from organizations.roles import ADMINISTER_KEYS, APPROVE


class NewKeyForm(forms.Form):
    name = forms.CharField(
        max_length=120,
        help_text="What uses it, so that somebody knows what breaks: “shop backend”.",
    )
    environment = forms.ChoiceField(choices=Environment.choices, widget=forms.RadioSelect)
    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in sorted(ALL_SCOPES)],
        widget=forms.CheckboxSelectMultiple,
        help_text="payouts:approve lets software approve payments. Leave it out of a live key.",
    )
    expires_in_days = forms.IntegerField(
        min_value=1, max_value=3650, required=False, help_text="Empty: until it is revoked."
    )


def _revoke(caller: Caller, key_id: str, answers: Answers) -> None:
    services.revoke_api_key(key_id, caller=caller)


def key_state(key: ApiKey) -> State:
    if key.revoked_at is not None:
        return State("revoked", "grey", "canceled", is_struck=True)
    if key.expires_at is not None and key.expires_at <= timezone.now():
        return State("expired", "red", "failed")
    return State("active", "green", "settled")


@admin.register(ApiKey)
class ApiKeyAdmin(CreatesAdmin):
    view_scope = ADMINISTER_KEYS
    intro = "What may call the API in this environment. A secret is shown once, when it is made."
    empty_title = "No keys in this environment"
    empty_text = (
        "A key lets your software create payouts and follow them over the API. Create one here, or "
        "with manage.py create_api_key."
    )
    noun = "key"
    plural = "API keys"
    list_display = ("key_name", "ending", "scopes_words", "made_by", "used", "expires", "state")
    list_select_related = ("issued_by",)
    new_form = NewKeyForm
    new_scope = ADMINISTER_KEYS
    new_label = "Create an API key"
    new_intro = "Give it only what its program needs."
    acts = (
        Act(
            "revoke",
            "Revoke",
            ADMINISTER_KEYS,
            _revoke,
            asks=lambda k: f"{k} stops working at once, for good. Its next call is refused.",
            done=lambda k: f"{k} is revoked.",
            offered=lambda k, caller: k.revoked_at is None,
            look="danger",
        ),
    )

    def form_for(self, request: HttpRequest) -> forms.Form:
        environment = caller_of(request).environment
        scopes = sorted(services.default_scopes(environment) - {APPROVE})
        return NewKeyForm(
            request.POST or None, initial={"environment": environment.value, "scopes": scopes}
        )

    def is_delicate(self, request: HttpRequest, answers: Mapping[str, Any]) -> bool:
        """By the key's environment, whichever the person stands in."""
        return bool(answers["environment"] == Environment.LIVE)

    def create(self, request: HttpRequest, answers: Mapping[str, Any]) -> tuple[ApiKey, str]:
        caller, days = caller_of(request), answers["expires_in_days"]
        return services.issue_api_key(
            Organization.objects.get(id=caller.organization_id),
            answers["environment"],
            scopes=frozenset(answers["scopes"]),
            name=answers["name"],
            expires_at=timezone.now() + timedelta(days=days) if days else None,
            issued_by=User.objects.get(id=caller.actor_id),
            caller=caller,
        )

    def created(self, request: HttpRequest, obj: tuple[ApiKey, str]) -> HttpResponse:
        key, secret = obj
        return self.show_secret(
            request,
            title=f"The key “{key.name}”",
            warning="This is shown once and kept nowhere. Copy it now.",
            secret=secret,
            panels=self.facts(request, key),
        )

    def facts(self, request: HttpRequest, obj: ApiKey) -> list[Facts]:
        rows = [
            ("State", state_html(key_state(obj))),
            ("Name", text(obj.name)),
            ("Secret", f"{_prefix(obj)}…{obj.last_four}"),
            ("Environment", obj.environment),
            ("Scopes", joined([tag_html(scope) for scope in obj.scopes])),
            ("Made by", str(obj.issued_by) if obj.issued_by else "the operator"),
            ("Made", moment_html(obj.created_at)),
            ("Last used", moment_html(obj.last_used_at)),
            ("Expires", moment_html(obj.expires_at)),
            ("Revoked", moment_html(obj.revoked_at)),
            ("Id", copy_html(obj.id, "id")),
        ]
        return [Facts("Key", rows)]

    @column("name", "lead")
    def key_name(self, obj: ApiKey) -> SafeString:
        name = obj.name or obj.id
        return format_html('<a class="to name" href="{}">{}</a>', self.url_of(obj), name)

    @column("secret")
    def ending(self, obj: ApiKey) -> SafeString:
        return format_html("<code>{}…{}</code>", _prefix(obj), obj.last_four)

    @column("may")
    def scopes_words(self, obj: ApiKey) -> SafeString | str:
        words = f"{len(obj.scopes)} scopes"
        if APPROVE not in obj.scopes:
            return words
        return joined([format_html("{}", words), tag_html("may approve", "warning")])

    @column("made by")
    def made_by(self, obj: ApiKey) -> str:
        return str(obj.issued_by) if obj.issued_by else "the operator"

    @column("last used")
    def used(self, obj: ApiKey) -> SafeString:
        return moment_html(obj.last_used_at)

    @column("expires")
    def expires(self, obj: ApiKey) -> SafeString:
        return moment_html(obj.expires_at)

    @column("state")
    def state(self, obj: ApiKey) -> SafeString:
        return state_html(key_state(obj))


def _prefix(key: ApiKey) -> str:
    return "sk_live_" if key.environment == Environment.LIVE else "sk_test_"
