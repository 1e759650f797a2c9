"""/v1/payouts/reconciliation; included before payouts' own `{id}`."""

from django.urls import path

from reconciliation.views import Reconciliation

urlpatterns = [path("/payouts/reconciliation", Reconciliation.as_view())]
