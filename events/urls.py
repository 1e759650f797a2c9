"""/v1/events"""

from django.urls import path

from events.views import Events, OneEvent

urlpatterns = [
    path("/events", Events.as_view()),
    path("/events/<str:event_id>", OneEvent.as_view()),
]
