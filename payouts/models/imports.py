"""PayoutImport: a file of drafts, what was found in it, and what became of it."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from billing.models import IdField, Tenanted


class ImportState(models.TextChoices):
    """An import is checked as often as is liked; done or abandoned is the end of it."""

    CHECKED = "checked"
    DONE = "done"
    ABANDONED = "abandoned"


class PayoutImport(Tenanted):
    """One file. Its drafts are all there when it is `done`, and none is before.

    Written by payouts.importing.acts alone. `report` is what the last check said: totals, and
    findings as payouts.importing.findings tells them.
    """

    id = IdField("imp")
    file_name = models.CharField(max_length=255, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)  # of the file as it came
    zone = models.CharField(max_length=64, editable=False)  # of due dates that name none
    state = models.CharField(
        max_length=9, choices=ImportState, default=ImportState.CHECKED, editable=False
    )
    lines = models.IntegerField(default=0, editable=False)
    report = models.JSONField(default=dict, editable=False)
    checked_at = models.DateTimeField(editable=False)
    created_by = models.CharField(max_length=40, editable=False)
    created_by_name = models.CharField(max_length=255, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    closed_by = models.CharField(max_length=40, default="", editable=False)
    closed_by_name = models.CharField(max_length=255, default="", editable=False)

    class Meta:
        ordering = ("-created_at", "-id")
        verbose_name = "import"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="checked", closed_at__isnull=True, closed_by="")
                | Q(state__in=["done", "abandoned"], closed_at__isnull=False) & ~Q(closed_by=""),
                name="payout_import_is_closed_once",
            )
        ]
        indexes: ClassVar = [
            # Serves: the list of imports, newest first.
            models.Index(
                "organization",
                "environment",
                F("created_at").desc(),
                F("id").desc(),
                name="payout_import_list",
            ),
            # Serves: whether the same file was imported before.
            models.Index(
                fields=["organization", "environment", "sha256"],
                condition=Q(state="done"),
                name="payout_import_by_file",
            ),
        ]

    def __str__(self) -> str:
        return self.id


class PayoutImportFile(models.Model):
    """The file itself, apart so that lists never read it; deleted when the import is closed."""

    payout_import = models.OneToOneField(
        PayoutImport, on_delete=models.CASCADE, primary_key=True, related_name="file"
    )
    content = models.BinaryField(editable=False)

    def __str__(self) -> str:
        return self.payout_import_id


class CameByImport(models.Model):
    """Which import made a payout, so that a policy can tell; it never changes."""

    payout_import = models.ForeignKey(
        PayoutImport,
        null=True,
        on_delete=models.PROTECT,
        related_name="payouts",
        db_index=False,
        editable=False,
    )

    class Meta:
        abstract = True
