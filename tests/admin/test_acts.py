"""Each button on a payout's page: what it asks, what it does, how a refusal is said."""

from decimal import Decimal

import pytest
from django.utils import timezone

from organizations.models import User
from payouts import services
from payouts.models import PayoutIntent
from tests.admin.conftest import Desk
from tests.admin.reading import act_of, filled_buttons, page_of, text_of
from tests.payouts.making import (
    People,
    a_draft,
    event_types,
    make_payout,
    mined,
    moved,
    reload,
    verified,
)

HASH = "0x" + "ab" * 32


def with_id(payout: PayoutIntent, id_: str) -> PayoutIntent:
    """The same payout under another id: a fresh draft, since ids never change."""
    payout.pk, payout._state.adding = id_, True
    payout.save(force_insert=True)
    return payout


@pytest.fixture
def po_25(people: People) -> PayoutIntent:
    """A payout whose id the admin would read as `po%…` if a link did not quote it."""
    made = services.create(people.preparer, a_draft(amount=Decimal(77)))
    return with_id(made, "po_25a1b2c3d4e5f60718293a4b")


def test_an_id_that_looks_quoted_leads_to_its_own_page(
    po_25: PayoutIntent, jon: User, desk: Desk
) -> None:
    client = desk(jon)

    queue = client.get("/admin/payouts/payoutintent/").content.decode()
    assert page_of(po_25) == "/admin/payouts/payoutintent/po_5F25a1b2c3d4e5f60718293a4b/change/"
    assert page_of(po_25) in queue

    page = client.get(page_of(po_25))
    assert page.status_code == 200
    assert po_25.id in page.content.decode()
    assert act_of(po_25, "approve") in page.content.decode()


def test_every_button_reaches_an_id_that_looks_quoted(
    po_25: PayoutIntent, people: People, jon: User, otto: User, desk: Desk
) -> None:
    assert desk(jon).get(act_of(po_25, "approve")).status_code == 200
    assert desk(jon).post(act_of(po_25, "approve")).status_code == 302
    assert desk(otto).post(act_of(po_25, "hand_over")).status_code == 302
    assert desk(otto).post(act_of(po_25, "execute"), {"tx_hash": HASH}).status_code == 302

    assert reload(po_25).status == "executed"


def test_an_id_that_is_not_quoted_finds_nobody_else(
    po_25: PayoutIntent, jon: User, desk: Desk
) -> None:
    answer = desk(jon).get(f"/admin/payouts/payoutintent/{po_25.id}/change/")

    assert answer.status_code == 404


def test_before_an_approval_the_whole_payment_is_shown(
    people: People, jon: User, desk: Desk
) -> None:
    payout = make_payout(people, "draft", reference_id="inv_884")

    page = text_of(desk(jon).get(act_of(payout, "approve")))

    assert "Approve paying 500.00 USDC on Arbitrum One" in page
    assert "0x8617E340B3D01FA5F11F306F4090FD50E238070D" in page
    assert "inv_884" in page
    assert "Look at first payment" in page
    assert reload(payout).status == "draft"


@pytest.mark.parametrize("act", ["reject", "cancel"])
def test_a_reason_is_asked_for(people: People, jon: User, desk: Desk, act: str) -> None:
    payout = make_payout(people, "draft")

    answer = desk(jon).post(act_of(payout, act), {"reason": "   "})

    assert answer.status_code == 200
    assert "This field is required." in text_of(answer)
    assert event_types(payout) == ["payout.created"]


def test_a_refusal_is_shown_as_the_service_says_it(people: People, jon: User, desk: Desk) -> None:
    payout = make_payout(people, "canceled")

    answer = desk(jon).post(act_of(payout, "approve"))

    assert answer.status_code == 400
    assert f"Payout {payout.id} is canceled. Only a draft can be approved." in text_of(answer)


def test_a_wrong_hash_is_refused_with_what_it_should_be(
    people: People, otto: User, desk: Desk
) -> None:
    payout = make_payout(people, "approved")

    answer = desk(otto).post(act_of(payout, "execute"), {"tx_hash": "0x12"})

    assert answer.status_code == 400
    assert "A transaction hash is 64 hexadecimal digits." in text_of(answer)
    assert 'value="0x12"' in answer.content.decode(), "what was typed is kept"


def test_a_second_hand_over_asks_about_the_earlier_pack(
    people: People, otto: User, desk: Desk
) -> None:
    payout = make_payout(people, "pending_execution")
    earlier = payout.batch_id
    services.take_back(people.operator, payout.id, "Wrong wallet.")
    client = desk(otto)

    refused = client.post(act_of(payout, "hand_over"))
    assert refused.status_code == 400
    assert f"was in batch {earlier} and was taken back" in text_of(refused)
    assert "I made sure that the earlier pack was not signed" in text_of(refused)
    assert "send confirm_not_signed" not in text_of(refused), "that is a program's word"

    client.post(
        act_of(payout, "hand_over"),
        {"overrules": "handed_over_before", "confirm_not_signed": "on"},
    )
    assert reload(payout).status == "pending_execution"


def test_what_may_be_paid_already_is_approved_only_with_a_reason(
    people: People, jon: User, desk: Desk
) -> None:
    failed = make_payout(people, "executed")
    services.fail_by_hand(people.operator, failed.id, "The wallet shows nothing.")
    retry = services.create(people.preparer, a_draft(retry_of=failed.id, confirm_duplicate=True))
    _settle_late(people, failed)
    client = desk(jon)

    refused = client.post(act_of(retry, "approve"))
    assert refused.status_code == 400
    assert f"Payout {retry.id} may be paid already" in text_of(refused)

    client.post(
        act_of(retry, "approve"),
        {"overrules": "possibly_already_paid", "override_reason": "A second invoice."},
    )
    assert reload(retry).status == "approved"


def _settle_late(people: People, failed: PayoutIntent) -> None:
    assert failed.expected_tx_hash is not None
    mined(failed.expected_tx_hash, moved())
    verified()


def test_editing_the_details_keeps_the_seconds_of_the_due_date(
    people: People, mara: User, desk: Desk
) -> None:
    due = timezone.now().replace(second=37, microsecond=0)
    payout = make_payout(people, "draft", due_date=due)

    desk(mara).post(
        act_of(payout, "update"),
        {"description": "For March", "due_date": due.strftime("%Y-%m-%dT%H:%M")},
    )

    assert reload(payout).due_date == due
    assert reload(payout).description == "For March"


@pytest.mark.parametrize(
    ("state", "filled"),
    [
        ("draft", ["Approve"]),
        ("approved", ["Hand over"]),
        ("pending_execution", ["Submit hash…"]),
        ("executed", []),
        ("verifying", []),
        ("settled", []),
        ("canceled", []),
    ],
)
def test_the_one_next_act_is_the_one_filled_button(
    people: People, ada: User, desk: Desk, state: str, filled: list[str]
) -> None:
    payout = make_payout(people, state)

    assert filled_buttons(desk(ada).get(page_of(payout))) == filled


def test_a_failed_payout_offers_to_try_again_with_its_form_filled(
    people: People, mara: User, desk: Desk
) -> None:
    payout = make_payout(people, "failed")
    client = desk(mara)

    assert filled_buttons(client.get(page_of(payout))) == ["Try again…"]
    form = client.get(f"/admin/payouts/payoutintent/new/?retry_of={payout.id}").content.decode()
    assert f'value="{payout.id}"' in form
    assert 'value="500' in form


def test_there_is_no_act_of_that_name(people: People, ada: User, desk: Desk) -> None:
    payout = make_payout(people, "draft")

    assert desk(ada).post(act_of(payout, "settle")).status_code == 404
