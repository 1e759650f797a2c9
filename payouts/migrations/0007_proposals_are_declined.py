"""Which proposed replacement a person declined, kept beside the hash that it replaced."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payouts", "0006_settlements_are_restored")]

    operations = [
        migrations.AddField(
            model_name="submittedhash",
            name="declined_tx_hash",
            field=models.CharField(max_length=255, null=True),
        ),
    ]
