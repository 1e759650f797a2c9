"""What binds a batch to the approvals of its payouts."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payouts", "0012_addresses_are_evidence")]

    operations = [
        migrations.AddField(
            model_name="payoutbatch",
            name="digest",
            field=models.CharField(default="", editable=False, max_length=64),
        ),
    ]
