"""What every table shares. Abstract only: the ground floor has no tables of its own."""

from typing import Any, Self, TypeVar

from django.db import models
from django.utils import timezone

from billing.callers import Caller
from billing.chains import Environment
from billing.ids import new_id

Row = TypeVar("Row", bound=models.Model, covariant=True)


class IdField(models.CharField[str, str]):
    """A primary key such as `po_` and 24 hexadecimal characters, made when the object is.

    Having a default lets Django insert a new row without first trying to update it.
    """

    def __init__(self, prefix: str, **kwargs: Any) -> None:
        self.prefix = prefix
        kwargs.setdefault("max_length", 40)
        kwargs["primary_key"] = True
        kwargs["editable"] = False
        super().__init__(**kwargs)

    def get_default(self) -> str:
        return new_id(self.prefix)

    def has_default(self) -> bool:
        return True

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        return name, path, [self.prefix, *args], kwargs


class Record(models.Model):
    """A row with times. `created_at` and `id` together are its place in every list."""

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    class Meta:
        abstract = True


class TenantedQuerySet(models.QuerySet[Row]):
    def visible_to(self, caller: Caller) -> Self:
        """Only the rows of the caller's organization and environment."""
        return self.filter(organization_id=caller.organization_id, environment=caller.environment)


class Tenanted(Record):
    """A row that belongs to one organization and one environment; neither ever changes."""

    organization = models.ForeignKey(
        "organizations.Organization",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        editable=False,
    )
    environment = models.CharField(max_length=7, choices=Environment, editable=False)

    objects = TenantedQuerySet.as_manager()

    class Meta:
        abstract = True
