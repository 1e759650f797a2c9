"""The words that checkouts, payments and payment methods are stored with, and the legal edges."""

from django.db.models import TextChoices


class Status(TextChoices):
    """How far a checkout has come."""

    PENDING = "pending"
    DETECTED = "detected"
    CONFIRMING = "confirming"
    CONFIRMED = "confirmed"
    EXPIRED = "expired"
    FAILED = "failed"


# Every edge there is. The database's trigger (migration 0002) holds the same.
# An expired checkout is detected only where a reorganization, or a node that came back, shows a
# payment that was on time after all.
EDGES: frozenset[tuple[Status, Status]] = frozenset(
    {
        (Status.PENDING, Status.DETECTED),
        (Status.PENDING, Status.EXPIRED),
        (Status.PENDING, Status.FAILED),
        (Status.DETECTED, Status.PENDING),
        (Status.DETECTED, Status.CONFIRMING),
        (Status.CONFIRMING, Status.PENDING),
        (Status.CONFIRMING, Status.CONFIRMED),
        (Status.EXPIRED, Status.DETECTED),
    }
)
OPEN = frozenset({Status.PENDING, Status.DETECTED, Status.CONFIRMING})
CLOSED = frozenset({Status.CONFIRMED, Status.EXPIRED, Status.FAILED})


class Purpose(TextChoices):
    """What a checkout is for."""

    ONE_TIME = "one_time"
    RENEWAL = "renewal"


class MethodStatus(TextChoices):
    ACTIVE = "active"
    DISABLED = "disabled"


class LinkStatus(TextChoices):
    """Whether a payment link can be paid by, and why not. Worked out, never stored."""

    ACTIVE = "active"
    EXPIRED = "expired"
    CLOSED = "closed"
    METHOD_DISABLED = "method_disabled"


class PaymentKind(TextChoices):
    """What one transfer to a deposit address is. All but `on_time` are work for a person."""

    ON_TIME = "on_time", "on time"  # counts towards its checkout
    LATE = "late", "late"  # mined after its checkout expired, or after it was canceled
    WRONG_TOKEN = "wrong_token", "wrong token"  # another pinned token, or a namesake
    UNASSIGNED = "unassigned", "unassigned"  # to an address of ours, and no checkout is named by it


class PaymentResolution(TextChoices):
    """What a person says became of a payment that needed one."""

    REFUNDED = "refunded"
    ACCEPTED = "accepted", "accepted as it is"
    CREDITED = "credited", "credited to the customer"
    WRITTEN_OFF = "written_off", "written off"
