"""A company in the sandbox on the morning of the day: its people, suppliers, rules and past.

What the past has settled is put in as rows; everything of the day itself is done by the pages.
"""

import random
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from approvals.terms import LimitTerms, RuleTerms
from billing.addresses import lookalike_key
from organizations import services as organizations
from organizations.models import Organization, User
from organizations.roles import Role
from payouts.demonstration.payees import (
    BRIGHTSIDE,
    HETZEL,
    KOWALSKI,
    LINDQVIST,
    MARCHETTI,
    NORTHWIND,
    OYELARAN,
    TANAKA,
    TREASURY,
    VEGA,
    ZHOU,
    Payee,
)
from payouts.models import PayoutIntent, Recipient, Settlement
from payouts.recipients.acts import NewRecipient
from payouts.recipients.acts import create as new_recipient
from tests.approvals.making import UNIT, a_group, published
from tests.payouts.making import People
from tests.payouts.recipients.booking import usable
from tests.reconciliation.rows import a_payout, a_settlement, put_in
from wallets import services as wallets

SUPPLIERS = (
    NORTHWIND, LINDQVIST, TANAKA, KOWALSKI, HETZEL, ZHOU, MARCHETTI, VEGA, OYELARAN, BRIGHTSIDE,
)  # fmt: skip
NEW = (
    "0x627306090abaB3A6e1400e9345bC60c78a8BEf57",
    "0xf17f52151EbEF6C7334FAD080c5704D77216b732",
)
DAYS_OF_PAST = 45


@dataclass(frozen=True, slots=True)
class Company:
    """Who works there: Mara and Jon and Nina may approve, Otto carries out, Ada administers."""

    organization: Organization
    mara: User
    jon: User
    nina: User
    otto: User
    ada: User

    @property
    def people(self) -> People:
        return People.of(self.organization, "sandbox", self.mara, self.jon, self.otto, self.ada)


def founded() -> Company:
    """Everybody and everything as the day begins."""
    acme = organizations.create_organization("Acme GmbH")
    company = Company(
        acme,
        mara=_person("Mara Lind", acme, Role.APPROVER),
        jon=_person("Jon Okafor", acme, Role.APPROVER),
        nina=_person("Nina Petit", acme, Role.APPROVER),
        otto=_person("Otto Brandt", acme, Role.OPERATOR),
        ada=_person("Ada Moreau", acme, Role.ADMIN),
    )
    _keep_a_book(company)
    _publish_a_policy(company)
    for chain, address in TREASURY.items():
        name = f"Treasury on {chain.label}"
        draft = wallets.NewWallet(chain=chain.value, address=address, name=name, is_source=True)
        wallets.create(company.people.admin, draft)
    _have_a_past(acme)
    return company


def _person(name: str, organization: Organization, role: Role) -> User:
    return organizations.create_staff(
        f"{name.split()[0].lower()}@acme.example",
        organization=organization,
        role=role,
        name=name,
        password="a password that nobody types",
    )


def _keep_a_book(company: Company) -> None:
    for supplier in SUPPLIERS:
        recipient = new_recipient(company.people.preparer, NewRecipient(supplier.name))
        usable(company.people, supplier.address, recipient=recipient, chain=supplier.chain)


def _publish_a_policy(company: Company) -> None:
    admin = company.people.admin
    group = a_group(admin, company.mara, company.jon, company.nina, name="Finance leads")
    two = RuleTerms("", needed=2, group_id=group.id, people_only=True)
    published(
        admin,
        replace(two, name="from 1,000 on", min_atomic=1_000 * UNIT),
        replace(two, name="somebody new", recipient_is="new"),
        limits=[LimitTerms("a day", "organization", 250_000 * UNIT, 24)],
        note="As agreed with the auditors.",
    )


def _have_a_past(acme: Organization) -> None:
    """A few payouts a day to the suppliers, each settled as it was meant."""
    chance, today = random.Random(7), timezone.now()
    names = {each.name: each for each in Recipient.objects.all()}
    payouts: list[PayoutIntent] = []
    settlements: list[Settlement] = []
    for day in range(1, DAYS_OF_PAST):
        for supplier in chance.sample(SUPPLIERS, chance.randint(0 if day % 7 < 2 else 3, 8)):
            at = today - timedelta(days=day, minutes=chance.randrange(300))
            tx_hash = f"{chance.getrandbits(256):064x}"
            payout = a_payout(
                acme,
                "settled",
                chain=supplier.chain.value,
                token=supplier.token.value,
                recipient_address=supplier.address,
                recipient_key=lookalike_key(supplier.address),
                recipient=names[supplier.name],
                recipient_name=supplier.name,
                amount_atomic=chance.randrange(800, 9_400) * UNIT + chance.randrange(100) * 10_000,
                reference_type="invoice",
                reference_id=f"INV-{1_000 + len(payouts)}",
                created_at=at,
            )
            payout.expected_tx_hash = f"0x{tx_hash}" if payout.chain != "tron" else tx_hash
            payouts.append(payout)
            settlement = a_settlement(
                acme,
                payout,
                created_at=at,
                block_time=at,
                tx_hash=payout.expected_tx_hash,
                from_address=TREASURY[supplier.chain],
            )
            payout.settled_at = at
            settlements.append(settlement)
    put_in(payouts, settlements)


@dataclass(frozen=True, slots=True)
class Invoice:
    """A line of the file that Mara was given."""

    payee: Payee
    amount: Decimal
    number: str
    is_new: bool = False


def invoices() -> list[Invoice]:
    """Fifty: to the suppliers in turn, two of them to somebody who was never paid."""
    chance = random.Random(11)
    found = []
    for number in range(50):
        payee = SUPPLIERS[number % len(SUPPLIERS)]
        whole = chance.randrange(1_100, 9_800) if number % 6 == 0 else chance.randrange(90, 980)
        amount = Decimal(whole) + Decimal(chance.randrange(100)) / 100
        found.append(Invoice(payee, amount, f"INV-{2_201 + number}"))
    for place, address in zip((17, 34), NEW, strict=True):
        payee = Payee("", address, NORTHWIND.chain, NORTHWIND.token)
        found[place] = Invoice(payee, found[place].amount, found[place].number, is_new=True)
    return found
