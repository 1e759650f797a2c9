"""An act on many rows of a list: said before it is done, done row by row, each row reported."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from billing.acts import Act, ActsAdmin, Answers, said
from billing.admin import NUL
from billing.admin_context import caller_of, may
from billing.errors import BillingError

MOST_AT_ONCE = 200
MOST_UNFOLDED = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row of many."""

    pk: str
    title: str
    is_done: bool
    message: str


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of which the same is said: shown one by one where they are few, else folded."""

    is_done: bool
    message: str
    titles: list[str]

    @property
    def is_folded(self) -> bool:
        return len(self.titles) > MOST_UNFOLDED


class ManyActsAdmin(ActsAdmin):
    """An ActsAdmin whose list has a box beside each row and the acts that are `is_bulk` below."""

    def more_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_bulk"
        view = self.admin_site.admin_view(require_POST(self.bulk_view))
        return [path("bulk/", view, name=name), *super().more_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_bulk"
        extra = {
            "bulk_acts": self.bulk_acts(request),
            "bulk_url": reverse(name),
            "outcomes": self.take_outcomes(request),
        }
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    def bulk_acts(self, request: HttpRequest) -> list[Act]:
        return [act for act in self.acts if act.is_bulk and may(request, act.scope)]

    def bulk_view(self, request: HttpRequest) -> HttpResponse:
        act = self.find_act(request, request.POST.get("act", ""))
        named = [pk for pk in request.POST.getlist("id") if NUL not in pk]
        pks = list(dict.fromkeys(named))[:MOST_AT_ONCE]
        found = {str(row.pk): row for row in self.get_queryset(request).filter(pk__in=pks)}
        rows = self.prepare_rows(request, [found[pk] for pk in pks if pk in found])
        if not act.is_bulk or not rows:
            messages.warning(request, f"Select at least one {self.noun} first.")
            return HttpResponseRedirect(self._came_from(request))
        is_confirmed = "confirmed" in request.POST
        form = act.form(request.POST if is_confirmed else None)
        if is_confirmed and form.is_valid():
            what = f"{act.label} {self.summary_of(rows)}"
            if page := self.ask_who(request, act, what, self._came_from(request)):
                return page
            outcomes = self.run_rows(request, act, rows, form.cleaned_data)
            request.session["outcomes"] = {
                "model": self.opts.label,
                "act": act.label,
                "rows": [[o.pk, o.title, o.is_done, o.message] for o in outcomes],
            }
            return HttpResponseRedirect(self._came_from(request))
        return self.ask_rows(request, act, rows, form)

    def _came_from(self, request: HttpRequest) -> str:
        """The list as it was when rows of it were chosen: the same tab, filters and search."""
        query = QueryDict(request.POST.get("query", ""), mutable=True)
        query.pop("p", None)  # what was done may have emptied the page
        return f"{self.list_url()}?{query.urlencode()}" if query else self.list_url()

    def run_rows(
        self, request: HttpRequest, act: Act, rows: list[Any], answers: Answers
    ) -> list[Outcome]:
        """The service once for each row: one refusal stops no other."""
        caller, outcomes, says = caller_of(request), [], act.outcome or act.done
        if act.run_many is not None:
            return self.run_together(request, act, rows, answers)
        for row in rows:
            try:
                act.run(caller, str(row.pk), answers)
            except BillingError as refusal:
                outcomes.append(Outcome(str(row.pk), self.row_title(row), False, said(refusal)))
            else:
                outcomes.append(Outcome(str(row.pk), self.row_title(row), True, says(row)))
        return outcomes

    def run_together(
        self, request: HttpRequest, act: Act, rows: list[Any], answers: Answers
    ) -> list[Outcome]:
        """The service once for all of them: done together or refused together."""
        assert act.run_many is not None, "only called for an act that takes many"
        try:
            made = act.run_many(caller_of(request), [str(row.pk) for row in rows], answers)
        except BillingError as refusal:
            return [Outcome(str(r.pk), self.row_title(r), False, said(refusal)) for r in rows]
        if act.made is not None:
            messages.success(request, act.made(made))
        says = act.outcome or act.done
        return [Outcome(str(r.pk), self.row_title(r), True, says(r)) for r in rows]

    def ask_rows(
        self, request: HttpRequest, act: Act, rows: list[Any], form: forms.Form
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": act.label,
            "crumbs": self.crumbs(),
            "act": act,
            "what": f"{act.label} {self.summary_of(rows)}",
            "rows": rows,
            "table": self.bulk_table(request, rows),
            "form": form,
            "bulk_url": request.path,
            "query": request.POST.get("query", ""),
            "back_url": self._came_from(request),
        }
        return TemplateResponse(request, "admin/bulk.html", context)

    def summary_of(self, rows: list[Any]) -> str:
        """`3 payouts · 4,210.00 USDT on Tron · 1,000.00 USDC on Base`."""
        return f"{len(rows)} {self.noun}{'' if len(rows) == 1 else 's'}"

    def row_title(self, row: Any) -> str:
        return self.title_of(row)

    def bulk_table(self, request: HttpRequest, rows: list[Any]) -> list[list[str | SafeString]]:
        """What is shown of each row before it is done."""
        return [[self.row_title(row)] for row in rows]

    def take_outcomes(self, request: HttpRequest) -> dict[str, Any] | None:
        """The report of the last bulk act, shown once."""
        if request.session.get("outcomes", {}).get("model") != self.opts.label:
            return None
        taken = request.session.pop("outcomes")
        rows = [Outcome(*row) for row in taken["rows"]]
        done = sum(row.is_done for row in rows)
        refused = f", {len(rows) - done} refused" if done < len(rows) else ""
        return {"title": f"{taken['act']}: {done} done{refused}", "groups": grouped(rows)}


def grouped(outcomes: Iterable[Outcome]) -> list[Group]:
    """Those of which the same is said together, the refused ones first."""
    groups: dict[tuple[bool, str], Group] = {}
    for each in outcomes:
        group = groups.setdefault(
            (each.is_done, each.message), Group(each.is_done, each.message, [])
        )
        group.titles.append(each.title)
    return sorted(groups.values(), key=lambda group: group.is_done)
