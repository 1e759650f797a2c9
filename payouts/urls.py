"""/v1/payouts, /v1/recipients, /v1/sandbox. Names come before `{id}`, which shares their level."""

from django.urls import path

from payouts import sandbox_views, views
from payouts.batch_views import Batch, Batches, BatchFile, ExecuteBatch
from payouts.bulk_views import Bulk
from payouts.recipients import ending_views
from payouts.recipients import views as recipients

urlpatterns = [
    path("/payouts", views.Payouts.as_view()),
    path("/payouts/bulk", Bulk.as_view()),
    path("/payouts/settlements", views.Settlements.as_view()),
    path("/payouts/batches", Batches.as_view()),
    path("/payouts/batches/<str:id>", Batch.as_view()),
    path("/payouts/batches/<str:id>/execute", ExecuteBatch.as_view()),
    path("/payouts/batches/<str:id>/files/<str:name>", BatchFile.as_view()),
    path("/payouts/<str:id>", views.Payout.as_view()),
    path("/payouts/<str:id>/execute", views.Execute.as_view()),
    path("/recipients", recipients.Recipients.as_view()),
    path("/recipients/<str:id>", recipients.OneRecipient.as_view()),
    path("/recipients/<str:id>/addresses", recipients.Addresses.as_view()),
    path(
        "/recipients/<str:id>/addresses/<str:address_id>/approve",
        recipients.ApproveAddress.as_view(),
    ),
    path("/recipients/<str:id>/archive", ending_views.ArchiveRecipient.as_view()),
    path(
        "/recipients/<str:id>/addresses/<str:address_id>/reject",
        ending_views.RejectAddress.as_view(),
    ),
    path(
        "/recipients/<str:id>/addresses/<str:address_id>/archive",
        ending_views.ArchiveAddress.as_view(),
    ),
    path("/sandbox/simulate-payout", sandbox_views.SimulatePayout.as_view()),
    path("/sandbox/advance_blocks", sandbox_views.AdvanceBlocks.as_view()),
]
