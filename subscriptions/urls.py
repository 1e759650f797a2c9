"""/v1/subscriptions, its plans, renewals and entitlements, and /v1/sandbox/clock."""

from django.urls import path

from subscriptions import plan_views, sandbox_views, views

urlpatterns = [
    path("/subscriptions", views.Subscriptions.as_view()),
    # Before a subscription's own path: these words are no ids.
    path("/subscriptions/plans", plan_views.Plans.as_view()),
    path("/subscriptions/plans/<str:id>", plan_views.OnePlan.as_view()),
    path("/subscriptions/renewals", views.Renewals.as_view()),
    path("/subscriptions/renewals/<str:id>", views.OneRenewal.as_view()),
    path("/subscriptions/renewals/<str:id>/retry", views.Retry.as_view()),
    path("/subscriptions/entitlements", plan_views.Entitlements.as_view()),
    path("/subscriptions/entitlements/check", plan_views.Check.as_view()),
    path("/subscriptions/entitlements/<str:id>", plan_views.OneEntitlement.as_view()),
    path("/subscriptions/<str:id>", views.OneSubscription.as_view()),
    path("/sandbox/clock", sandbox_views.SandboxClock.as_view()),
]
