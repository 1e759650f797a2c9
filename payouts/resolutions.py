"""How a difference, or money with no intent behind it, was closed."""

from django.db import models


class Resolution(models.TextChoices):
    """How a discrepancy or an unexpected settlement was closed."""

    ACCEPTED_FEE = "accepted_fee", "Accepted fee"
    TOP_UP = "top_up", "Top-up payout"
    MATCHED_BY_HAND = "matched_by_hand", "Matched by hand"
    REFUND = "refund", "Refund"
    WRITTEN_OFF = "written_off", "Written off"
    INTERNAL = "internal", "Internal"
