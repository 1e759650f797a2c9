"""An index of the few checkouts that a renewal asked for, by their renewal."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("checkouts", "0005_renewals")]

    operations = [
        migrations.AddIndex(
            model_name="checkout",
            index=models.Index(
                models.F("renewal_id"),
                condition=models.Q(("renewal_id__isnull", False)),
                name="checkout_of_renewal",
            ),
        ),
    ]
