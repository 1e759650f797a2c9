"""Buttons of the admin that call services, for one row from its page (billing.many: for several).

An act says first what will happen (a page that can be read without JavaScript), asks what it must
know, and calls the service. What a service refuses is shown in its
own words. Nothing here writes to a table.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from billing import confirming
from billing.admin import ReadOnlyAdmin
from billing.admin_context import caller_of, may
from billing.callers import Caller
from billing.errors import BillingError

Answers = Mapping[str, Any]
Offered = Callable[[Any, Caller], bool]


class NoQuestions(forms.Form):
    """Nothing to ask: the page that says what will happen is question enough."""


class ReasonForm(forms.Form):
    """Why. It stands in the timeline for good."""

    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Kept in the timeline, with your name.",
    )


def always(obj: Any, caller: Caller) -> bool:
    return True


def nothing(obj: Any) -> dict[str, Any]:
    return {}


def said(refusal: BillingError) -> str:
    """A refusal in the service's words, without what a program would send: here that is a box."""
    return re.sub(r"[;,] (?:[a-z ]+, )?(?:then )?send \w+: true\.$", ".", refusal.message)


@dataclass(frozen=True, slots=True)
class Act:
    """One button. `name` is the service's word, which is also the URL's and the event's.

    `run` calls the service. `asks` says in a sentence what it will do to one row, `done` what it
    did. `look` is "filled" where it can be the one next act, else "plain" or "danger". Before one
    that `is_delicate` the person proves who they are, in live and where their log-in is not fresh.
    """

    name: str
    label: str
    scope: str
    run: Callable[[Caller, str, Answers], object]
    asks: Callable[[Any], str]
    done: Callable[[Any], str]
    form: type[forms.Form] = NoQuestions
    initial: Callable[[Any], dict[str, Any]] = nothing
    # A refusal that a person may overrule, by its code, and what must be said to do so.
    overrules: Mapping[str, type[forms.Form]] = field(default_factory=dict)
    # For an act that takes all rows of a selection at once, such as one batch of them; and what is
    # said of that which it made of them.
    run_many: Callable[[Caller, list[str], Answers], object] | None = None
    made: Callable[[Any], str] | None = None
    # `done` of one row among many, without what its title says: rows of one outcome stand together.
    outcome: Callable[[Any], str] | None = None
    offered: Offered = always
    look: str = "plain"
    is_bulk: bool = False
    is_delicate: bool = False

    @property
    def asks_more(self) -> bool:
        """Whether the button ends in `…`, because it must know something first."""
        return self.form is not NoQuestions


class ActsAdmin(ReadOnlyAdmin):
    """A ReadOnlyAdmin whose rows have acts."""

    acts: ClassVar[tuple[Act, ...]] = ()
    noun: ClassVar[str] = "row"

    def more_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        return [
            path("<path:object_id>/act/<slug:act>/", wrap(self.act_view), name=f"{name}_act"),
            *super().more_urls(),
        ]

    def act_url(self, obj: Model, act: Act) -> str:
        """Where the act is asked and done, the id quoted."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_act"
        return reverse(name, args=[quote(str(obj.pk)), act.name])

    def acts_for(self, request: HttpRequest, obj: Any) -> list[tuple[Act, str]]:
        """The acts that this person can do to this row now, each with its address."""
        return [
            (act, self.act_url(obj, act))
            for act in self.acts
            if may(request, act.scope) and act.offered(obj, caller_of(request))
        ]

    def record_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        return {"acts": self.acts_for(request, obj), **super().record_context(request, obj)}

    # --- one row ---------------------------------------------------------------------------------

    def act_view(self, request: HttpRequest, object_id: str, act: str) -> HttpResponse:
        obj = self.get_or_404(request, object_id)
        chosen = self.find_act(request, act)
        if request.method != "POST":
            return self.ask(request, obj, chosen, chosen.form(initial=chosen.initial(obj)))
        form = self.answered(chosen, request)
        if not form.is_valid():
            return self.ask(request, obj, chosen, form)
        what = chosen.asks(obj)
        if page := self.ask_who(request, chosen, what, request.get_full_path()):
            return page
        try:
            result = chosen.run(caller_of(request), str(obj.pk), form.cleaned_data)
        except BillingError as refusal:
            return self.ask(request, obj, chosen, form, refusal=refusal)
        return self.acted(request, obj, chosen, result)

    def ask_who(
        self, request: HttpRequest, act: Act, what: str, back_url: str
    ) -> HttpResponse | None:
        """The page that asks who it is, where the act is delicate and that is not known."""
        if not act.is_delicate or not self.is_for_live(request):
            return None
        return confirming.ask_if_stale(request, what=what, back_url=back_url)

    def is_for_live(self, request: HttpRequest) -> bool:
        """Whether what is done here concerns live: where the person stands, unless overridden."""
        return confirming.is_live(request)

    def acted(self, request: HttpRequest, obj: Any, act: Act, result: object) -> HttpResponse:
        """What is answered once an act is done; `result` is what its service returned."""
        messages.success(request, act.done(obj))
        return HttpResponseRedirect(self.after_act(obj, act))

    def answered(self, act: Act, request: HttpRequest) -> forms.Form:
        """The act's form as it was sent; the overruling one where that was sent."""
        overrule = act.overrules.get(request.POST.get("overrules", ""))
        return (overrule or act.form)(request.POST)

    def after_act(self, obj: Any, act: Act) -> str:
        return self.url_of(obj)

    def find_act(self, request: HttpRequest, name: str) -> Act:
        """The act of that name; 404 where there is none, 403 where the role does not have it."""
        act = next((a for a in self.acts if a.name == name), None)
        if act is None:
            raise Http404("No such act.")
        if not may(request, act.scope):
            raise PermissionDenied(f"Your role may not do this. It needs {act.scope}.")
        return act

    def ask(
        self,
        request: HttpRequest,
        obj: Any,
        act: Act,
        form: forms.Form,
        *,
        refusal: BillingError | None = None,
    ) -> HttpResponse:
        overrules = refusal.code if refusal and refusal.code in act.overrules else ""
        if overrules and not form.data.get("overrules"):
            form = act.overrules[overrules]()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "overrules": overrules or form.data.get("overrules", ""),
            "title": act.label,
            "crumbs": [*self.crumbs(), (self.title_of(obj), self.url_of(obj))],
            "obj": obj,
            "act": act,
            "sentence": act.asks(obj),
            "button": self.button_for(act, obj),
            "panels": self.act_facts(request, obj, act),
            "form": form,
            "refusal": said(refusal) if refusal else "",
            "back_url": self.url_of(obj),
        }
        status = refusal.status if refusal else 200
        return TemplateResponse(request, "admin/act.html", context, status=status)

    def button_for(self, act: Act, obj: Any) -> str:
        """What the button says that does it."""
        return act.label

    def act_facts(self, request: HttpRequest, obj: Any, act: Act) -> list[Any]:
        """What the person must have before their eyes when they confirm."""
        return []
