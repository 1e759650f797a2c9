"""Authorization: Bearer sk_…, looked up by its hash in one query; what is found is the Caller."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from billing import exact_json
from billing.callers import Caller
from billing.chains import Environment
from billing.database.first_read import first_row
from billing.errors import Unauthenticated
from organizations import secrets
from organizations.models import ApiKey

USE_NOTED_EVERY = timedelta(minutes=1)

# By hand: this runs on every call, and building it through the ORM costs as much as the query.
_FIND = """
SELECT k.id, k.organization_id, k.environment, k.name, k.last_four, k.scopes, k.issued_by_id,
       k.revoked_at IS NOT NULL, coalesce(k.expires_at <= statement_timestamp(), false),
       coalesce(k.last_used_at < statement_timestamp() - %s, true), o.plan, o.keys_may_self_approve
FROM organizations_apikey k JOIN organizations_organization o ON o.id = k.organization_id
WHERE k.secret_hash = %s
"""


class _Found(NamedTuple):
    id: str
    organization_id: str
    environment: str
    name: str
    last_four: str
    scopes: str  # JSON, as it comes from a cursor
    issued_by_id: str | None
    is_revoked: bool
    has_expired: bool
    is_use_to_be_noted: bool
    plan: str
    keys_may_self_approve: bool


class ApiKeyAuthentication(BaseAuthentication):
    """Gives `request.auth` the Caller of a valid key; every other call ends here with 401."""

    def authenticate(self, request: Request) -> tuple[None, Caller]:
        http_request: HttpRequest = request._request
        caller = authenticate(
            http_request.META.get("HTTP_AUTHORIZATION", ""),
            address=http_request.META.get("REMOTE_ADDR", ""),
        )
        return None, caller


def authenticate(header: str, *, address: str = "") -> Caller:
    """Return the Caller of an Authorization header. Raises Unauthenticated, and says why."""
    found = _find(_secret_of(header))
    _refuse_unusable(found)
    if found.is_use_to_be_noted:
        _note_use(found.id, timezone.now())
    return Caller(
        organization_id=found.organization_id,
        environment=Environment(found.environment),
        actor_id=found.id,
        actor_name=found.name or f"key …{found.last_four}",
        scopes=frozenset(exact_json.loads(found.scopes.encode())),
        issued_by=found.issued_by_id,
        plan=found.plan,
        keys_may_self_approve=found.keys_may_self_approve,
        address=address,
    )


def _secret_of(header: str) -> str:
    scheme, _, secret = header.strip().partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Unauthenticated("No key was sent. Send Authorization: Bearer and a secret key.")
    return secret.strip()


def _find(secret: str) -> _Found:
    values: list[Any] = [USE_NOTED_EVERY, secrets.hash_of(secret)]
    row = first_row(_FIND, values)
    if row is None:
        raise Unauthenticated("No such key. Check it for missing letters.", code="api_key_invalid")
    return _Found(*row)


def _refuse_unusable(found: _Found) -> None:
    if found.is_revoked:
        raise Unauthenticated("This key was revoked. Use another.", code="api_key_revoked")
    if found.has_expired:
        raise Unauthenticated("This key has expired. Use another.", code="api_key_expired")


def _note_use(key_id: str, now: datetime) -> None:
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
    ApiKey.objects.filter(stale, id=key_id).update(last_used_at=now)
