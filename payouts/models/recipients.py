"""The address book: who is paid, and the addresses that a second person agreed to."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django_fsm import ConcurrentTransitionMixin, FSMField

from billing.chains import Chain
from billing.models import IdField, Tenanted
from billing.transitions import moves


class AddressStatus(models.TextChoices):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    ARCHIVED = "archived"


class AddressBook(Tenanted):
    """How careful one organization is with new addresses. No row: the default.

    Written by recipients.acts.set_cool_down. An address keeps the `usable_at` that it got when it
    was approved, whatever is set here later.
    """

    id = IdField("abk")
    cool_down_hours = models.PositiveSmallIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "environment"], name="one_address_book"
            ),
            models.CheckConstraint(
                condition=Q(cool_down_hours__lte=720), name="cool_down_has_an_end"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cool_down_hours} h"


class Recipient(Tenanted):
    """Somebody who is paid. Written by recipients.acts; never deleted, only archived, for good.

    Of those not archived, no two have one name, case aside: a list shows the name first.
    """

    id = IdField("rcp")
    name = models.CharField(max_length=120)
    note = models.TextField(default="", blank=True)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    reference = models.CharField(max_length=255, default="", blank=True)  # the customer's own
    created_by = models.CharField(max_length=40, editable=False)
    created_by_name = models.CharField(max_length=255, editable=False)
    archived_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                "organization",
                "environment",
                Lower("name"),
                condition=Q(archived_at__isnull=True),
                name="one_live_recipient_per_name",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="recipient_has_a_name"),
        ]
        indexes: ClassVar = [
            # Serves: GET /v1/recipients and the admin's list, newest first.
            models.Index(
                "organization",
                "environment",
                F("created_at").desc(),
                F("id").desc(),
                name="recipient_list",
            )
        ]

    def __str__(self) -> str:
        return self.name


class RecipientAddress(ConcurrentTransitionMixin, Tenanted):
    """Where on one chain a recipient is paid, and who agreed to that.

    Written by recipients.acts. What it is and who proposed it never change, the status only
    forwards, and no row is deleted (payouts_addresses_are_evidence). Money may be sent to it by the
    recipient's name from `usable_at` on: approval plus the cool-down. `decided_*` is who approved
    or rejected it. Proposed and approved ones are live: of these there is one per address.
    """

    id = IdField("rad")
    recipient = models.ForeignKey(
        Recipient, on_delete=models.PROTECT, related_name="addresses", editable=False
    )
    chain = models.CharField(max_length=16, choices=Chain, editable=False)
    address = models.CharField(max_length=64, editable=False)
    lookalike_key = models.CharField(max_length=8, editable=False)  # addresses.lookalike_key
    warnings = models.JSONField(default=list, blank=True, editable=False)  # fixed when proposed
    status = FSMField(
        max_length=8,
        choices=AddressStatus.choices,
        default=AddressStatus.PROPOSED.value,
        protected=True,
    )
    proposed_by = models.CharField(max_length=40, editable=False)
    proposed_by_name = models.CharField(max_length=255, editable=False)
    proposed_by_issuer = models.CharField(max_length=40, default="", editable=False)  # of the key
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=40, default="", blank=True)
    decided_by_name = models.CharField(max_length=255, default="", blank=True)
    usable_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            # Serves too: what the book says of an address.
            models.UniqueConstraint(
                fields=["organization", "environment", "chain", "address"],
                condition=Q(status__in=["proposed", "approved"]),
                name="one_live_recipient_address",
            ),
            models.CheckConstraint(
                condition=Q(status__in=AddressStatus.values), name="recipient_address_status"
            ),
            models.CheckConstraint(
                condition=Q(status="proposed", decided_at__isnull=True, decided_by="")
                | Q(status="archived")
                | Q(status__in=["approved", "rejected"], decided_at__isnull=False)
                & ~Q(decided_by=""),
                name="recipient_address_decision_fits",
            ),
            models.CheckConstraint(
                condition=Q(status="approved", usable_at__gte=F("decided_at"))
                | Q(status="archived")
                | Q(status__in=["proposed", "rejected"], usable_at__isnull=True),
                name="recipient_address_cools_down",
            ),
            # A person never agrees to what they proposed; a key may, where an organization lets it.
            models.CheckConstraint(
                condition=~Q(status="approved")
                | ~Q(decided_by=F("proposed_by"))
                | Q(decided_by__startswith="key_"),
                name="recipient_address_has_two_people",
            ),
        ]
        indexes: ClassVar = [
            # Serves: look-alikes of an address in the book, at create and in lists.
            models.Index(
                fields=["organization", "environment", "lookalike_key"],
                condition=Q(status="approved"),
                name="recipient_lookalikes",
            ),
            # Serves: the admin's list of addresses, newest first.
            models.Index(
                "organization",
                "environment",
                F("created_at").desc(),
                F("id").desc(),
                name="recipient_address_list",
            ),
        ]

    def __str__(self) -> str:
        return self.address

    def is_usable(self, at: datetime) -> bool:
        """Whether money may be sent to it by the recipient's name."""
        if self.status != AddressStatus.APPROVED or self.usable_at is None:
            return False
        return self.usable_at <= at

    # --- transitions: set the fields of their state, nothing else -------------------------------

    @moves(AddressStatus.PROPOSED, AddressStatus.APPROVED)
    def approve(self, *, at: datetime, by: str, name: str, cool_down: timedelta) -> None:
        self.decided_at, self.decided_by, self.decided_by_name = at, by, name
        self.usable_at = at + cool_down

    @moves(AddressStatus.PROPOSED, AddressStatus.REJECTED)
    def reject(self, *, at: datetime, by: str, name: str) -> None:
        self.decided_at, self.decided_by, self.decided_by_name = at, by, name

    @moves([AddressStatus.PROPOSED, AddressStatus.APPROVED], AddressStatus.ARCHIVED)
    def archive(self, *, at: datetime) -> None:
        self.archived_at = at


class NamesRecipient(models.Model):
    """What the address book said of a payout's recipient when it was made; it never changes.

    The name is kept as it was then, since that is what people approved.
    """

    # No index: a recipient's payouts are found by its addresses (payout_by_recipient_amount).
    recipient = models.ForeignKey(
        Recipient,
        null=True,
        on_delete=models.PROTECT,
        related_name="payouts",
        db_index=False,
        editable=False,
    )
    recipient_name = models.CharField(max_length=120, null=True, editable=False)

    class Meta:
        abstract = True
