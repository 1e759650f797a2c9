"""From an id to the page of what it names, for whoever may read that page."""

from functools import cache

from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import NoReverseMatch

from billing.admin import record_url
from billing.models import IdField


def page_of_thing(request: HttpRequest, resource_id: str) -> str:
    """The admin's page of a payout, a wallet, …; empty where there is none for this person.

    Reads no row: a page that is gone answers 404 itself.
    """
    model = _models().get(resource_id.partition("_")[0])
    if model is None or not admin.site.is_registered(model):
        return ""
    if not admin.site.get_model_admin(model).has_view_permission(request):
        return ""
    try:
        return record_url(model, resource_id)
    except NoReverseMatch:  # Its admin is one page for all, such as the branding's.
        return ""


@cache
def _models() -> dict[str, type[Model]]:
    """Every table by the prefix of its ids."""
    keys = ((model._meta.pk, model) for model in apps.get_models())
    return {key.prefix: model for key, model in keys if isinstance(key, IdField)}
