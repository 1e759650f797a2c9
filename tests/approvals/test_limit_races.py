"""A thousand approvals at once, on real connections: no limit of any scope is ever exceeded."""

import os
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event, Thread

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import Sum

from approvals import drafts
from approvals.facts import Facts
from approvals.models import Approval
from approvals.publishing import publish
from approvals.services import decide
from approvals.terms import LimitTerms, RuleTerms
from billing.callers import ALL_SCOPES, Caller
from billing.chains import Environment
from billing.errors import BillingError
from organizations.models import Organization, User
from tests.approvals.making import UNIT, live, published

MANY = 1_000 if os.environ.get("SOAK") else 300
AT_ONCE = 12
FITTING = 37  # payouts of 10 that fit below 377, one unit short of the next

pytestmark = pytest.mark.django_db(transaction=True)
MakeFacts = Callable[..., Facts]


def all_at_once(approve: Callable[[int], object], many: int) -> Counter[str]:
    """Run so many approvals in threads; count what each came to."""

    def run(number: int) -> str:
        try:
            approve(number)
        except BillingError as refusal:
            return refusal.code
        return "approved"

    def close(_: object) -> None:
        connection.close()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = Counter(threads.map(run, range(many)))
        list(threads.map(close, range(AT_ONCE * 4)))
    return answers


def a_limit(scope: str) -> LimitTerms:
    return LimitTerms("a day", scope, 377 * UNIT, 24)


@transaction.atomic
def publish_without_patience(admin: Caller) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '100ms'")
    published(admin, limits=[a_limit("organization")])


def people(organization: Organization, names: Iterable[str]) -> list[Caller]:
    return [
        Caller(organization.id, Environment.LIVE, f"usr_{name}", name, ALL_SCOPES) for name in names
    ]


@pytest.mark.parametrize("scope", ["organization", "recipient", "approver"])
def test_a_thousand_approvals_at_once_never_exceed_a_limit(
    acme: Organization, ada: User, facts: MakeFacts, scope: str
) -> None:
    published(live(ada, acme), limits=[a_limit(scope)])
    approvers = people(acme, ["jon"] if scope == "approver" else ["jon", "nina", "kim", "lea"])

    def approve(number: int) -> object:
        asked = facts(subject_id=f"po_{number}", amount_atomic=10 * UNIT)
        return decide(approvers[number % len(approvers)], asked)

    answers = all_at_once(approve, MANY)

    assert answers == {"approved": FITTING, "limit_exceeded": MANY - FITTING}
    assert Approval.objects.aggregate(sum=Sum("amount_atomic"))["sum"] == FITTING * 10 * UNIT


def test_each_recipient_and_each_approver_keeps_to_their_own(
    acme: Organization, ada: User, facts: MakeFacts
) -> None:
    limits = [a_limit("approver"), replace(a_limit("recipient"), name="to one")]
    published(live(ada, acme), limits=limits)
    approvers = people(acme, ["jon", "nina", "kim"])

    def approve(number: int) -> object:
        asked = facts(
            subject_id=f"po_{number}",
            amount_atomic=10 * UNIT,
            recipient=f"0x{number // 3 % 2:040x}",
        )
        return decide(approvers[number % 3], asked)

    answers = all_at_once(approve, MANY)

    assert answers["approved"] == 2 * FITTING, "two recipients are fewer than three approvers"
    for column in ("recipient", "person_id"):
        sums = Approval.objects.values(column).annotate(sum=Sum("amount_atomic"))
        assert max(row["sum"] for row in sums) <= 377 * UNIT


def test_a_publication_between_two_approvals_opens_no_gap(
    acme: Organization, ada: User, facts: MakeFacts
) -> None:
    """Versions are published all the while, some without a limit of this sum, none above it."""
    admin = live(ada, acme)
    published(admin, limits=[a_limit("organization")])
    approvers = people(acme, ["jon", "nina", "kim", "lea"])

    def approve_or_publish(number: int) -> object:
        if number % 25 == 0:
            with transaction.atomic():
                return publish(admin, drafts.start(admin).revision)
        asked = facts(subject_id=f"po_{number}", amount_atomic=10 * UNIT)
        return decide(approvers[number % 4], asked)

    answers = all_at_once(approve_or_publish, MANY)

    assert set(answers) == {"approved", "limit_exceeded"}
    assert Approval.objects.filter(decides=True).count() == FITTING


def test_nothing_is_published_while_an_approval_is_being_decided(
    acme: Organization, ada: User, jon: User, facts: MakeFacts
) -> None:
    """Else the newer limits would not see what the older version is just letting through."""
    admin, decided, may_commit = live(ada, acme), Event(), Event()

    def approve_slowly() -> None:
        try:
            with transaction.atomic():
                decide(live(jon, acme), facts(amount_atomic=300 * UNIT))
                decided.set()
                assert may_commit.wait(10)
        finally:
            connection.close()

    slow = Thread(target=approve_slowly)
    slow.start()
    assert decided.wait(10)
    with pytest.raises(OperationalError, match="lock timeout"):
        publish_without_patience(admin)
    may_commit.set()
    slow.join()

    published(admin, limits=[a_limit("organization")])
    with pytest.raises(BillingError) as refused:
        decide(live(jon, acme), facts(subject_id="po_b", amount_atomic=100 * UNIT))

    assert refused.value.code == "limit_exceeded"


def test_of_two_that_approve_at_once_one_decides(
    acme: Organization, ada: User, jon: User, facts: MakeFacts
) -> None:
    """The lock on the subject is the caller's; here it is the organization's row."""
    published(live(ada, acme), RuleTerms("two", needed=2))
    approvers = people(acme, [f"p{number}" for number in range(8)])

    def approve(number: int) -> object:
        with transaction.atomic():
            Organization.objects.select_for_update().get(id=acme.id)
            return decide(approvers[number], facts())

    answers = all_at_once(approve, 2)

    assert answers == {"approved": 2}
    assert sorted(Approval.objects.values_list("decides", flat=True)) == [False, True]
