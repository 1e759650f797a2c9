"""How organizations, members and keys are told in events. No secret is ever in here."""

from typing import Any

from billing.times import iso
from organizations.models import ApiKey, Membership, Organization


def organization_json(organization: Organization) -> dict[str, Any]:
    return {
        "id": organization.id,
        "name": organization.name,
        "plan": organization.plan,
        "keys_may_self_approve": organization.keys_may_self_approve,
        "paused_at": iso(organization.paused_at) if organization.paused_at else None,
        "paused_by": organization.paused_by or None,
        "pause_reason": organization.pause_reason or None,
        "requires_two_factor": organization.requires_two_factor,
        "created_at": iso(organization.created_at),
    }


def member_json(membership: Membership) -> dict[str, Any]:
    return {
        "user_id": membership.user_id,
        "name": str(membership.user),
        "email": membership.user.email,
        "org_id": membership.organization_id,
        "role": membership.role,
        "created_at": iso(membership.created_at),
    }


def api_key_json(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "org_id": key.organization_id,
        "environment": key.environment,
        "name": key.name,
        "last_four": key.last_four,
        "scopes": key.scopes,
        "issued_by": key.issued_by_id,
        "expires_at": iso(key.expires_at) if key.expires_at else None,
        "revoked_at": iso(key.revoked_at) if key.revoked_at else None,
        "created_at": iso(key.created_at),
    }
