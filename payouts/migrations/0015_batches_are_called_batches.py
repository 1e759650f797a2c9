"""How a screen calls them; nothing in the database."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("payouts", "0014_digests_of_standing_batches")]

    operations = [
        migrations.AlterModelOptions(
            name="payoutbatch",
            options={
                "ordering": ("-created_at", "-id"),
                "verbose_name": "batch",
                "verbose_name_plural": "batches",
            },
        ),
    ]
