"""What is told after an act on many rows: together where the same is said, and where one was."""

from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.admin.utils import quote

from approvals.terms import RuleTerms
from billing.many import Group, Outcome, grouped
from organizations.models import User
from payouts.models import PayoutBatch, PayoutIntent
from tests.admin.conftest import Desk
from tests.admin.reading import QUEUE, text_of
from tests.approvals.making import UNIT, a_group, published
from tests.payouts.making import People, make_payout

BULK = f"{QUEUE}bulk/"


def drafts(people: People, count: int, **changes: object) -> list[PayoutIntent]:
    return [make_payout(people, "draft", amount=Decimal(100 + n), **changes) for n in range(count)]


def done(act: str, rows: list[PayoutIntent], **more: str) -> dict[str, object]:
    return {"act": act, "id": [row.id for row in rows], "confirmed": "1", **more}


def test_rows_of_one_outcome_stand_together_the_refused_first() -> None:
    outcomes = [
        Outcome(f"po_{n}", f"row {n}", n != 2, "Fine." if n != 2 else "No.") for n in range(5)
    ]

    assert grouped(outcomes) == [
        Group(is_done=False, message="No.", titles=["row 2"]),
        Group(is_done=True, message="Fine.", titles=["row 0", "row 1", "row 3", "row 4"]),
    ]
    assert [group.is_folded for group in grouped(outcomes)] == [False, True]


def test_many_refusals_are_said_once_and_name_each_row(
    people: People, ada: User, desk: Desk
) -> None:
    own = drafts(People(people.admin, *[people.approver] * 3), 5)
    client = desk(ada)
    client.post(BULK, done("approve", own))

    page = text_of(client.get(QUEUE))

    assert "Approve: 0 done, 5 refused" in page
    assert page.count("You created this payout. Somebody else must approve it.") == 1
    assert "5 of them" in page
    assert all(f"{100 + n}.00 USDC on Arbitrum One · {row.id}" in page for n, row in enumerate(own))


def test_an_approval_that_is_not_enough_is_told_apart(
    people: People, jon: User, ada: User, mara: User, desk: Desk
) -> None:
    group = a_group(people.admin, jon, ada)
    published(people.admin, RuleTerms("large", min_atomic=103 * UNIT, needed=2, group_id=group.id))
    rows = drafts(people, 5)
    client = desk(jon)
    client.post(BULK, done("approve", rows))

    page = text_of(client.get(QUEUE))

    assert "Approve: 5 done" in page
    assert page.count("Approved. It can be handed over now.") == 3  # few, so one by one
    assert page.count("Your approval is kept. Somebody else must approve it too.") == 2


def test_what_was_handed_over_together_leads_to_its_batch(
    people: People, otto: User, desk: Desk
) -> None:
    rows = [make_payout(people, "approved", amount=Decimal(100 + n)) for n in range(2)]
    client = desk(otto)
    client.post(BULK, done("hand_over", rows))

    answer = client.get(QUEUE)

    batch = PayoutBatch.objects.get()
    assert "They are one batch now. Open it for the files to sign." in text_of(answer)
    assert f"/payoutbatch/{quote(batch.id)}/change/" in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("tab=all&chain=base", {"tab": ["all"], "chain": ["base"]}),
        ("tab=all&p=7", {"tab": ["all"]}),
        ("", {}),
        ("//evil.example/?a=b", {"//evil.example/?a": ["b"]}),
    ],
)
def test_the_list_is_as_it_was_when_the_rows_were_chosen(
    people: People, jon: User, desk: Desk, query: str, kept: dict[str, list[str]]
) -> None:
    answer = desk(jon).post(BULK, done("approve", drafts(people, 1), query=query))

    target = urlsplit(answer["Location"])
    assert (target.scheme, target.netloc, target.path) == ("", "", QUEUE)
    assert parse_qs(target.query) == kept


def test_the_page_that_asks_keeps_where_one_was(people: People, jon: User, desk: Desk) -> None:
    rows = drafts(people, 1)

    answer = desk(jon).post(BULK, {"act": "approve", "id": rows[0].id, "query": "tab=all"})

    html = answer.content.decode()
    assert '<input type="hidden" name="query" value="tab=all">' in html
    assert f'href="{QUEUE}?tab=all"' in html
