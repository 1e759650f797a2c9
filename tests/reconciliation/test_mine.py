"""Which drafts wait for one person: the one statement against the rules asked draft by draft."""

import os
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.utils import timezone

from approvals.models import Approval, ApproverGroup, CreatedVia, RecipientIs
from approvals.reading import members_of, verdicts
from approvals.rules import is_own
from approvals.terms import RuleTerms
from billing.addresses import lookalike_key
from billing.callers import Caller
from organizations.models import Organization, User
from payouts.acts.approve import facts_of_many
from payouts.models import PayoutImport, PayoutIntent, Recipient, RecipientAddress
from reconciliation.mine import drafts_for, proposals_for
from tests.approvals.making import a_group, published
from tests.reconciliation.rows import a_payout, a_settlement, put_in

AsPerson = Callable[..., Caller]
TIMES = 500 if os.environ.get("SOAK") else 8
NEW, PAID, KNOWN, COOLING = (f"0x{digit * 40}" for digit in "1234")
UNIT = 1_000_000


@pytest.fixture
def drafts(acme: Organization, mara: User, jon: User) -> list[PayoutIntent]:
    """Every maker beside every kind of recipient, in both environments, amounts of 1 to 4."""
    _known(acme)
    imported = PayoutImport.objects.create(
        organization=acme,
        environment="live",
        file_name="pay.csv",
        sha256="0" * 64,
        zone="UTC",
        checked_at=timezone.now(),
        created_by=mara.id,
        created_by_name="Mara",
    )
    makers: list[dict[str, Any]] = [
        {"created_by": mara.id},
        {"created_by": jon.id},
        {"created_by": "key_1", "created_by_issuer": mara.id},
        {"created_by": "key_2", "created_by_issuer": jon.id},
        {"created_by": mara.id, "payout_import": imported},
        {"created_by": "system"},
    ]
    made = [
        a_payout(
            acme,
            environment=environment,
            recipient_address=address,
            recipient_key=lookalike_key(address),
            amount_atomic=UNIT * (1 + (number + place) % 4),
            chain=("base", "arbitrum")[number % 2],
            token=("USDC", "USDT")[place % 2],
            reference_type=("manual", "invoice")[(number + place) % 2],
            **maker,
        )
        for environment in ("live", "sandbox")
        for number, maker in enumerate(makers)
        for place, address in enumerate((NEW, PAID, KNOWN, COOLING))
    ]
    put_in(made)
    return made


def _known(acme: Organization) -> None:
    settled = [
        a_payout(
            acme,
            "settled",
            environment="live",
            chain=chain,
            recipient_address=PAID,
            recipient_key=lookalike_key(PAID),
        )
        for chain in ("base", "arbitrum")
    ]
    put_in(settled, [a_settlement(acme, each) for each in settled])
    recipient = Recipient.objects.create(
        organization=acme, environment="live", name="Acme GmbH", created_by="usr_1"
    )
    for address, days in ((KNOWN, 1), (COOLING, 3)):
        row = RecipientAddress.objects.create(
            organization=acme,
            environment="live",
            recipient=recipient,
            chain="base",
            address=address,
            lookalike_key=lookalike_key(address),
            proposed_by="usr_1",
        )
        two_days_ago = timezone.now() - timedelta(days=2)
        row.approve(at=two_days_ago, by="usr_2", name="Jon", cool_down=timedelta(days=days))
        row.save()


def one_by_one(caller: Caller, drafts: list[PayoutIntent]) -> set[str]:
    """What the product says of each draft when it is asked alone."""
    mine = [each for each in drafts if each.environment == caller.environment]
    given = set(
        Approval.objects.filter(person_id=caller.actor_id, voided_at=None).values_list(
            "subject_id", flat=True
        )
    )
    facts = facts_of_many(mine)
    found = set()
    for draft, verdict in verdicts(caller, facts.values()).items():
        members = members_of(verdict.group)
        of = facts[draft]
        is_asked = not verdict.is_blocked and (members is None or caller.actor_id in members)
        is_theirs = not is_own(caller, of.created_by, of.created_by_issuer)
        if is_asked and is_theirs and draft not in given:
            found.add(draft)
    return found


def a_rule(dice: Random, number: int, groups: list[ApproverGroup]) -> RuleTerms:
    blocks = dice.random() < 0.2
    low = dice.choice((None, 1, 2, 3))
    return RuleTerms(
        name=f"rule {number}",
        chains=dice.choice(((), (), ("base",), ("arbitrum", "tron"))),
        tokens=dice.choice(((), (), ("USDC",))),
        min_atomic=low and low * UNIT,
        max_atomic=dice.choice((None, 3 * UNIT, 4 * UNIT)),
        recipient_is=dice.choice(RecipientIs.values),
        reference_types=dice.choice(((), ("invoice",))),
        created_via=dice.choice(CreatedVia.values),
        outcome="block" if blocks else "approvals",
        group_id=None if blocks else dice.choice((None, *(group.id for group in groups))),
    )


def an_approval(payout: PayoutIntent, user: User, *, void: bool = False) -> None:
    Approval.objects.create(
        organization=payout.organization,
        environment=payout.environment,
        subject_id=payout.id,
        digest="0" * 64,
        actor_id=user.id,
        actor_name=str(user),
        person_id=user.id,
        approved_at=timezone.now(),
        voided_at=timezone.now() if void else None,
        void_reason="Changed." if void else "",
    )


@pytest.mark.parametrize("seed", range(TIMES))
def test_one_statement_says_what_the_rules_say_of_each(
    acme: Organization,
    as_person: AsPerson,
    drafts: list[PayoutIntent],
    jon: User,
    ada: User,
    seed: int,
) -> None:
    dice = Random(seed)
    for environment in ("live", "sandbox"):
        admin = as_person(ada, acme, environment)
        groups = [a_group(admin, jon, name="Jon's"), a_group(admin, ada, name="Ada's")]
        rules = [a_rule(dice, number, groups) for number in range(dice.randrange(5))]
        published(admin, *rules)
        for user in (jon, ada):
            for draft in dice.sample(drafts, 4):
                if not Approval.objects.filter(subject_id=draft.id, actor_id=user.id).exists():
                    an_approval(draft, user, void=dice.random() < 0.5)
        for caller in (as_person(jon, acme, environment), admin):
            found = set(drafts_for(caller).values_list("pk", flat=True))
            assert found == one_by_one(caller, drafts), rules


@pytest.mark.parametrize("recipient_is", ["known", "new", "address_book"])
def test_what_a_recipient_is_decides_as_in_the_rules(
    acme: Organization,
    as_person: AsPerson,
    drafts: list[PayoutIntent],
    jon: User,
    ada: User,
    recipient_is: str,
) -> None:
    admin, caller = as_person(ada, acme, "live"), as_person(jon, acme, "live")
    group = a_group(admin, ada)
    published(admin, RuleTerms(name="such", recipient_is=recipient_is, group_id=group.id))

    found = set(drafts_for(caller).values_list("pk", flat=True))

    assert found == one_by_one(caller, drafts)
    assert 0 < len(found) < 16


def test_without_a_policy_all_that_others_made_waits(
    acme: Organization, as_person: AsPerson, drafts: list[PayoutIntent], jon: User
) -> None:
    # In live four makers of six are neither Jon nor a key of his; each drafted four times.
    assert drafts_for(as_person(jon, acme, "live")).count() == 16
    # In the sandbox a key of his own may be agreed with.
    assert drafts_for(as_person(jon, acme, "sandbox")).count() == 20


def test_a_stranger_waits_for_nothing(
    zenith: Organization, as_person: AsPerson, drafts: list[PayoutIntent], zoe: User
) -> None:
    assert not drafts_for(as_person(zoe, zenith, "live")).exists()


def test_who_proposed_an_address_does_not_let_it_in(
    acme: Organization, as_person: AsPerson, jon: User, ada: User
) -> None:
    recipient = Recipient.objects.create(
        organization=acme, environment="live", name="Acme GmbH", created_by=jon.id
    )
    for number, (by, issuer) in enumerate((("key_1", jon.id), (jon.id, ""), ("usr_1", ""))):
        RecipientAddress.objects.create(
            organization=acme,
            environment="live",
            recipient=recipient,
            chain="base",
            address=f"0x{number:040x}",
            proposed_by=by,
            proposed_by_issuer=issuer,
        )

    assert proposals_for(as_person(jon, acme, "live")).count() == 1
    assert proposals_for(as_person(ada, acme, "live")).count() == 3
