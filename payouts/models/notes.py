"""What people say about a payout besides its facts: comments, and the papers they attach."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from billing.models import IdField, Tenanted

LONGEST_COMMENT = 4_000
LARGEST_FILE_BYTES = 5 * 2**20


class PayoutComment(Tenanted):
    """One thing somebody said about a payout. Written by payouts.notes, and never changed."""

    id = IdField("cmt")
    payout = models.ForeignKey(
        "payouts.PayoutIntent", on_delete=models.PROTECT, related_name="comments", editable=False
    )
    text = models.TextField(editable=False)
    author_id = models.CharField(max_length=40, editable=False)
    author_name = models.CharField(max_length=255, editable=False)

    class Meta:
        ordering = ("created_at", "id")

    def __str__(self) -> str:
        return self.id


class PayoutAttachment(Tenanted):
    """One file that somebody attached to a payout, but for its bytes. Never changed."""

    id = IdField("att")
    payout = models.ForeignKey(
        "payouts.PayoutIntent", on_delete=models.PROTECT, related_name="attachments", editable=False
    )
    name = models.CharField(max_length=120, editable=False)
    media_type = models.CharField(max_length=100, editable=False)
    size = models.PositiveIntegerField(editable=False)  # bytes
    sha256 = models.CharField(max_length=64, editable=False)  # lower-case hexadecimal
    author_id = models.CharField(max_length=40, editable=False)
    author_name = models.CharField(max_length=255, editable=False)

    class Meta:
        ordering = ("created_at", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["payout", "sha256"], name="one_file_once_per_payout"),
            models.CheckConstraint(
                condition=Q(size__gt=0, size__lte=LARGEST_FILE_BYTES), name="attachment_size"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AttachmentContent(models.Model):
    """The bytes of one attachment, apart, so that no list ever reads them."""

    attachment = models.OneToOneField(
        PayoutAttachment,
        on_delete=models.PROTECT,
        related_name="content",
        primary_key=True,
        editable=False,
    )
    data = models.BinaryField(editable=False)

    def __str__(self) -> str:
        return self.attachment_id
