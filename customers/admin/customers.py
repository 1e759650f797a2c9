"""Customers in the admin: found by what is remembered of them, kept and changed by acts."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.acts import Act, Answers
from billing.admin import Facts, column, text
from billing.admin_context import caller_of
from billing.callers import Caller
from billing.creating import CreatesAdmin
from billing.display import copy_html, moment_html
from customers import services
from customers.admin.forms import CustomerForm, answers_of, metadata_lines
from customers.admin.sections import sections_of
from customers.models import Customer
from customers.searching import LONGEST_TERM, found

READ, WRITE = "customers:read", "customers:write"


def _update(caller: Caller, customer_id: str, answers: Answers) -> None:
    services.update(caller, customer_id, answers)


@admin.register(Customer)
class CustomerAdmin(CreatesAdmin):
    view_scope = READ
    noun = "customer"
    plural = "Customers"
    intro = "Who pays you. Subscriptions and checkouts name them."
    empty_title = "No customers yet"
    empty_text = (
        "Your shop keeps them here with POST /v1/customers, or you add one with the button above. "
        "A subscription needs one; a checkout may name one."
    )
    search_fields = ("email",)
    search_placeholder = "E-mail, name, external id or id"
    list_display = ("name_", "email_", "external_id_", "since")
    record_template = "admin/customers/customer.html"
    new_form = CustomerForm
    new_scope = WRITE
    new_label = "Add a customer"
    new_intro = "Whom a subscription or a checkout shall name."
    acts = (
        Act(
            "update",
            "Change",
            WRITE,
            _update,
            asks=lambda c: (
                f"Change what is known of {c}. What they were asked to pay stays as it is"
            ),
            done=lambda c: "It is changed.",
            form=CustomerForm,
            initial=answers_of,
        ),
    )

    # --- the list --------------------------------------------------------------------------------

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()[:LONGEST_TERM]
        if term.startswith("cus_"):
            return queryset.filter(pk=term), False
        caller = caller_of(request)
        return found(queryset, caller.organization_id, caller.environment.value, term), False

    @column("name", "lead")
    def name_(self, obj: Customer) -> SafeString:
        return format_html('<a class="to name url" href="{}">{}</a>', self.url_of(obj), obj)

    @column("e-mail")
    def email_(self, obj: Customer) -> SafeString:
        return format_html('<span class="url">{}</span>', obj.email)

    @column("external id", "keep")
    def external_id_(self, obj: Customer) -> str | SafeString:
        return text(obj.external_id)

    @column("since")
    def since(self, obj: Customer) -> SafeString:
        return moment_html(obj.created_at)

    # --- one customer ----------------------------------------------------------------------------

    def create(self, request: HttpRequest, answers: dict[str, Any]) -> Customer:
        return services.create(caller_of(request), services.NewCustomer(**answers))

    def facts(self, request: HttpRequest, obj: Customer) -> list[Facts]:
        rows: list[tuple[str, str | SafeString]] = [
            ("Name", text(obj.name)),
            ("E-mail address", copy_html(obj.email, "e-mail address")),
            ("External id", copy_html(obj.external_id, "id") if obj.external_id else text(None)),
            ("Kept", moment_html(obj.created_at)),
            ("Changed", moment_html(obj.updated_at)),
            ("Id", copy_html(obj.id, "id")),
        ]
        said: list[tuple[str, str | SafeString]] = list(metadata_lines(obj))
        return [Facts("Customer", rows), *([Facts("Metadata", said)] if said else [])]

    def record_context(self, request: HttpRequest, obj: Customer) -> dict[str, Any]:
        return {
            **super().record_context(request, obj),
            "sections": sections_of(request, obj),
        }
