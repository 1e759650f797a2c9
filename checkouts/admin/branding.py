"""Branding in the admin: the name and colour of the hosted pages, seen before they are kept."""

import re
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from billing.acts import said
from billing.admin import Facts, ReadOnlyAdmin, text
from billing.admin_context import caller_of, may
from billing.display import copy_html, joined
from billing.errors import BillingError
from checkouts import branding
from checkouts.admin.acts import READ
from checkouts.branding import LEAST_CONTRAST, Looks, contrast_with_white
from checkouts.models import Branding
from organizations.roles import ADMINISTER_ORGANIZATION

_COLOR = re.compile(r"#[0-9a-f]{6}")
_LONGEST_SHOWN = 30


class BrandingForm(forms.Form):
    merchant_name = forms.CharField(
        max_length=120,
        label="Name",
        help_text="As customers know you.",
        widget=forms.TextInput(attrs={"data-previews": "name"}),
    )
    accent_color = forms.CharField(
        max_length=7,
        label="Colour",
        help_text="White letters must be readable on it: a contrast of "
        f"{LEAST_CONTRAST}:1 at least.",
        widget=forms.TextInput(attrs={"type": "color", "data-previews": "color"}),
    )
    support_url = forms.CharField(
        max_length=500,
        required=False,
        label="Where customers get help",
        help_text="A page that begins with https://, or mailto: and an address.",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )
    origins = forms.CharField(
        required=False,
        label="Shops that may show the page inside their own",
        help_text="One a line, as https://shop.example. In the sandbox any page may.",
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono", "spellcheck": "false"}),
    )


def answers_of(looks: Looks) -> dict[str, Any]:
    """How the pages look, as the form asks for it."""
    return {
        "merchant_name": looks.merchant_name,
        "accent_color": looks.accent_color,
        "support_url": looks.support_url,
        "origins": "\n".join(looks.origins),
    }


@admin.register(Branding)
class BrandingAdmin(ReadOnlyAdmin):
    """One page for the environment one stands in; there is no list, and no record beyond it."""

    view_scope = READ
    plural = "Branding"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.changelist_view)
        return [path("", view, name="checkouts_branding_changelist")]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        caller = caller_of(request)
        looks = branding.of(caller.organization_id, caller.environment)
        if request.method != "POST":
            return self._page(request, looks, BrandingForm(initial=answers_of(looks)))
        if not may(request, ADMINISTER_ORGANIZATION):
            raise PermissionDenied(
                f"Your role may not do this. It needs {ADMINISTER_ORGANIZATION}."
            )
        form = BrandingForm(request.POST)
        if not form.is_valid() or "preview" in request.POST:
            return self._page(request, looks, form)
        try:
            branding.update(
                caller,
                merchant_name=form.cleaned_data["merchant_name"],
                accent_color=form.cleaned_data["accent_color"],
                support_url=form.cleaned_data["support_url"],
                allowed_origins=form.cleaned_data["origins"].split(),
            )
        except BillingError as refusal:
            form.add_error(refusal.param if refusal.param in form.fields else None, said(refusal))
            return self._page(request, looks, form, status=refusal.status)
        messages.success(request, "The pages look like this from now on.")
        return HttpResponseRedirect(self.list_url())

    def _page(
        self, request: HttpRequest, looks: Looks, form: BrandingForm, *, status: int = 200
    ) -> HttpResponse:
        caller = caller_of(request)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": self.plural,
            "form": form,
            "may_change": may(request, ADMINISTER_ORGANIZATION),
            "panels": [_facts(looks)],
            "preview": preview_of(form, looks),
            "environment": caller.environment.value,
        }
        return TemplateResponse(request, "admin/checkouts/branding.html", context, status=status)


def preview_of(form: BrandingForm, looks: Looks) -> dict[str, Any]:
    """What the picture of the page shows: what was typed where it can be shown, else what is."""
    typed = form.data if form.is_bound else {}
    name = " ".join(str(typed.get("merchant_name", "")).split()) or looks.merchant_name
    color = str(typed.get("accent_color", "")).strip().lower()
    color = color if _COLOR.fullmatch(color) else looks.accent_color
    contrast = contrast_with_white(color)
    return {
        "initial": name[:1].upper(),
        "name": name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}…",
        "color": color,
        "contrast": f"{contrast:.1f}",
        "is_readable": contrast >= LEAST_CONTRAST,
    }


def _facts(looks: Looks) -> Facts:
    """The same to be read, for those who may not change it."""
    origins = [copy_html(origin, "origin") for origin in looks.origins]
    return Facts(
        "Branding",
        [
            ("Name", looks.merchant_name),
            ("Colour", copy_html(looks.accent_color, "colour")),
            ("Where customers get help", text(looks.support_url)),
            ("Shops that may show it", joined(origins) if origins else "none but its own pages"),
        ],
    )
