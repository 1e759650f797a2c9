"""/v1/webhooks"""

from django.urls import path

from webhooks import views

urlpatterns = [
    path("/webhooks", views.Webhooks.as_view()),
    path("/webhooks/<str:webhook_id>", views.Webhook.as_view()),
    path("/webhooks/<str:webhook_id>/rotate", views.Rotate.as_view()),
    path("/webhooks/<str:webhook_id>/rotate/confirm", views.Confirm.as_view()),
    path("/webhooks/<str:webhook_id>/test", views.SendTest.as_view()),
    path("/webhooks/<str:webhook_id>/redeliver", views.Redeliver.as_view()),
    path("/webhooks/<str:webhook_id>/deliveries", views.Deliveries.as_view()),
]
