"""Customer: somebody who pays the organization, by whatever it knows them."""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from billing.exact_json import ExactJsonField
from billing.models import IdField, Tenanted
from customers.folding import FoldedField
from customers.grams import grams_of_row

LONGEST_EMAIL, LONGEST_NAME, LONGEST_EXTERNAL_ID = 254, 256, 256


class Customer(Tenanted):
    """Somebody who pays. Written by customers.services alone; all of it can change, none deleted.

    No two of one organization and environment have one e-mail address, case aside, nor one
    external id. The address is kept as it was given. None: nothing was said.
    """

    id = IdField("cus")
    email = models.CharField(max_length=LONGEST_EMAIL)
    name = models.CharField(max_length=LONGEST_NAME, null=True, blank=True)
    external_id = models.CharField(max_length=LONGEST_EXTERNAL_ID, null=True, blank=True)
    metadata = ExactJsonField(null=True, blank=True)
    folded_email = FoldedField("email")
    folded_name = FoldedField("name", null=True)
    folded_external_id = FoldedField("external_id", null=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "environment", "folded_email"],
                name="one_customer_per_email",
            ),
            models.UniqueConstraint(
                fields=["organization", "environment", "external_id"],
                name="one_customer_per_external_id",
            ),
            models.CheckConstraint(condition=~Q(email=""), name="customer_has_an_email"),
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(external_id=""), name="customer_says_something_or_null"
            ),
        ]
        indexes: ClassVar = [
            # Serves: GET /v1/customers and the admin's list, newest first.
            models.Index(
                "organization",
                "environment",
                F("created_at").desc(),
                F("id").desc(),
                name="customer_list",
            ),
            # Serves: `search`, wherever in the three texts the term stands (customers.searching).
            GinIndex(grams_of_row(), name="customer_search"),
        ]

    def __str__(self) -> str:
        return self.name or self.email
