"""/v1/customers."""

from django.urls import path

from customers import views

urlpatterns = [
    path("/customers", views.Customers.as_view()),
    path("/customers/<str:customer_id>", views.OneCustomer.as_view()),
]
