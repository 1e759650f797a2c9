"""Who is calling: the one value that every act takes first."""

from dataclasses import dataclass

from billing.chains import Environment
from billing.errors import InsufficientScope, SandboxOnly

ALL_SCOPES: frozenset[str] = frozenset(
    {
        "payouts:read",
        "payouts:write",
        "payouts:approve",
        "wallets:read",
        "wallets:write",
        "events:read",
        "webhooks:read",
        "webhooks:write",
        "checkouts:read",
        "checkouts:write",
        "customers:read",
        "customers:write",
        "subscriptions:read",
        "subscriptions:write",
        "revenue:read",
        "revenue:write",
        "sandbox:write",
    }
)


@dataclass(frozen=True, slots=True)
class Caller:
    """A person, an API key or the system, acting for one organization in one environment.

    `actor_id` is `usr_…`, `key_…` or `system`; it is what `approved_by` and events store.
    `issued_by` is the person who issued the key (`usr_…`), None for people and the system.
    `address` is the network address of the request, empty where there is none.
    """

    organization_id: str
    environment: Environment
    actor_id: str
    actor_name: str
    scopes: frozenset[str]
    issued_by: str | None = None
    plan: str = "enterprise"
    keys_may_self_approve: bool = False
    address: str = ""

    @property
    def is_key(self) -> bool:
        return self.actor_id.startswith("key_")

    @property
    def is_live(self) -> bool:
        return self.environment == Environment.LIVE

    def require(self, scope: str) -> None:
        """Raise InsufficientScope (403) unless this caller has `scope`, as `payouts:approve`."""
        if scope not in self.scopes:
            raise InsufficientScope(scope)

    def require_sandbox(self) -> None:
        """Raise SandboxOnly (400) in live, InsufficientScope (403) without `sandbox:write`."""
        if self.is_live:
            raise SandboxOnly
        self.require("sandbox:write")


def system(
    organization_id: str, environment: Environment, name: str = "The system", address: str = ""
) -> Caller:
    """The caller of acts that nobody asked for: the watcher, the beat."""
    return Caller(organization_id, environment, "system", name, ALL_SCOPES, address=address)
