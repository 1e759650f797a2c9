"""Renewal: one period of a subscription that is to be paid, and its transitions."""

from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django_fsm import ConcurrentTransitionMixin, FSMField

from billing.chains import Chain, Token
from billing.models import IdField, Tenanted
from billing.transitions import moves
from checkouts.models import Checkout
from subscriptions.models.subscriptions import Subscription
from subscriptions.states import RenewalStatus


class Renewal(ConcurrentTransitionMixin, Tenanted):
    """One period of one subscription, what it costs, and how often it was asked for.

    Written with its subscription's row locked, by the acts and by the pass. Period, amount and
    schedule never change after the insert, the status only along an edge of
    subscriptions.states.RENEWAL_EDGES, and no row is ever deleted: the database refuses all three.
    The amount is atomic. `closed_at` is when nothing more was to be done for it: paid, skipped, or
    failed for good. Times are in the organization's own time, as of its subscription.
    """

    id = IdField("ren")
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="renewals", editable=False
    )
    period_start = models.DateTimeField(editable=False)
    period_end = models.DateTimeField(editable=False)
    amount_atomic = models.BigIntegerField(editable=False)
    chain = models.CharField(max_length=16, choices=Chain, editable=False)
    token = models.CharField(max_length=16, choices=Token, editable=False)

    # --- its schedule: attempt n closes so many days after `schedule_from` -----------------------
    schedule_from = models.DateTimeField(editable=False)  # due, or when it was made where later
    closes_after_days = ArrayField(models.IntegerField(), editable=False)

    # --- its state ----------------------------------------------------------------------------
    status = FSMField(
        max_length=16,
        choices=RenewalStatus.choices,
        default=RenewalStatus.PENDING.value,
        protected=True,
    )
    checkout = models.OneToOneField(  # of the newest attempt
        Checkout, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    attempt_count = models.IntegerField(default=0, editable=False)
    attempted_at = models.DateTimeField(null=True, editable=False)
    closes_at = models.DateTimeField(null=True, editable=False)  # the newest attempt
    next_attempt_at = models.DateTimeField(null=True, editable=False)
    problem = models.TextField(default="", blank=True, editable=False)  # why there is no checkout
    paid_at = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    mail_owed_at = models.DateTimeField(null=True, editable=False)  # the customer is to be written

    class Meta:
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subscription", "period_start"], name="one_renewal_per_period"
            ),
            models.UniqueConstraint(
                fields=["subscription"],
                condition=Q(closed_at__isnull=True),
                name="one_open_renewal_per_subscription",
            ),
            models.CheckConstraint(
                condition=Q(status__in=RenewalStatus.values), name="renewal_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(period_start__lt=F("period_end")), name="renewal_period_is_no_moment"
            ),
            models.CheckConstraint(
                condition=Q(amount_atomic__gt=0), name="renewal_amount_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(attempt_count__gte=0)
                & Q(attempt_count__lte=F("closes_after_days__len")),
                name="renewal_attempts_are_counted",
            ),
            models.CheckConstraint(
                condition=Q(status="paid", paid_at__isnull=False, closed_at__isnull=False)
                | Q(status="skipped", paid_at__isnull=True, closed_at__isnull=False)
                | Q(status="failed", paid_at__isnull=True)
                | Q(
                    status__in=["pending", "checkout_created"],
                    paid_at__isnull=True,
                    closed_at__isnull=True,
                ),
                name="renewal_end_fits_its_status",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "skipped"])
                | Q(checkout__isnull=False, attempt_count__gte=1),
                name="renewal_checkout_fits_its_status",
            ),
        ]
        indexes: ClassVar = [
            # Serves: GET /v1/subscriptions/renewals and the admin's list, newest first.
            models.Index(
                "organization",
                "environment",
                F("created_at").desc(),
                F("id").desc(),
                name="renewal_list",
            ),
            # Serves: the same lists filtered by status.
            models.Index(
                "organization",
                "environment",
                "status",
                F("created_at").desc(),
                F("id").desc(),
                name="renewal_list_by_status",
            ),
            # Serves: every pass, those whose checkouts may have closed (few at any time).
            models.Index("id", condition=Q(closed_at__isnull=True), name="renewal_open"),
            # Serves: the job that writes to customers.
            models.Index(
                "mail_owed_at", condition=Q(mail_owed_at__isnull=False), name="renewal_mail_owed"
            ),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def max_attempts(self) -> int:
        return len(self.closes_after_days)

    @property
    def has_attempts_left(self) -> bool:
        return self.attempt_count < self.max_attempts

    # --- transitions: set the fields of their state, nothing else -------------------------------

    @moves([RenewalStatus.PENDING, RenewalStatus.FAILED], RenewalStatus.CHECKOUT_CREATED)
    def ask(self, checkout: Checkout, *, at: datetime, closes_at: datetime) -> None:
        self.checkout, self.attempt_count = checkout, self.attempt_count + 1
        self.attempted_at, self.closes_at = at, closes_at
        self.next_attempt_at, self.problem = None, ""

    @moves(RenewalStatus.CHECKOUT_CREATED, RenewalStatus.FAILED)
    def fail(self) -> None:
        self.next_attempt_at = self.closes_at if self.has_attempts_left else None
        self.mail_owed_at = None

    @moves([RenewalStatus.CHECKOUT_CREATED, RenewalStatus.FAILED], RenewalStatus.PAID)
    def pay(self, checkout: Checkout, *, at: datetime) -> None:
        self.checkout = checkout
        self.paid_at = self.closed_at = at
        self.next_attempt_at = self.mail_owed_at = None

    @moves(
        [RenewalStatus.PENDING, RenewalStatus.CHECKOUT_CREATED, RenewalStatus.FAILED],
        RenewalStatus.SKIPPED,
    )
    def skip(self, *, at: datetime) -> None:
        self.closed_at, self.next_attempt_at, self.mail_owed_at = at, None, None
        self.problem = ""
