"""An index of the few checkouts that ended otherwise than asked.

The admin lists them and the first page counts those that reversed, at every look: without it that
reads all checkouts of the organization.
"""

from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("checkouts", "0003_index_metadata_and_customer")]

    operations = [
        migrations.AddIndex(
            model_name="checkout",
            index=models.Index(
                F("organization"),
                F("environment"),
                F("created_at").desc(),
                F("id").desc(),
                condition=Q(("underpaid_at__isnull", False))
                | Q(("overpaid_at__isnull", False))
                | Q(("reversed_at__isnull", False)),
                name="checkout_unusual",
            ),
        ),
    ]
