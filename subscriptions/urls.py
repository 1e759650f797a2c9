"""/v1/sandbox/clock."""

from django.urls import path

from subscriptions import sandbox_views

urlpatterns = [
    path("/sandbox/clock", sandbox_views.SandboxClock.as_view()),
]
