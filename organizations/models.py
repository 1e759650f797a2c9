"""Who is calling: organizations, people, memberships, API keys and the answers kept for repeats."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower

from billing.models import IdField, Record, Tenanted
from billing.plans import Plan
from organizations.clock import SandboxClock as SandboxClock
from organizations.devices import Authenticator as Authenticator
from organizations.devices import RecoveryCode as RecoveryCode
from organizations.noticing import NoticeChoice as NoticeChoice
from organizations.roles import Role
from organizations.sessions import Session as Session


class Organization(Record):
    """One customer of this installation. Written by its admins; never deleted."""

    id = IdField("org")
    name = models.CharField(max_length=120)
    plan = models.CharField(max_length=16, choices=Plan, default=Plan.ENTERPRISE)
    keys_may_self_approve = models.BooleanField(
        default=False,
        help_text="Whether a live key may approve what it or its issuer created.",
    )
    requires_two_factor = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whether its people may do anything before they have a second factor.",
    )
    time_zone = models.CharField(max_length=64, default="UTC", help_text="For screens only.")
    # While paused nothing is approved and nothing handed over (organizations.pausing).
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    paused_by = models.CharField(max_length=40, default="", blank=True, editable=False)
    paused_by_name = models.CharField(max_length=255, default="", blank=True, editable=False)
    pause_reason = models.CharField(max_length=500, default="", blank=True, editable=False)

    class Meta:
        ordering = ("name", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(plan__in=Plan.values), name="organization_plan_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(paused_at=None, paused_by="", pause_reason="")
                | (
                    models.Q(paused_at__isnull=False)
                    & ~models.Q(paused_by="")
                    & ~models.Q(pause_reason="")
                ),
                name="organization_is_paused_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Addresses are kept in lower case, so that people log in however they write theirs."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())

    def create_user(
        self, email: str, password: str | None = None, *, name: str = "", **fields: Any
    ) -> "User":
        user = self.model(email=email.strip().lower(), name=name, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin, Record):
    """A person. What they may do stands in their memberships, one per organization."""

    id = IdField("usr")
    email = models.EmailField(unique=True, error_messages={"unique": "This address is taken."})
    name = models.CharField(max_length=120, blank=True)
    is_staff = models.BooleanField("may log in to the admin", default=False)
    is_active = models.BooleanField(default=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ("email",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="user_email_is_lower_case"
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email


class Membership(Record):
    """That a person works for an organization, and as what. Removed when they leave."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=16, choices=Role)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "organization"], name="one_membership_per_person"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="membership_role_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.role}"


class ApiKey(Tenanted):
    """A key of the API. Of its secret only the SHA-256 and the last four characters are kept.

    Written at issue and at revocation; `last_used_at` moves at most once a minute.
    """

    id = IdField("key")
    name = models.CharField(max_length=120, blank=True)
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    last_four = models.CharField(max_length=4, editable=False)
    scopes: models.JSONField[Any, Any] = models.JSONField(default=list)
    issued_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        indexes: ClassVar = [
            # Serves: the keys of an organization, newest first, in the admin.
            models.Index(
                fields=["organization", "environment", "-created_at", "-id"], name="api_key_list"
            )
        ]

    def __str__(self) -> str:
        prefix = "sk_live_" if self.environment == "live" else "sk_test_"
        return f"{self.name or self.id} ({prefix}…{self.last_four})"


class IdempotencyKey(Tenanted):
    """The stored answer to one POST with an Idempotency-Key; there only once the act is committed.

    `id` is the SHA-256 of organization, environment, method, path and key, which makes "the same
    call" one primary key. Never edited: after `expires_at` it is as if it were not there, the next
    first call replaces it, and a job deletes it.
    """

    id = models.CharField(max_length=64, primary_key=True)
    method = models.CharField(max_length=8)
    path = models.TextField()
    key = models.CharField(max_length=255)
    body_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    answer = models.BinaryField()
    is_encrypted = models.BooleanField(default=False)
    expires_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            # Serves: the job that forgets expired keys.
            models.Index(fields=["expires_at"], name="idempotency_key_expiry")
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.key}"
