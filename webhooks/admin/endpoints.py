"""Endpoints in the admin: who is told, how that goes, and the acts on each."""

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from billing.acts import Act
from billing.admin import Facts, column, text
from billing.admin_context import caller_of
from billing.creating import CreatesAdmin
from billing.display import copy_html, joined, moment_html
from webhooks import endpoints, guard
from webhooks.admin import page
from webhooks.admin.acts import ACTS, CONSEQUENCES, RARE, SHOWS_SECRET, WRITE
from webhooks.admin.forms import EndpointForm
from webhooks.admin.health import health_of
from webhooks.admin.words import counted, endpoint_tags, events_html, events_words, state_of
from webhooks.models import Endpoint

_LONGEST_TITLE = 48


@admin.register(Endpoint)
class EndpointAdmin(CreatesAdmin):
    view_scope = "webhooks:read"
    plural = "Webhooks"
    noun = "endpoint"
    intro = "Addresses of yours that are told what happens, in order, signed, until it arrives."
    empty_title = "Nobody is told yet"
    empty_text = (
        "Add the address of your own server, here or with POST /v1/webhooks. From then on it is "
        "told of each event it asked for, and what comes of that appears here."
    )
    list_display = ("url_", "events_", "delivered", "waiting", "answer", "state")
    record_template = "admin/webhooks/endpoint.html"
    search_fields = ("url",)
    search_placeholder = "Id, or part of a URL"
    new_form = EndpointForm
    new_scope = WRITE
    new_label = "Add an endpoint"
    new_intro = (
        "An address of yours that is told what happens from now on. Its secret is shown once."
    )
    acts = ACTS

    def rows_of(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return super().rows_of(request, rows).filter(deleted_at=None)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By the whole id, or by a part of the URL: an organization has few endpoints."""
        term = search_term.strip()
        if term.startswith("we_"):
            return queryset.filter(pk=term), False
        return (queryset.filter(url__icontains=term) if term else queryset), False

    def prepare_rows(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        """How they fare, in two queries for the page."""
        found = health_of(rows)
        for row in rows:
            row.health = found[row.pk]
        return rows

    # --- made, and given a new secret ------------------------------------------------------------

    def create(self, request: HttpRequest, answers: dict[str, Any]) -> tuple[Endpoint, str]:
        caller = caller_of(request)
        draft = endpoints.NewEndpoint(
            guard.vetted(answers["url"], caller.environment),
            answers["events"],
            answers["description"] or None,
        )
        return endpoints.create(caller, draft)

    def created(self, request: HttpRequest, obj: tuple[Endpoint, str]) -> HttpResponse:
        endpoint, secret = obj
        return self.secret_page(
            request,
            endpoint,
            secret,
            title="The endpoint is there",
            sentence="It is told what happens from now on, each time signed with this secret.",
        )

    def acted(self, request: HttpRequest, obj: Endpoint, act: Act, result: object) -> HttpResponse:
        if act in SHOWS_SECRET:
            endpoint, secret = cast("tuple[Endpoint, str]", result)
            return self.secret_page(
                request,
                endpoint,
                secret,
                title="The new secret",
                sentence="Give it to the receiver, then confirm the switch.",
            )
        if act.name == "redeliver":
            messages.success(request, _redelivered(cast(int, result)))
            return HttpResponseRedirect(self.after_act(obj, act))
        return super().acted(request, obj, act, result)

    def after_act(self, obj: Any, act: Act) -> str:
        return self.list_url() if act.name == "delete" else self.url_of(obj)

    def secret_page(
        self, request: HttpRequest, endpoint: Endpoint, secret: str, *, title: str, sentence: str
    ) -> HttpResponse:
        answer = self.show_secret(
            request,
            title=title,
            warning="This secret is shown once. Copy it now, into the receiver's own settings.",
            secret=secret,
            sentence=sentence,
            panels=[],
            back_url=self.url_of(endpoint),
            endpoint=endpoint,
        )
        cast(TemplateResponse, answer).template_name = "admin/webhooks/secret.html"
        return answer

    # --- the record ------------------------------------------------------------------------------

    def title_of(self, obj: Endpoint) -> str:
        """Short enough for the way to its pages; they say the whole URL themselves."""
        name = obj.url.partition("://")[2].partition("?")[0]
        return name if len(name) <= _LONGEST_TITLE else f"{name[:_LONGEST_TITLE]}…"

    def facts(self, request: HttpRequest, obj: Endpoint) -> list[Facts]:
        rows: list[tuple[str, str | SafeString]] = [
            ("URL", copy_html(obj.url, "URL")),
            ("Told about", events_html(obj.events)),
            ("Description", text(obj.description)),
            ("Secrets", page.secret_words(obj)),
            ("Made", moment_html(obj.created_at)),
            ("Id", copy_html(obj.id, "id")),
        ]
        if obj.disabled_at is not None:
            rows.insert(0, ("Disabled", moment_html(obj.disabled_at)))
        if obj.expires_at is not None:
            rows.append(("Ends by itself", moment_html(obj.expires_at)))
        return [Facts("Endpoint", rows)]

    def record_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        offered = self.acts_for(request, obj)
        return {
            "acts": [(act, url) for act, url in offered if act not in RARE],
            "rare_acts": [(act, url) for act, url in offered if act in RARE],
            "state": state_of(obj),
            "tags": joined(endpoint_tags(obj)),
            "warning": page.warning(obj),
            "vitals": page.vitals(obj, health_of([obj])[obj.pk]),
            "deliveries": page.newest_of(obj),
            "deliveries_url": deliveries_url(obj),
        }

    def button_for(self, act: Act, obj: Endpoint) -> str:
        return "Redeliver" if act.name == "redeliver" else act.label

    def act_facts(self, request: HttpRequest, obj: Endpoint, act: Act) -> list[Facts]:
        rows: list[tuple[str, str | SafeString]] = [("Endpoint", obj.url)]
        if act.name in ("enable", "disable", "delete"):
            rows.append(("Waiting", health_of([obj])[obj.pk].pending_words))
        if act.name in CONSEQUENCES:
            rows.append(CONSEQUENCES[act.name])
        if act.name == "redeliver":
            rows += page.how_many(obj)
        return [Facts("What this does", rows)]

    # --- the list --------------------------------------------------------------------------------

    @column("URL", "lead")
    def url_(self, obj: Endpoint) -> SafeString:
        return format_html(
            '<a class="to name url" href="{}">{}</a> {}<span class="sub">{}</span>',
            self.url_of(obj),
            obj.url,
            joined(endpoint_tags(obj)),
            obj.description or "",
        )

    @column("told about")
    def events_(self, obj: Endpoint) -> str:
        return events_words(obj.events)

    @column("last delivered")
    def delivered(self, obj: Endpoint) -> SafeString:
        return moment_html(obj.last_delivered_at)

    @column("waiting", "number")
    def waiting(self, obj: Any) -> str:
        return str(obj.health.pending_words)

    @column("last answer")
    def answer(self, obj: Any) -> SafeString:
        return page.attempt_html(obj.health.last)

    @column("state")
    def state(self, obj: Endpoint) -> SafeString:
        return state_of(obj)


def deliveries_url(endpoint: Endpoint) -> str:
    """The list of the deliveries of one endpoint."""
    return f"{reverse('admin:webhooks_delivery_changelist')}?{urlencode({'endpoint': endpoint.pk})}"


def _redelivered(count: int) -> str:
    if not count:
        return "Nothing it wants happened since then, so nothing is sent again."
    return f"{counted(count, 'delivery')} on the way again, the oldest first."
