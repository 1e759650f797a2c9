"""The first page: what waits for this person by the policy, what for others; and its cost."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from approvals.terms import RuleTerms
from organizations.models import User
from payouts import outflows, services
from payouts.models import PayoutImport
from payouts.recipients import acts as book
from tests.admin.conftest import Desk
from tests.admin.reading import text_of
from tests.approvals.making import a_group, published
from tests.payouts.making import (
    OTHER_RECIPIENT,
    People,
    a_hash,
    make_payout,
    mined,
    moved,
)
from tests.payouts.outgoing import a_source

HOME = "/admin/"


def test_only_what_i_may_approve_waits_for_me(
    people: People, jon: User, ada: User, desk: Desk
) -> None:
    group = a_group(people.admin, ada)
    published(
        people.admin,
        RuleTerms(name="large", min_atomic=600_000_000, group_id=group.id),
        RuleTerms(name="the rest", needed=2),
    )
    make_payout(people, "draft")
    make_payout(people, "draft", amount=Decimal(700))
    make_payout(people, "draft", amount=Decimal(800))

    page = text_of(desk(jon).get(HOME))
    assert "1 to approve 2 more wait for others 500.00 USDC on Arbitrum One" in page
    assert "With others: 2 to approve" in page
    page = text_of(desk(ada).get(HOME))
    assert "3 to approve 2,000.00 USDC on Arbitrum One" in page
    assert "With others" not in page


def test_what_i_approved_waits_for_others(people: People, jon: User, desk: Desk) -> None:
    published(people.admin, RuleTerms(name="all", needed=2))
    payout = make_payout(people, "draft")
    assert "1 to approve 500.00" in text_of(desk(jon).get(HOME))

    services.approve(people.approver, payout.id)

    page = text_of(desk(jon).get(HOME))
    assert "Nothing waits for you." in page
    assert "With others: 1 to approve" in page


def test_my_own_drafts_wait_for_others(people: People, mara: User, ada: User, desk: Desk) -> None:
    make_payout(people, "draft")

    assert "With others: 1 to approve" in text_of(desk(mara).get(HOME))
    assert "1 to approve 500.00" in text_of(desk(ada).get(HOME))


def test_who_hands_over_is_told_and_who_does_not_is_not(
    people: People, otto: User, vera: User, desk: Desk
) -> None:
    make_payout(people, "approved")

    assert "1 to hand over 500.00 USDC on Arbitrum One" in text_of(desk(otto).get(HOME))
    assert "Nothing waits for you." in text_of(desk(vera).get(HOME))


def test_money_with_no_payout_behind_it_comes_first_and_red(
    people: People, jon: User, desk: Desk
) -> None:
    a_source(people)
    make_payout(people, "draft")
    mined(a_hash(), moved(7_000_000, to=OTHER_RECIPIENT))
    outflows.catch_up(people.operator)

    page = desk(jon).get(HOME)

    body = page.content.decode()
    first = body[body.index('<ul class="needs">') :]
    assert first.index('<li class="urgent">') < first.index("to approve")
    assert "1 unexpected outflow money left with no payout behind it 7.00 USDC" in text_of(page)


def test_what_is_due_and_not_paid_is_overdue(people: People, jon: User, desk: Desk) -> None:
    late = timezone.now() - timedelta(hours=30)
    for status in ("draft", "approved", "settled"):
        make_payout(people, status, due_date=late)
    make_payout(people, "draft", due_date=late + timedelta(days=9))

    page = desk(jon).get(HOME)

    assert "2 overdue due and not paid; the longest for 30 h" in text_of(page)
    url = page.context["needs"][-1].url
    listed = text_of(desk(jon).get(url))
    assert listed.count("overdue by 30 h") == 2


def test_proposals_and_imports_wait_for_who_may_decide(
    people: People, jon: User, vera: User, desk: Desk
) -> None:
    payee = book.create(people.preparer, book.NewRecipient(name="Acme GmbH"))
    book.propose(people.preparer, payee.id, book.NewAddress("arbitrum", OTHER_RECIPIENT))
    PayoutImport.objects.create(
        organization_id=people.preparer.organization_id,
        environment="live",
        file_name="pay.csv",
        sha256="0" * 64,
        zone="UTC",
        state="checked",
        checked_at=timezone.now(),
        created_by=people.preparer.actor_id,
        created_by_name="Mara",
    )

    page = text_of(desk(jon).get(HOME))

    assert "1 address to let in proposed for the address book" in page
    assert "1 import to confirm checked, and no draft is made yet" in page
    assert "Nothing waits for you." in text_of(desk(vera).get(HOME))


def test_each_day_stands_in_a_table(people: People, jon: User, desk: Desk) -> None:
    make_payout(people, "settled")
    make_payout(people, "settled")

    page = text_of(desk(jon).get(HOME))

    assert f"Day Arbitrum One {timezone.now():%-d %b} 1,000.00 USDC" in page


@pytest.mark.parametrize("has_policy", [False, True])
def test_home_takes_at_most_twelve_queries(
    people: People, jon: User, ada: User, desk: Desk, has_policy: bool
) -> None:
    make_payout(people, "draft")
    make_payout(people, "settled")  # Its chain is followed, so that it could alarm.
    if has_policy:
        group = a_group(people.admin, ada)
        published(people.admin, RuleTerms(name="new", recipient_is="new", group_id=group.id))
    client = desk(jon)
    few = _queries(client)
    for _ in range(3):
        make_payout(people, "draft")

    assert _queries(client) == few <= 12


def _queries(client: Any) -> int:
    with CaptureQueriesContext(connection) as found:
        client.get(HOME)
    return len(found)
