"""Branding: how an organization's hosted pages look, and who may show them."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models

from billing.models import IdField, Tenanted


class Branding(Tenanted):
    """The name and colour on the hosted pages of one organization and environment.

    Written by checkouts.services, at most one each; where there is none, the pages bear the
    organization's own name. `origins` are the shops' origins (`https://shop.example`) that may show
    the page in an overlay.
    """

    id = IdField("brand")
    merchant_name = models.CharField(max_length=120)
    accent_color = models.CharField(
        max_length=7, default="#0f766e", validators=[RegexValidator(r"#[0-9a-f]{6}\Z")]
    )
    support_url = models.CharField(max_length=500, blank=True, default="")  # https: or mailto:
    origins = ArrayField(models.CharField(max_length=200), default=list, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "environment"], name="one_branding_per_environment"
            ),
            models.CheckConstraint(
                condition=models.Q(accent_color__regex=r"^#[0-9a-f]{6}$"),
                name="branding_color_is_one",
            ),
        ]

    def __str__(self) -> str:
        return self.merchant_name
