"""The words that plans, subscriptions and renewals are stored with, and the legal edges."""

from django.db.models import TextChoices


class Interval(TextChoices):
    """What a period is a number of. Months and years are steps of the calendar."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


class PlanStatus(TextChoices):
    """An archived plan takes no new subscriptions; those there are go on."""

    ACTIVE = "active"
    ARCHIVED = "archived"


class Status(TextChoices):
    """How a subscription stands."""

    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    PAUSED = "paused"
    CANCELED = "canceled"
    EXPIRED = "expired"


class RenewalStatus(TextChoices):
    """How far the payment of one period has come."""

    PENDING = "pending"  # made, and no checkout could be made for it yet
    CHECKOUT_CREATED = "checkout_created"
    PAID = "paid"
    FAILED = "failed"  # its newest checkout closed unpaid
    SKIPPED = "skipped"  # nobody is asked to pay it any more


class CanceledBecause(TextChoices):
    """Why a subscription was canceled."""

    REQUESTED = "requested"
    UNPAID = "unpaid"  # every attempt of a renewal failed


class ValueType(TextChoices):
    """What an entitlement's value is."""

    BOOLEAN = "boolean"
    NUMERIC = "numeric"
    STRING = "string"


# Every edge there is. The database's triggers (migration 0002) hold the same.
EDGES: frozenset[tuple[Status, Status]] = frozenset(
    {
        (Status.TRIALING, Status.ACTIVE),
        (Status.TRIALING, Status.PAST_DUE),
        (Status.TRIALING, Status.PAUSED),
        (Status.TRIALING, Status.CANCELED),
        (Status.ACTIVE, Status.PAST_DUE),
        (Status.ACTIVE, Status.PAUSED),
        (Status.ACTIVE, Status.CANCELED),
        (Status.PAST_DUE, Status.ACTIVE),
        (Status.PAST_DUE, Status.PAUSED),
        (Status.PAST_DUE, Status.CANCELED),
        (Status.PAUSED, Status.ACTIVE),
        (Status.PAUSED, Status.CANCELED),
        (Status.CANCELED, Status.EXPIRED),
    }
)
RENEWAL_EDGES: frozenset[tuple[RenewalStatus, RenewalStatus]] = frozenset(
    {
        (RenewalStatus.PENDING, RenewalStatus.CHECKOUT_CREATED),
        (RenewalStatus.PENDING, RenewalStatus.SKIPPED),
        (RenewalStatus.CHECKOUT_CREATED, RenewalStatus.PAID),
        (RenewalStatus.CHECKOUT_CREATED, RenewalStatus.FAILED),
        (RenewalStatus.CHECKOUT_CREATED, RenewalStatus.SKIPPED),
        (RenewalStatus.FAILED, RenewalStatus.CHECKOUT_CREATED),
        (RenewalStatus.FAILED, RenewalStatus.PAID),
        (RenewalStatus.FAILED, RenewalStatus.SKIPPED),
    }
)
# Those whose renewals are made. The others wait for a person, or are over.
RUNNING = frozenset({Status.TRIALING, Status.ACTIVE, Status.PAST_DUE})
OVER = frozenset({Status.CANCELED, Status.EXPIRED})
