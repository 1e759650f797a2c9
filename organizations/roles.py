"""What each role of a person may do, as scopes: one table, read by the admin and by every service.

| role     | reads | write | approve | execute | wallets | administer |
|----------|-------|-------|---------|---------|---------|------------|
| viewer   | all   |       |         |         |         |            |
| preparer | all   | yes   |         |         |         |            |
| approver | all   | yes   | yes     |         |         |            |
| operator | all   | yes   |         | yes     | yes     |            |
| admin    | all   | yes   | yes     | yes     | yes     | yes        |

write is `payouts:write`: create, update and cancel; and `checkouts:write`: cancel a checkout or
mark it as failed, say what became of a payment, keep payment methods and links. execute is
`payouts:execute`: what follows an approval: hand over, submit or replace a hash, take back, fail by
hand, resolve a discrepancy. It and the `…:administer` scopes are for people only: no API key has
them, and a key's `payouts:write` executes. Whoever approves may also pause the organization.
An approver writes too, so that the same small team works without an admin; what they wrote
themselves they can never approve.
"""

from django.db.models import TextChoices

from billing.callers import ALL_SCOPES

APPROVE = "payouts:approve"
EXECUTE = "payouts:execute"
ADMINISTER_KEYS = "api_keys:administer"
ADMINISTER_MEMBERS = "members:administer"
ADMINISTER_ORGANIZATION = "organization:administer"
ADMINISTER_POLICIES = "policies:administer"

READS = frozenset(scope for scope in ALL_SCOPES if scope.endswith(":read"))
WRITES = ALL_SCOPES - READS - {APPROVE}
ADMINISTERS = frozenset(
    {ADMINISTER_KEYS, ADMINISTER_MEMBERS, ADMINISTER_ORGANIZATION, ADMINISTER_POLICIES}
)
PEOPLE_ONLY = ADMINISTERS | {EXECUTE}


class Role(TextChoices):
    PREPARER = "preparer"
    APPROVER = "approver"
    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


_PREPARES = frozenset(
    {"payouts:write", "checkouts:write", "customers:write", "subscriptions:write", "sandbox:write"}
)
_SCOPES: dict[str, frozenset[str]] = {
    Role.VIEWER: READS,
    Role.PREPARER: READS | _PREPARES,
    Role.APPROVER: READS | _PREPARES | {APPROVE},
    Role.OPERATOR: READS | WRITES | {EXECUTE},
    Role.ADMIN: ALL_SCOPES | PEOPLE_ONLY,
}


def scopes_of(role: str) -> frozenset[str]:
    """Every scope of a person with `role`; raises KeyError for a word that is no role."""
    return _SCOPES[role]
