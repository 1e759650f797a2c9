"""An index of the few settlements whose block left the chain."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payouts", "0007_proposals_are_declined")]

    operations = [
        migrations.AddIndex(
            model_name="settlement",
            index=models.Index(
                condition=models.Q(("reversed_at__isnull", False)),
                fields=["organization", "environment", "created_at"],
                name="settlement_reversed",
            ),
        ),
    ]
