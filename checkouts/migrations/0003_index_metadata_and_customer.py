"""Indexes of two filters of the list of checkouts: by customer, and by what the shop noted.

Without the second, a shop that asks for the checkouts of its own order id reads all that it has.
"""

import django.contrib.postgres.indexes
from django.db import migrations, models
from django.db.models import F


class Migration(migrations.Migration):
    dependencies = [("checkouts", "0002_checkouts_refuse_illegal_edges")]

    operations = [
        migrations.AddIndex(
            model_name="checkout",
            index=models.Index(
                F("organization"),
                F("environment"),
                F("customer_id"),
                F("created_at").desc(),
                F("id").desc(),
                condition=models.Q(("customer_id__isnull", False)),
                name="checkout_list_by_customer",
            ),
        ),
        migrations.AddIndex(
            model_name="checkout",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["metadata"], name="checkout_metadata", opclasses=["jsonb_path_ops"]
            ),
        ),
    ]
