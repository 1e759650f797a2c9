"""Subscription: one customer's standing order of one plan, and its transitions."""

import secrets
from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django_fsm import ConcurrentTransitionMixin, FSMField

from billing.models import IdField, Tenanted
from billing.transitions import moves
from checkouts.models import PaymentMethod
from customers.models import Customer
from subscriptions.models.plans import Plan
from subscriptions.states import RUNNING, CanceledBecause, Status


def new_page_token() -> str:
    """The word of a customer's page, which nobody can guess."""
    return secrets.token_urlsafe(32)


class Subscription(ConcurrentTransitionMixin, Tenanted):
    """That a customer has a plan, which period it has come to, and what stands open.

    Written by subscriptions.services and by the pass that renews, with its row locked. Customer and
    plan never change, the status only along an edge of subscriptions.states.EDGES, and no row is
    ever deleted: the database refuses all three. Times are in the organization's own time
    (organizations.clock), but for `created_at` and `updated_at`.
    """

    id = IdField("sub")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="subscriptions", editable=False
    )
    plan = models.ForeignKey(
        Plan, on_delete=models.PROTECT, related_name="subscriptions", editable=False
    )
    # Null, or disabled by now: the organization's method for the plan's chain and token.
    payment_method = models.ForeignKey(
        PaymentMethod, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    page_token = models.CharField(
        max_length=64, unique=True, default=new_page_token, editable=False
    )
    metadata: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)

    # --- its periods: number k begins k intervals after the anchor, by the clocks of its zone ---
    time_zone = models.CharField(max_length=64, default="UTC", editable=False)
    anchor_at = models.DateTimeField(editable=False)
    next_period = models.IntegerField(default=0, editable=False)  # no renewal was made for it yet
    # The trial, or the newest period that was paid; the first one counts before it is paid.
    current_period_start = models.DateTimeField(editable=False)
    current_period_end = models.DateTimeField(editable=False)
    trial_end = models.DateTimeField(null=True, editable=False)

    # --- its state ----------------------------------------------------------------------------
    status = FSMField(max_length=8, choices=Status.choices, protected=True)
    cancel_at_period_end = models.BooleanField(default=False, editable=False)
    canceled_at = models.DateTimeField(null=True, editable=False)
    canceled_because = models.CharField(
        max_length=9, choices=CanceledBecause, default="", blank=True, editable=False
    )
    expired_at = models.DateTimeField(null=True, editable=False)
    pause_start = models.DateTimeField(null=True, editable=False)
    pause_end = models.DateTimeField(null=True, editable=False)
    # When time alone moves it on next; null where nothing but an act or a checkout does.
    wakes_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="subscription_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(current_period_start__lte=F("current_period_end")),
                name="subscription_period_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=Q(next_period__gte=0), name="subscription_period_is_counted"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["canceled", "expired"], canceled_at__isnull=False)
                & Q(canceled_because__in=CanceledBecause.values)
                | ~Q(status__in=["canceled", "expired"])
                & Q(canceled_at__isnull=True, canceled_because=""),
                name="subscription_cancellation_fits_its_status",
            ),
            models.CheckConstraint(
                condition=Q(status="expired", expired_at__isnull=False)
                | ~Q(status="expired") & Q(expired_at__isnull=True),
                name="subscription_expiry_fits_its_status",
            ),
            models.CheckConstraint(
                condition=~Q(status="paused") | Q(pause_start__isnull=False, pause_end=None),
                name="subscription_pause_fits_its_status",
            ),
            models.CheckConstraint(
                condition=~Q(status="trialing") | Q(trial_end__isnull=False),
                name="subscription_trial_has_an_end",
            ),
        ]
        indexes: ClassVar = [
            # Serves: GET /v1/subscriptions and the admin's list, newest first.
            models.Index(
                "organization",
                "environment",
                F("created_at").desc(),
                F("id").desc(),
                name="subscription_list",
            ),
            # Serves: the same lists filtered by status.
            models.Index(
                "organization",
                "environment",
                "status",
                F("created_at").desc(),
                F("id").desc(),
                name="subscription_list_by_status",
            ),
            # Serves: the subscriptions of a customer, newest first, and what they open.
            models.Index(
                "customer", F("created_at").desc(), F("id").desc(), name="subscription_of_customer"
            ),
            # Serves: every pass, what is due by the wall clock.
            models.Index(
                "wakes_at", condition=Q(wakes_at__isnull=False), name="subscription_wakes"
            ),
            # Serves: every pass, what is due in sandboxes that were moved ahead.
            models.Index(
                "organization",
                "wakes_at",
                condition=Q(environment="sandbox", wakes_at__isnull=False),
                name="subscription_wakes_in_sandbox",
            ),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def is_running(self) -> bool:
        """Whether its renewals are made."""
        return self.status in RUNNING

    # --- transitions: set the fields of their state, nothing else -------------------------------

    @moves(Status.TRIALING, Status.ACTIVE)
    def activate(self) -> None:
        """The trial is over and the first period was paid."""

    @moves([Status.TRIALING, Status.ACTIVE], Status.PAST_DUE)
    def fall_due(self) -> None:
        """An attempt failed and the period that it was for has begun."""

    @moves(Status.PAST_DUE, Status.ACTIVE)
    def recover(self) -> None:
        """What was due was paid."""

    @moves([Status.TRIALING, Status.ACTIVE, Status.PAST_DUE], Status.PAUSED)
    def pause(self, *, at: datetime) -> None:
        self.pause_start, self.pause_end = at, None

    @moves(Status.PAUSED, Status.ACTIVE)
    def resume(self, *, at: datetime, period_end: datetime) -> None:
        self.pause_end = at
        self.anchor_at = self.current_period_start = at
        self.current_period_end, self.next_period = period_end, 0

    @moves([Status.TRIALING, Status.ACTIVE, Status.PAST_DUE, Status.PAUSED], Status.CANCELED)
    def cancel(self, *, at: datetime, because: CanceledBecause) -> None:
        self.canceled_at, self.canceled_because = at, because.value

    @moves(Status.CANCELED, Status.EXPIRED)
    def expire(self, *, at: datetime) -> None:
        self.expired_at = at
