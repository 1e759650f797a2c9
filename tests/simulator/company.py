"""Who pays in the simulated world: a company with approved payouts, for many schedules."""

import hashlib
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import base58
from django.conf import settings

from billing.addresses import canonical
from billing.chains import Environment, Network, Token
from billing.ids import new_id
from organizations import services as organizations
from organizations.callers import caller_for_user
from organizations.roles import Role
from payouts import services
from payouts.models import PayoutIntent
from payouts.services import NewPayout
from tests.payouts.making import People
from wallets import services as wallets

PAYOUTS = 8
LARGE = PAYOUTS - 1  # the place of the one whose amount asks for a stricter level, where one does
LARGE_FROM = 10_000 * 10**6
NODES = 3


def address(chain: str, name: str) -> str:
    """An address of the chain, the same for the same name."""
    digest = hashlib.sha256(name.encode()).digest()[:20]
    if chain == "tron":
        return base58.b58encode_check(b"\x41" + digest).decode()
    return canonical(f"0x{digest.hex()}", chain)


def networks(chain: str, **changes: Any) -> dict[str, Network]:
    """Settings in which this chain alone is on, with three nodes."""
    urls = tuple(f"http://127.0.0.1:9/{number}" for number in range(NODES))
    row: Network = settings.NETWORKS[chain]
    off = {name: replace(each, rpc_urls=()) for name, each in settings.NETWORKS.items()}
    return {**off, chain: replace(row, rpc_urls=urls, **changes)}


@dataclass(frozen=True)
class Company:
    """The company's people and its payouts, each approved, of another amount to another one."""

    chain: str
    people: People
    payouts: tuple[PayoutIntent, ...]
    sources: tuple[str, ...]
    has_registered: bool

    @classmethod
    def founded(cls, chain: str, *, registers: bool) -> "Company":
        """Found it: live, with payouts that are approved, and perhaps its wallets registered."""
        organization = organizations.create_organization("Acme GmbH")
        roles = (Role.PREPARER, Role.APPROVER, Role.OPERATOR, Role.ADMIN)
        users = [
            organizations.create_staff(
                f"{new_id('usr')}@example.com", organization=organization, role=role
            )
            for role in roles
        ]
        people = People(*(caller_for_user(user, organization, Environment.LIVE) for user in users))
        payouts = tuple(_approved(people, chain, place) for place in range(PAYOUTS))
        sources = tuple(address(chain, f"source {number}") for number in range(3))
        if registers:
            for each in sources:
                draft = wallets.NewWallet(chain=chain, address=each, is_source=True)
                wallets.create(people.admin, draft)
        return cls(chain, people, payouts, sources, registers)

    def name(self, place: int, tx_hash: str, *, replaces: bool) -> None:
        """Name a hash for a payout, its first or another one. Raises as the services do."""
        payout_id = self.payouts[place].id
        if replaces:
            services.replace_hash(self.people.operator, payout_id, tx_hash, "It took its place.")
        else:
            services.execute(self.people.operator, payout_id, tx_hash)


def _approved(people: People, chain: str, place: int) -> PayoutIntent:
    amount = 500 + place if place != LARGE else 20_000
    draft = NewPayout(
        recipient_address=address(chain, f"recipient {place}"),
        chain=chain,
        token=Token.USDC if place % 3 else Token.USDT,
        amount=Decimal(amount),
    )
    payout = services.create(people.preparer, draft)
    services.approve(people.approver, payout.id)
    approved: PayoutIntent = PayoutIntent.objects.get(id=payout.id)
    return approved
