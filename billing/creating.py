"""Forms of the admin that make something new: they ask, call one service, and show its refusal."""

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from billing import confirming
from billing.acts import ActsAdmin, said
from billing.admin_context import may
from billing.errors import BillingError


class CreatesAdmin(ActsAdmin):
    """An ActsAdmin with a page that makes a new row, for whoever has `new_scope`."""

    new_form: ClassVar[type[forms.Form]]
    new_scope: ClassVar[str]
    new_label: ClassVar[str]  # on the button: "Register a wallet"
    new_intro: ClassVar[str] = ""
    submit_label: ClassVar[str] = ""  # on the button that does it, where that says more
    new_template: ClassVar[str] = "admin/new.html"

    def more_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_new"
        view = self.admin_site.admin_view(self.new_view)
        return [path("new/", view, name=name), *super().more_urls()]

    def new_url(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_new")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra = (
            {"new_url": self.new_url(), "new_label": self.new_label}
            if may(request, self.new_scope)
            else {}
        )
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    def new_view(self, request: HttpRequest) -> HttpResponse:
        if not may(request, self.new_scope):
            raise PermissionDenied(f"Your role may not do this. It needs {self.new_scope}.")
        form = self.form_for(request)
        if request.method == "POST" and form.is_valid():
            if page := self.ask_who_creates(request, form.cleaned_data):
                return page
            try:
                obj = self.create(request, form.cleaned_data)
            except BillingError as refusal:
                return self.ask_new(request, form, refusal=refusal)
            return self.created(request, obj)
        return self.ask_new(request, form)

    def form_for(self, request: HttpRequest) -> forms.Form:
        return self.new_form(request.POST or None)

    def is_delicate(self, request: HttpRequest, answers: dict[str, Any]) -> bool:
        """Whether making this is delicate: then the person proves first who they are."""
        return False

    def ask_who_creates(self, request: HttpRequest, answers: dict[str, Any]) -> HttpResponse | None:
        if not self.is_delicate(request, answers):
            return None
        back_url = request.get_full_path()
        return confirming.ask_if_stale(request, what=self.new_label, back_url=back_url)

    def create(self, request: HttpRequest, answers: dict[str, Any]) -> Any:
        """Call the service and return what it made."""
        raise NotImplementedError

    def created(self, request: HttpRequest, obj: Any) -> HttpResponse:
        assert isinstance(obj, Model)
        messages.success(request, f"{self.title_of(obj)} is created.")
        return HttpResponseRedirect(self.url_of(obj))

    def ask_new(
        self, request: HttpRequest, form: forms.Form, *, refusal: BillingError | None = None
    ) -> HttpResponse:
        """The form, with a refusal at the field it names, else above."""
        at_field = refusal is not None and refusal.param in form.fields
        if refusal is not None and at_field:
            form.add_error(refusal.param, said(refusal))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": self.new_label,
            "intro": self.new_intro,
            "crumbs": self.crumbs(),
            "form": form,
            "refusal": "" if refusal is None or at_field else said(refusal),
            "submit_label": self.submit_label or self.new_label,
            "back_url": self.list_url(),
            **self.new_context(request, form, refusal),
        }
        status = refusal.status if refusal else 200
        return TemplateResponse(request, self.new_template, context, status=status)

    def new_context(
        self, request: HttpRequest, form: forms.Form, refusal: BillingError | None
    ) -> dict[str, Any]:
        return {}

    def show_secret(self, request: HttpRequest, **context: Any) -> HttpResponse:
        """A secret on a page of its own, this once; nothing keeps the page."""
        answer = TemplateResponse(
            request,
            "admin/secret.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "crumbs": self.crumbs(),
                "back_url": self.list_url(),
                **context,
            },
        )
        answer["Cache-Control"] = "no-store"
        return answer
