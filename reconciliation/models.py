"""What is kept of reconciliation: its runs, and the exceptions as somebody's work."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from billing.models import IdField, Tenanted

LONGEST_NOTE = 4_000


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
    # [[chain, token, verdict, count]]: the same, apart; empty in runs older than this column.
    lines = models.JSONField(default=list)

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


class Case(Tenanted):
    """Whose work one exception is, and what was said of it.

    An exception is an open settlement, or a failed payout of which nobody knows whether its money
    moved. Written by reconciliation.cases, when somebody first takes it or says something: the
    facts stay where they are.
    """

    id = IdField("exc")
    settlement = models.OneToOneField(
        "payouts.Settlement",
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="case",
    )
    payout = models.OneToOneField(
        "payouts.PayoutIntent",
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="case",
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(settlement__isnull=True) ^ Q(payout__isnull=True),
                name="case_is_of_one_thing",
            )
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def subject_id(self) -> str:
        """The id of the settlement, or of the payout, that it is about."""
        return str(self.settlement_id or self.payout_id)


class CaseNote(Tenanted):
    """One thing somebody said of an exception. Never changed (reconciliation_is_written_once)."""

    id = IdField("exn")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notes", editable=False)
    text = models.TextField(editable=False)
    author_id = models.CharField(max_length=40, editable=False)
    author_name = models.CharField(max_length=255, editable=False)

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.id


class TopUp(Tenanted):
    """That a payout pays what a settlement lacked: at most one per settlement. Never changed."""

    id = IdField("top")
    settlement = models.OneToOneField(
        "payouts.Settlement", on_delete=models.PROTECT, related_name="top_up", editable=False
    )
    payout = models.OneToOneField(
        "payouts.PayoutIntent", on_delete=models.PROTECT, related_name="tops_up", editable=False
    )

    def __str__(self) -> str:
        return self.id


class Period(Tenanted):
    """A range of time whose figures stand for good: from where the last one ended to `until`.

    Written by reconciliation.periods, never changed (reconciliation_is_written_once). `since` is
    None in the first one: from the beginning. `figures` are lines {chain, token, verdict, count,
    late, actual_atomic, intended_atomic}, the sums of its entries; `digest` is over the entries and
    the digest before.
    """

    id = IdField("per")
    previous = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="next", editable=False
    )
    since = models.DateTimeField(null=True, editable=False)  # inclusive
    until = models.DateTimeField(editable=False)  # exclusive
    figures = models.JSONField(editable=False)
    digest = models.CharField(max_length=64, editable=False)
    open_count = models.BigIntegerField(editable=False)  # exceptions that were open all the same
    reason = models.TextField(default="", blank=True, editable=False)
    closed_by = models.CharField(max_length=40, editable=False)
    closed_by_name = models.CharField(max_length=255, editable=False)

    class Meta:
        ordering = ("-until", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "environment"],
                condition=Q(previous__isnull=True),
                name="one_first_period",
            ),
            models.CheckConstraint(
                condition=Q(previous__isnull=True, since__isnull=True)
                | Q(previous__isnull=False, since__lt=F("until")),
                name="period_follows_the_last",
            ),
            models.CheckConstraint(
                condition=Q(open_count=0) | ~Q(reason=""), name="period_with_open_work_says_why"
            ),
        ]

    def __str__(self) -> str:
        return self.id


class PeriodEntry(models.Model):
    """What one settlement put into one period, in atomic units. Never changed.

    Usually all of it, once. What was found, reversed or resolved after its period was closed goes
    into the next one as a difference to what is booked already, with `is_late`.
    """

    period = models.ForeignKey(
        Period, on_delete=models.PROTECT, related_name="entries", editable=False
    )
    settlement = models.ForeignKey(
        "payouts.Settlement", on_delete=models.PROTECT, related_name="+", editable=False
    )
    verdict = models.CharField(max_length=16, editable=False)
    actual_atomic = models.BigIntegerField(editable=False)
    intended_atomic = models.BigIntegerField(editable=False)
    is_late = models.BooleanField(editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["period", "settlement"], name="one_entry_per_period_and_settlement"
            )
        ]

    def __str__(self) -> str:
        return f"{self.settlement_id} in {self.period_id}"


class LedgerAccounts(Tenanted):
    """What an organization calls the accounts of its ledger files. No row: the defaults.

    Written by reconciliation.ledgers.naming. `names` are by the fields of ledgers.entries.Accounts;
    what is not in it has its default.
    """

    id = IdField("lac")
    names = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "environment"], name="one_set_of_ledger_accounts"
            )
        ]

    def __str__(self) -> str:
        return self.id


class WalletBook(models.Model):
    """One token in one source wallet: what it held first, and how its chain stands to that since.

    Written by reconciliation.wallet_books, live alone. The opening is what the first answer after
    `source_since` said and never changes (reconciliation_openings_are_kept); the rest is added up
    anew, as of `block_number`. Amounts are atomic, and may be as large as a word of the chain.
    """

    wallet = models.ForeignKey(
        "wallets.Wallet", on_delete=models.PROTECT, related_name="+", editable=False
    )
    source_since = models.DateTimeField(editable=False)  # a wallet may be a source twice
    contract = models.CharField(max_length=64, editable=False)
    opening_atomic = models.DecimalField(max_digits=78, decimal_places=0, editable=False)
    opening_block = models.BigIntegerField(editable=False)
    opening_at = models.DateTimeField(editable=False)
    in_atomic = models.DecimalField(max_digits=78, decimal_places=0)
    out_atomic = models.DecimalField(max_digits=78, decimal_places=0)
    chain_atomic = models.DecimalField(max_digits=78, decimal_places=0)
    block_number = models.BigIntegerField()
    asked_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["wallet", "source_since", "contract"], name="one_book_per_wallet_and_token"
            ),
            models.CheckConstraint(
                condition=Q(block_number__gte=F("opening_block")), name="wallet_book_runs_forward"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.wallet_id} {self.contract}"
