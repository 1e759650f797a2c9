"""/v1/revenue/events, /v1/revenue/accounting, /v1/revenue/adjustments."""

from django.urls import path

from revenue import views

urlpatterns = [
    path("/revenue/events", views.RevenueEvents.as_view()),
    path("/revenue/accounting", views.Accounting.as_view()),
    path("/revenue/adjustments", views.Adjustments.as_view()),
]
