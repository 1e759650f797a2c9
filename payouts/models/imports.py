"""PayoutImport: a file of drafts, what was found in it, and what became of it."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from billing.models import IdField, Tenanted


class ImportState(models.TextChoices):
    """Read and checked as often as is liked; done, abandoned or failed is the end of it."""

    READ = "read"  # the file is kept, and waits to be checked
    CHECKED = "checked"
    IMPORTING = "importing"  # somebody confirmed it, and a worker creates its drafts
    DONE = "done"
    ABANDONED = "abandoned"
    FAILED = "failed"  # it cannot be read; `refusal` says why


OPEN = (ImportState.READ, ImportState.CHECKED, ImportState.IMPORTING)


class PayoutImport(Tenanted):
    """One file. Its drafts are all there when it is `done`, and none is before.

    Written by payouts.importing alone. `report` is what the last check said of the whole: totals,
    and how many lines make a draft. What it said of single lines stands in `found`.
    """

    id = IdField("imp")
    file_name = models.CharField(max_length=255, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)  # of the file as it came
    zone = models.CharField(max_length=64, editable=False)  # of due dates that name none
    state = models.CharField(
        max_length=9, choices=ImportState, default=ImportState.READ, editable=False
    )
    columns = models.JSONField(default=list, editable=False)  # as the file's first line names them
    lines = models.IntegerField(default=0, editable=False)
    lines_checked = models.IntegerField(default=0, editable=False)  # by the check that is running
    lines_wrong = models.IntegerField(default=0, editable=False)
    lines_doubtful = models.IntegerField(default=0, editable=False)
    lines_unconfirmed = models.IntegerField(default=0, editable=False)
    revision = models.IntegerField(default=0, editable=False)  # how often cells were edited
    tries = models.IntegerField(default=0, editable=False)  # of a worker, since the last success
    report = models.JSONField(default=dict, editable=False)
    refusal = models.TextField(default="", editable=False)  # why the last try created nothing
    checked_at = models.DateTimeField(null=True, editable=False)
    created_by = models.CharField(max_length=40, editable=False)
    created_by_name = models.CharField(max_length=255, editable=False)
    confirmed_by = models.CharField(max_length=40, default="", editable=False)
    confirmed_by_name = models.CharField(max_length=255, default="", editable=False)
    confirmed_from = models.CharField(max_length=64, default="", editable=False)  # their address
    closed_at = models.DateTimeField(null=True, editable=False)
    closed_by = models.CharField(max_length=40, default="", editable=False)
    closed_by_name = models.CharField(max_length=255, default="", editable=False)

    class Meta:
        ordering = ("-created_at", "-id")
        verbose_name = "import"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(
                    state__in=["read", "checked", "importing"], closed_at__isnull=True, closed_by=""
                )
                | Q(state__in=["done", "abandoned", "failed"], closed_at__isnull=False)
                & ~Q(closed_by=""),
                name="payout_import_is_closed_once",
            ),
            models.CheckConstraint(
                condition=~Q(state="importing") | ~Q(confirmed_by=""),
                name="payout_import_is_confirmed_by_somebody",
            ),
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
            # Serves: the worker, what waits for it (few rows at any time).
            models.Index(
                fields=["tries", "created_at"],
                condition=Q(state__in=["read", "importing"]),
                name="payout_import_due",
            ),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


class PayoutImportFile(models.Model):
    """The file itself, apart so that lists never read it; deleted when the import is closed."""

    payout_import = models.OneToOneField(
        PayoutImport, on_delete=models.CASCADE, primary_key=True, related_name="file"
    )
    content = models.BinaryField(editable=False)

    def __str__(self) -> str:
        return self.payout_import_id


class PayoutImportLine(models.Model):
    """A line of which the last check said something, or that somebody edited. Others have none.

    `number` 0 is the file as a whole. `cells` is what the line says, by column; `file_cells` what
    the file says in those that were edited, which are never forgotten. `findings` is as
    payouts.importing.findings tells them; `confirmed` holds the warnings that a person confirmed,
    so that one which is new asks again.
    """

    payout_import = models.ForeignKey(
        PayoutImport, on_delete=models.CASCADE, related_name="found", db_index=False
    )
    number = models.IntegerField(editable=False)
    cells = models.JSONField(default=dict, editable=False)
    file_cells = models.JSONField(default=dict, editable=False)
    findings = models.JSONField(default=list, editable=False)
    is_wrong = models.BooleanField(default=False, editable=False)
    is_doubtful = models.BooleanField(default=False, editable=False)
    is_confirmed = models.BooleanField(default=False, editable=False)
    confirmed = models.JSONField(default=list, editable=False)
    confirmed_by = models.CharField(max_length=40, default="", editable=False)
    confirmed_by_name = models.CharField(max_length=255, default="", editable=False)
    edited_at = models.DateTimeField(null=True, editable=False)
    edited_by = models.CharField(max_length=40, default="", editable=False)
    edited_by_name = models.CharField(max_length=255, default="", editable=False)

    class Meta:
        ordering = ("number",)
        constraints: ClassVar = [
            # Serves also: the lines of an import, page by page.
            models.UniqueConstraint(
                fields=["payout_import", "number"], name="one_row_per_line_of_an_import"
            )
        ]

    def __str__(self) -> str:
        return f"{self.payout_import_id} line {self.number}"


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
