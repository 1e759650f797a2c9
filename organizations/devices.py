"""What proves that it is you, beside the password: an authenticator app, and codes on paper.

The machinery is django-otp's (one-time codes, and the pause after a wrong one). Its own tables are
not used: they keep the secret of an app, and recovery codes, as they are. Here whoever reads the
database alone learns neither.
"""

import hashlib
import secrets
from base64 import b32encode
from datetime import datetime
from typing import ClassVar
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import models
from django_otp.models import Device, ThrottlingMixin
from django_otp.oath import TOTP

from billing.errors import InvalidRequest
from billing.models import Record
from organizations.secrets import decrypt, encrypt

KEY_BYTES, DIGITS, STEP_S = 20, 6, 30  # What every authenticator app knows (RFC 6238).
DRIFT_STEPS = 1  # A clock may be one step off, either way.
CODE_LETTERS, CODE_LENGTH = "abcdefghjkmnpqrstuvwxyz23456789", 16  # 79 bits: no 0, 1, i, l, o
ISSUER = "Payouts"


class Authenticator(ThrottlingMixin, Device, Record):  # type: ignore[misc]  # it has no types
    """A person's authenticator app, at most one. Not `confirmed`: shown, and no code came yet.

    `key_sealed` is the app's secret under SECRET_KEY. `last_step` is the step of the last code that
    was taken: no code of it or of an earlier one is taken again. Removed with its person.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="authenticator"
    )
    key_sealed = models.BinaryField(editable=False)
    last_step = models.BigIntegerField(default=-1, editable=False)
    confirmed_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[models.Manager["Authenticator"]] = models.Manager()

    def get_throttle_factor(self) -> int:
        return 1  # After the nth wrong code 2 ** (n - 1) seconds in which none is looked at.

    @property
    def key(self) -> bytes:
        """The app's secret. Raises InvalidRequest where SECRET_KEY is another than it was."""
        try:
            return decrypt(bytes(self.key_sealed))
        except ValueError as error:
            raise InvalidRequest(
                "Your authenticator app cannot be checked, because this installation's key was "
                "changed. Ask the operator for manage.py reset_two_factor.",
                code="two_factor_unreadable",
            ) from error

    @property
    def key_words(self) -> str:
        """The secret as people type it: groups of four letters."""
        letters = b32encode(self.key).decode()
        return " ".join(letters[at : at + 4] for at in range(0, len(letters), 4))

    @property
    def link(self) -> str:
        """What the QR code says (`otpauth://`, as authenticator apps read it)."""
        name = f"{ISSUER}:{self.user.email}"
        secret = b32encode(self.key).decode()
        return f"otpauth://totp/{quote(name)}?{urlencode({'secret': secret, 'issuer': ISSUER})}"

    def take(self, code: str, at: datetime) -> bool:
        """Whether the app shows `code` at that time. A code that fits is used up by this."""
        totp = TOTP(self.key, step=STEP_S, digits=DIGITS)
        totp.time = at.timestamp()
        if len(code) != DIGITS or not totp.verify(int(code), DRIFT_STEPS, self.last_step + 1):
            return False
        self.last_step = totp.t()
        return True


class RecoveryCode(models.Model):
    """One code on paper, for whoever lost the app. Only its SHA-256 is kept; used once."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recovery_codes"
    )
    digest = models.CharField(max_length=64, editable=False)
    used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "digest"], name="one_recovery_code_each")
        ]

    def __str__(self) -> str:
        return f"a recovery code of {self.user_id}"


def new_key() -> bytes:
    """A fresh secret for an app, sealed."""
    return encrypt(secrets.token_bytes(KEY_BYTES))


def new_code() -> str:
    """A fresh recovery code, `abcd-efgh-jkmn-pqrs`."""
    letters = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
    return "-".join(letters[at : at + 4] for at in range(0, CODE_LENGTH, 4))


def digest_of(code: str) -> str:
    """SHA-256 of the letters alone. No salt, no stretching: 79 random bits cannot be guessed."""
    letters = "".join(letter for letter in code.lower() if letter.isalnum())
    return hashlib.sha256(letters.encode()).hexdigest()
