"""ReconciliationRun: what the two sides said of each other at one moment."""

from typing import ClassVar

from django.db import models
from django.db.models import F

from billing.models import IdField, Tenanted


class ReconciliationRun(Tenanted):
    """One finished run over one organization's books. Written by services.run; never changes.

    `since` and `until` are the asked range, None where it was open. Amounts are sums of atomic
    units over both tokens, which have the same six decimals.
    """

    id = IdField("run")
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    matched_count = models.BigIntegerField()
    matched_atomic = models.DecimalField(max_digits=40, decimal_places=0)
    unmatched_count = models.BigIntegerField()
    unmatched_atomic = models.DecimalField(max_digits=40, decimal_places=0)
    unexpected_count = models.BigIntegerField()
    unexpected_atomic = models.DecimalField(max_digits=40, decimal_places=0)
    discrepancies_count = models.BigIntegerField()
    difference_atomic = models.DecimalField(max_digits=40, decimal_places=0)
    reversed_count = models.BigIntegerField()
    unknown_count = models.BigIntegerField()
    found_count = models.BigIntegerField()  # what this run found and nobody had recorded before

    class Meta:
        ordering = ("-started_at", "-id")
        indexes: ClassVar = [
            # Serves: the newest run, and the month of history on the reconciliation page.
            models.Index(
                "organization",
                "environment",
                F("started_at").desc(),
                F("id").desc(),
                name="reconciliation_run_list",
            )
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def is_clean(self) -> bool:
        """Whether nothing was left that a person must see; plain unmatched payouts are none."""
        return not (
            self.discrepancies_count
            or self.unexpected_count
            or self.reversed_count
            or self.unknown_count
        )
