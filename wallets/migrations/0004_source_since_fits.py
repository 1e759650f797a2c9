from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("wallets", "0003_watch_sources")]

    operations = [
        migrations.AddIndex(
            model_name="wallet",
            index=models.Index(
                condition=models.Q(("is_source", True)),
                fields=["chain", "address"],
                name="wallet_sources",
            ),
        ),
        migrations.AddConstraint(
            model_name="wallet",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("is_source", True), ("source_since__isnull", False)),
                    models.Q(("is_source", False), ("source_since__isnull", True)),
                    _connector="OR",
                ),
                name="wallet_source_since_fits_its_use",
            ),
        ),
    ]
