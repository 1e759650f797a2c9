"""The review queue: what waits where, how a payout is found, and many done at once."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from organizations.models import Organization, User
from payouts import services
from payouts.models import PayoutIntent
from tests.admin.conftest import Desk
from tests.admin.reading import QUEUE, text_of
from tests.payouts.making import (
    OTHER_RECIPIENT,
    RECIPIENT,
    People,
    a_draft,
    make_payout,
    mined,
    moved,
    reload,
    verified,
)

HASH = "0x" + "ab" * 32


def rows_of(page: Any) -> int:
    return page.content.decode().count("<tr class=")


def test_drafts_come_first(people: People, jon: User, desk: Desk) -> None:
    make_payout(people, "draft", reference_id="inv_884")
    make_payout(people, "settled", reference_id="inv_001")

    page = text_of(desk(jon).get(QUEUE))

    assert "inv_884" in page
    assert "inv_001" not in page


def test_each_tab_has_its_payouts_and_their_number(people: People, jon: User, desk: Desk) -> None:
    for state in ("draft", "draft", "approved", "pending_execution", "executed", "verifying"):
        make_payout(people, state, reference_id=f"is-{state}")
    make_payout(people, "settled", reference_id="is-settled")
    client = desk(jon)

    page = text_of(client.get(QUEUE))
    assert "To approve 2 To hand over 1 On chain 3 Exceptions All" in page

    on_chain = text_of(client.get(f"{QUEUE}?tab=on_chain"))
    assert "is-pending_execution" in on_chain
    assert "is-executed" in on_chain
    assert "is-verifying" in on_chain
    assert "is-settled" not in on_chain
    assert "is-settled" in text_of(client.get(f"{QUEUE}?tab=all"))


def test_an_amount_that_differs_is_an_exception(people: People, jon: User, desk: Desk) -> None:
    payout = make_payout(people, "executed", reference_id="fee")
    assert payout.expected_tx_hash is not None
    mined(payout.expected_tx_hash, moved(499_500_000))
    verified()

    page = text_of(desk(jon).get(f"{QUEUE}?tab=exceptions"))

    assert "Exceptions 1" in page
    assert "settled another amount" in page


def test_a_stalled_payout_is_an_exception(people: People, jon: User, desk: Desk) -> None:
    payout = make_payout(people, "executed")
    PayoutIntent.objects.filter(id=payout.id).update(stalled_at=timezone.now())

    page = text_of(desk(jon).get(f"{QUEUE}?tab=exceptions"))

    assert "on chain waiting for a block stalled" in page


def test_an_empty_tab_says_what_will_appear_there(people: People, jon: User, desk: Desk) -> None:
    page = text_of(desk(jon).get(f"{QUEUE}?tab=to_hand_over"))

    assert "Nothing to hand over" in page
    assert "A payout comes here once it is approved" in page


@pytest.mark.parametrize(
    "search", ["id", "id_prefix", "recipient", "lower", "reference", "external", "hash"]
)
def test_a_payout_is_found_by_each_of_its_names_exactly(
    people: People, jon: User, desk: Desk, search: str
) -> None:
    payout = make_payout(
        people,
        "approved",
        reference_id="inv_884",
        external_id="erp-17",
        recipient_address=RECIPIENT,
    )
    services.execute(people.operator, payout.id, HASH)
    make_payout(people, "draft", reference_id="inv_8840", recipient_address=OTHER_RECIPIENT)
    term = {
        "id": payout.id,
        "id_prefix": payout.id[:12],
        "recipient": RECIPIENT,
        "lower": RECIPIENT.lower(),
        "reference": "inv_884",
        "external": "erp-17",
        "hash": "0x" + "AB" * 32,
    }[search]

    page = desk(jon).get(QUEUE, {"q": f" {term} "})

    assert rows_of(page) == 1
    assert payout.id in page.content.decode().replace("_5F", "_")


def test_a_search_without_a_hit_says_so(people: People, jon: User, desk: Desk) -> None:
    make_payout(people, "draft")

    page = text_of(desk(jon).get(QUEUE, {"q": "inv"}))

    assert "Nothing matches" in page
    assert "Nothing here is called “inv”" in page


def test_a_filter_leaves_only_what_it_names(people: People, jon: User, desk: Desk) -> None:
    make_payout(people, "draft", reference_id="on-base", chain="base")
    make_payout(people, "draft", reference_id="on-arbitrum")

    page = text_of(desk(jon).get(QUEUE, {"tab": "to_approve", "chain__exact": "base"}))

    assert "on-base" in page
    assert "on-arbitrum" not in page


def test_a_wrong_parameter_is_no_error(people: People, jon: User, desk: Desk) -> None:
    client = desk(jon)

    assert client.get(QUEUE, {"tab": "nowhere"}).status_code == 200
    assert client.get(QUEUE, {"p": "999"}, follow=True).status_code == 200
    assert client.get(QUEUE, {"nonsense": "1"}, follow=True).status_code == 200


def test_who_was_never_paid_is_new(people: People, jon: User, desk: Desk) -> None:
    make_payout(people, "settled", recipient_address=RECIPIENT)
    make_payout(people, "draft", recipient_address=RECIPIENT, amount=Decimal(7))
    make_payout(people, "draft", recipient_address=OTHER_RECIPIENT)

    page = text_of(desk(jon).get(QUEUE))

    assert page.count("first payment") == 1


def test_older_payouts_are_a_page_away_and_nobody_counts_them(
    people: People, jon: User, desk: Desk
) -> None:
    services.create_many(people.preparer, [a_draft(reference_id=f"n{n}") for n in range(51)])
    client = desk(jon)

    first, second = client.get(QUEUE), client.get(f"{QUEUE}?p=2")

    assert (rows_of(first), rows_of(second)) == (50, 1)
    assert "Page 1 Older" in text_of(first)
    assert "Newer Page 2" in text_of(second)


@pytest.mark.parametrize("tab", ["to_approve", "to_hand_over", "on_chain", "exceptions", "all"])
def test_a_page_of_the_queue_takes_at_most_eight_queries(
    people: People, jon: User, desk: Desk, tab: str
) -> None:
    for state in ("draft", "approved", "verifying", "settled", "failed"):
        make_payout(people, state)
        make_payout(people, state, recipient_address=OTHER_RECIPIENT)
    client = desk(jon)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get(f"{QUEUE}?tab={tab}")

    assert len(queries) <= 8, "\n".join(query["sql"] for query in queries)
    assert not any("count(*)" in query["sql"].lower() for query in queries)


# --- many at once ------------------------------------------------------------------------------


def test_what_will_happen_is_said_before_it_does(people: People, jon: User, desk: Desk) -> None:
    drafts = [
        make_payout(people, "draft", amount=Decimal("4000.50")),
        make_payout(people, "draft", amount=Decimal("209.50")),
        make_payout(people, "draft", amount=Decimal(1000), chain="base", token="USDT"),
    ]

    page = desk(jon).post(f"{QUEUE}bulk/", {"act": "approve", "id": [d.id for d in drafts]})

    words = "Approve 3 payouts · 4,210.00 USDC on Arbitrum One · 1,000.00 USDT on Base"
    assert words in text_of(page)
    assert RECIPIENT in page.content.decode()
    assert {reload(draft).status for draft in drafts} == {"draft"}


def test_each_row_of_many_reports_what_became_of_it(people: People, jon: User, desk: Desk) -> None:
    draft, gone = make_payout(people, "draft"), make_payout(people, "canceled")
    client = desk(jon)

    answer = client.post(
        f"{QUEUE}bulk/", {"act": "approve", "id": [draft.id, gone.id], "confirmed": "1"}
    )
    assert answer["Location"] == QUEUE

    report = text_of(client.get(QUEUE))
    assert "Approve: 1 done, 1 refused" in report
    assert f"500.00 USDC on Arbitrum One · {draft.id} Approved." in report
    assert f"Payout {gone.id} is canceled. Only a draft can be approved." in report
    assert reload(draft).status == "approved"
    assert "Approve: 1 done" not in text_of(client.get(QUEUE)), "the report is shown once"


def test_many_are_handed_over_as_one_batch(people: People, otto: User, desk: Desk) -> None:
    payouts = [make_payout(people, "approved") for _ in range(3)]

    desk(otto).post(
        f"{QUEUE}bulk/", {"act": "hand_over", "id": [p.id for p in payouts], "confirmed": "1"}
    )

    batches = {reload(payout).batch_id for payout in payouts}
    assert len(batches) == 1
    assert None not in batches


def test_of_a_hand_over_all_or_none(people: People, otto: User, desk: Desk) -> None:
    approved, draft = make_payout(people, "approved"), make_payout(people, "draft")
    client = desk(otto)

    client.post(
        f"{QUEUE}bulk/", {"act": "hand_over", "id": [approved.id, draft.id], "confirmed": "1"}
    )

    assert reload(approved).status == "approved"
    assert "Hand over: 0 done, 2 refused" in text_of(client.get(QUEUE))


def test_many_are_canceled_with_one_reason(people: People, mara: User, desk: Desk) -> None:
    drafts = [make_payout(people, "draft") for _ in range(2)]
    client, ids = desk(mara), [draft.id for draft in drafts]

    without = client.post(f"{QUEUE}bulk/", {"act": "cancel", "id": ids, "confirmed": "1"})
    assert "This field is required." in text_of(without)
    assert {reload(draft).status for draft in drafts} == {"draft"}

    client.post(
        f"{QUEUE}bulk/", {"act": "cancel", "id": ids, "confirmed": "1", "reason": "Withdrawn."}
    )
    assert {reload(draft).status for draft in drafts} == {"canceled"}


def test_nothing_selected_is_said(people: People, jon: User, desk: Desk) -> None:
    answer = desk(jon).post(f"{QUEUE}bulk/", {"act": "approve"}, follow=True)

    assert "Select at least one payout first." in text_of(answer)


@pytest.mark.parametrize("act", ["", "nonsense", "execute", "fail_by_hand"])
def test_what_is_no_act_for_many_does_nothing(
    people: People, acme: Organization, ada: User, desk: Desk, act: str
) -> None:
    payout = make_payout(people, "approved")

    answer = desk(ada).post(f"{QUEUE}bulk/", {"act": act, "id": [payout.id], "confirmed": "1"})

    assert answer.status_code in (302, 404)
    assert reload(payout).status == "approved"


def test_ids_that_are_none_are_left_out(people: People, jon: User, desk: Desk) -> None:
    answer = desk(jon).post(
        f"{QUEUE}bulk/", {"act": "approve", "id": ["\x00", "nobody", ""], "confirmed": "1"}
    )

    assert answer.status_code == 302
