"""What a customer opens: their own page of a subscription."""

from django.urls import path

from subscriptions import pages

urlpatterns = [
    path("subscription/<str:page_token>", pages.subscription, name="hosted-subscription"),
    path("subscription/<str:page_token>/cancel", pages.cancel, name="hosted-subscription-cancel"),
]
