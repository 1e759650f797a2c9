"""What customers open: a checkout, a payment link, and the script that shops embed."""

from django.urls import path

from checkouts import pages

urlpatterns = [
    path("checkout/<str:checkout_id>", pages.checkout, name="hosted-checkout"),
    path("checkout/<str:checkout_id>/status", pages.status, name="hosted-checkout-status"),
    path("pay/<str:link_id>", pages.payment_link, name="hosted-payment-link"),
    path("checkout.js", pages.script, name="hosted-script"),
]
