"""How far the time of an organization's sandbox was moved ahead."""

from datetime import timedelta

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("organizations", "0003_two_factor_sessions_notices")]

    operations = [
        migrations.CreateModel(
            name="SandboxClock",
            fields=[
                (
                    "organization",
                    models.OneToOneField(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="organizations.organization",
                    ),
                ),
                ("ahead", models.DurationField(default=timedelta(0), editable=False)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ahead__gte", timedelta(0)), ("ahead__lte", timedelta(days=3652))
                        ),
                        name="sandbox_clock_is_ahead_by_ten_years_at_most",
                    )
                ],
            },
        ),
    ]
