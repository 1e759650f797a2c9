"""The table of contents: every chapter of the API and the admin, apps named by string."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from billing import pages, views

urlpatterns = [
    path("v1/health", views.Health.as_view()),
    path("v1/openapi.json", pages.openapi_document, name="openapi"),
    path("v1", include("events.urls")),
    path("v1", include("wallets.urls")),
    path("v1", include("webhooks.urls")),
    # Before payouts: /payouts/reconciliation must not be taken for a payout's id.
    path("v1", include("reconciliation.urls")),
    path("v1", include("payouts.urls")),
    path("v1", include("checkouts.urls")),
    path("v1", include("customers.urls")),
    path("v1", include("subscriptions.urls")),
    path("v1", include("revenue.urls")),
    path("", RedirectView.as_view(pattern_name="admin:index")),  # whoever types the host alone
    path("", include("checkouts.page_urls")),
    path("", include("subscriptions.page_urls")),
    path("docs", pages.reference, name="reference"),
    path("healthz", views.healthz),
    path("readyz", views.readyz),
    path("metrics", views.prometheus),
    path("admin/", include("organizations.page_urls")),
    path("admin/", admin.site.urls),
]

handler400 = "billing.pages.bad_request"
handler404 = "billing.pages.not_found"
handler500 = "billing.pages.server_error"
