"""/v1/checkouts, /v1/payment-methods, /v1/payment-links, /v1/sandbox/simulate-payment."""

from django.urls import path

from checkouts import method_views, sandbox_views, views

urlpatterns = [
    path("/checkouts", views.Checkouts.as_view()),
    path("/checkouts/<str:checkout_id>", views.OneCheckout.as_view()),
    path("/checkouts/<str:checkout_id>/status", views.CheckoutStatus.as_view()),
    path("/checkouts/<str:checkout_id>/cancel", views.Cancel.as_view()),
    path("/payment-methods", method_views.PaymentMethods.as_view()),
    path("/payment-methods/<str:id>", method_views.OnePaymentMethod.as_view()),
    path("/payment-methods/<str:id>/default", method_views.Default.as_view()),
    path("/payment-links", method_views.PaymentLinks.as_view()),
    path("/payment-links/<str:id>", method_views.OnePaymentLink.as_view()),
    path("/sandbox/simulate-payment", sandbox_views.SimulatePayment.as_view()),
]
