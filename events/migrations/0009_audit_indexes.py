"""Indexes of the audit trail's filters: by who did it, and by what was done.

Built while events go on being written, which is why this is outside a transaction.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("events", "0008_seals_append_only")]

    operations = [
        AddIndexConcurrently(
            model_name="event",
            index=models.Index(
                fields=["organization", "environment", "actor_id", "-created_at", "-id"],
                name="event_of_actor",
            ),
        ),
        AddIndexConcurrently(
            model_name="event",
            index=models.Index(
                fields=["organization", "environment", "type", "-created_at", "-id"],
                name="event_of_type",
            ),
        ),
    ]
