"""Customers, and the functions that their search is indexed by.

A folded text is cut into every piece of three characters that it has, with two marks
before its beginning; each piece carries its organization and environment, so that one index over
all rows finds in one organization at the cost of that one. Both functions are immutable and use
nothing but PostgreSQL's own.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import billing.exact_json
import billing.models
import customers.folding

FORWARDS = """
CREATE FUNCTION customers_grams(
    organization text, environment text, email text, name text, external_id text
) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT organization || ' ' || environment || ' '
                              || substr(chr(1) || chr(1) || said, place, 3)), '{}')
      FROM unnest(ARRAY[email, name, external_id]) AS texts (said),
           LATERAL generate_series(1, length(said)) AS place
$$;

CREATE FUNCTION customers_term_grams(
    organization text, environment text, term text
) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT organization || ' ' || environment || ' '
                              || substr(chr(1) || chr(1) || said, place, 3)), '{}')
      FROM (SELECT term) AS texts (said),
           LATERAL generate_series(least(length(said), 3), length(said)) AS place
$$;
"""
BACKWARDS = """
DROP FUNCTION customers_term_grams(text, text, text);
DROP FUNCTION customers_grams(text, text, text, text, text);
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("organizations", "0001_tables"),
    ]

    operations = [
        migrations.RunSQL(FORWARDS, BACKWARDS),
        migrations.CreateModel(
            name="Customer",
            fields=[
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "environment",
                    models.CharField(
                        choices=[("live", "Live"), ("sandbox", "Sandbox")],
                        editable=False,
                        max_length=7,
                    ),
                ),
                (
                    "id",
                    billing.models.IdField(
                        "cus", editable=False, max_length=40, primary_key=True, serialize=False
                    ),
                ),
                ("email", models.CharField(max_length=254)),
                ("name", models.CharField(blank=True, max_length=256, null=True)),
                ("external_id", models.CharField(blank=True, max_length=256, null=True)),
                ("metadata", billing.exact_json.ExactJsonField(blank=True, null=True)),
                ("folded_email", customers.folding.FoldedField("email")),
                ("folded_name", customers.folding.FoldedField("name", null=True)),
                ("folded_external_id", customers.folding.FoldedField("external_id", null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(
                        models.F("organization"),
                        models.F("environment"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="customer_list",
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        models.Func(
                            "organization_id",
                            "environment",
                            "folded_email",
                            "folded_name",
                            "folded_external_id",
                            function="customers_grams",
                            output_field=django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(), size=None
                            ),
                        ),
                        name="customer_search",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "environment", "folded_email"),
                        name="one_customer_per_email",
                    ),
                    models.UniqueConstraint(
                        fields=("organization", "environment", "external_id"),
                        name="one_customer_per_external_id",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("email", ""), _negated=True),
                        name="customer_has_an_email",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("name", ""), _negated=True),
                            models.Q(("external_id", ""), _negated=True),
                        ),
                        name="customer_says_something_or_null",
                    ),
                ],
            },
        ),
    ]
