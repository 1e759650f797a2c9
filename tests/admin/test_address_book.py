"""The address book in the admin, and what payouts show of it."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chainwatch.models import AddressFacts
from organizations.models import User
from payouts.models import PayoutIntent, Recipient, RecipientAddress
from payouts.recipients import acts
from tests.admin.conftest import Desk
from tests.admin.reading import QUEUE, act_of, filled_buttons, page_of, text_of
from tests.payouts.making import OTHER_RECIPIENT, RECIPIENT, People, make_payout
from tests.payouts.recipients.booking import (
    LOOKALIKE,
    a_recipient,
    cooling,
    proposed,
    usable,
)

BOOK = "/admin/payouts/recipient/"
ADDRESSES = "/admin/payouts/recipientaddress/"


def propose(client: Any, recipient: Recipient, address: str, **more: str) -> Any:
    fields = {"recipient": recipient.id, "chain": "arbitrum", "address": address, **more}
    return client.post(f"{ADDRESSES}new/", fields)


def test_an_empty_book_says_how_it_fills(people: People, mara: User, desk: Desk) -> None:
    page = text_of(desk(mara).get(BOOK))

    assert "Nobody is in the address book yet" in page
    assert "proposed by one person and approved by another" in page


def test_a_recipient_is_made_and_an_address_proposed_and_approved(
    people: People, mara: User, jon: User, desk: Desk
) -> None:
    client = desk(mara)
    made = client.post(f"{BOOK}new/", {"name": "Acme Supplies", "tags": "Office, eu"})
    recipient = Recipient.objects.get()
    assert made["Location"] == page_of(recipient)
    assert recipient.tags == ["eu", "office"]
    page = client.get(page_of(recipient))
    assert filled_buttons(page) == ["Propose an address…"]

    answer = propose(client, recipient, RECIPIENT)
    address = RecipientAddress.objects.get()
    assert answer["Location"] == page_of(address)
    own = client.get(page_of(address))
    assert filled_buttons(own) == []

    other = desk(jon)
    assert "Addresses to approve 1" in text_of(other.get(BOOK))
    assert filled_buttons(other.get(page_of(address))) == ["Approve"]
    assert RECIPIENT in text_of(other.get(act_of(address, "approve")))
    assert other.post(act_of(address, "approve")).status_code == 302

    address.refresh_from_db()
    assert address.status == "approved"
    told = text_of(client.get(page_of(recipient)))
    assert "cooling down" in told and "until" in told


def test_who_proposed_it_is_told_that_another_must_approve(
    people: People, ada: User, desk: Desk
) -> None:
    recipient = acts.create(people.admin, acts.NewRecipient("Own"))
    address = acts.propose(people.admin, recipient.id, acts.NewAddress("base", RECIPIENT))
    client = desk(ada)

    page = client.get(page_of(address))

    assert "You proposed this address. Somebody else must approve it." in text_of(page)
    assert act_of(address, "approve") not in page.content.decode()
    assert client.post(act_of(address, "approve")).status_code == 403


@pytest.mark.parametrize("role", ["viewer", "preparer", "operator"])
def test_only_who_may_approve_does(
    people: People, vera: User, mara: User, otto: User, desk: Desk, role: str
) -> None:
    address = proposed(people)
    user = {"viewer": vera, "preparer": mara, "operator": otto}[role]

    assert desk(user).post(act_of(address, "approve")).status_code == 403
    assert desk(user).post(act_of(address, "reject"), {"reason": "No."}).status_code == 403
    address.refresh_from_db()
    assert address.status == "proposed"


def test_a_viewer_reads_and_changes_nothing(people: People, vera: User, desk: Desk) -> None:
    address = proposed(people)
    client = desk(vera)

    assert client.get(BOOK).status_code == 200
    page = client.get(page_of(address.recipient)).content.decode()
    assert "/act/" not in page and "Propose" not in page
    for path in (f"{BOOK}new/", f"{ADDRESSES}new/"):
        assert client.get(path).status_code == 403
    assert client.post(act_of(address.recipient, "archive"), {"reason": "x"}).status_code == 403


def test_a_lookalike_is_shown_whole_and_must_be_compared(
    people: People, mara: User, jon: User, desk: Desk
) -> None:
    usable(people)
    recipient = a_recipient(people, "Other")
    client = desk(mara)

    answer = propose(client, recipient, LOOKALIKE)
    page = text_of(answer)
    assert answer.status_code == 400
    assert "This address only looks like one you know" in page
    assert "<mark>" in answer.content.decode()
    assert "I compared the two addresses" in page
    assert not RecipientAddress.objects.filter(address=LOOKALIKE).exists()

    assert propose(client, recipient, LOOKALIKE, confirm_lookalike="on").status_code == 302
    address = RecipientAddress.objects.get(recipient=recipient)
    other = desk(jon)
    answer = other.post(act_of(address, "approve"))
    assert answer.status_code == 400
    assert "I compared the addresses character by character" in text_of(answer)
    confirmed = {"overrules": "lookalike_address", "confirm_lookalike": "on"}
    assert other.post(act_of(address, "approve"), confirmed).status_code == 302


def test_a_burn_address_is_refused_at_its_field(people: People, mara: User, desk: Desk) -> None:
    answer = propose(desk(mara), a_recipient(people), "0x" + "0" * 40)

    assert answer.status_code == 400
    assert "Money sent to it is lost" in text_of(answer)


def test_rejecting_and_archiving_ask_why(people: People, mara: User, jon: User, desk: Desk) -> None:
    first, second = (
        proposed(people),
        usable(people, OTHER_RECIPIENT, recipient=a_recipient(people, "B")),
    )

    desk(jon).post(act_of(first, "reject"), {"reason": "Their site says another one."})
    desk(mara).post(act_of(second, "archive"), {"reason": "They moved."})
    desk(mara).post(act_of(first.recipient, "archive"), {"reason": "They closed."})

    assert sorted(RecipientAddress.objects.values_list("status", flat=True)) == [
        "archived", "rejected",
    ]  # fmt: skip
    assert "Acme Supplies" not in text_of(desk(mara).get(BOOK))
    assert "Acme Supplies" in text_of(desk(mara).get(f"{BOOK}?state=archived"))


@pytest.mark.parametrize("term", ["acme", "cred-77", RECIPIENT, RECIPIENT.lower()])
def test_a_recipient_is_found(people: People, mara: User, desk: Desk, term: str) -> None:
    recipient = acts.create(
        people.preparer, acts.NewRecipient("Acme Supplies", tags=["office"], reference="cred-77")
    )
    proposed(people, recipient=recipient)
    a_recipient(people, "Berta")
    client = desk(mara)

    page = text_of(client.get(BOOK, {"q": term}))

    assert "Acme Supplies" in page and "Berta" not in page
    tagged = text_of(client.get(BOOK, {"tag": "office"}))
    assert "Acme Supplies" in tagged and "Berta" not in tagged


def test_a_page_of_recipients_costs_the_same_whatever_is_on_it(
    people: People, mara: User, desk: Desk
) -> None:
    client, counts = desk(mara), []
    for round_ in range(2):
        for number in range(4):
            proposed(people, f"0xa{round_}{number}{'1' * 37}",
                     recipient=a_recipient(people, f"R{round_}{number}"))  # fmt: skip
        for path in (BOOK, f"{ADDRESSES}?status__exact=proposed"):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            counts.append(len(queries))

    assert counts[:2] == counts[2:]
    assert max(counts) <= 8


def test_strangers_find_nothing(people: People, strangers: People, zoe: User, desk: Desk) -> None:
    address = proposed(people)
    client = desk(zoe)

    for path in (page_of(address), page_of(address.recipient), act_of(address, "approve")):
        assert client.get(path).status_code == 404
    assert "Acme Supplies" not in text_of(client.get(BOOK))
    assert "Acme Supplies" not in text_of(
        client.get(f"{ADDRESSES}new/?recipient={address.recipient_id}")
    )
    assert propose(client, address.recipient, OTHER_RECIPIENT).status_code == 404


def test_an_id_that_django_would_unquote_has_its_pages(
    people: People, mara: User, desk: Desk
) -> None:
    here = {"organization_id": people.admin.organization_id, "environment": "live"}
    recipient = Recipient.objects.create(id="rcp_25aa25bb", name="Odd", **here)
    address = RecipientAddress.objects.create(
        id="rad_25cc25dd", recipient=recipient, chain="base", address=RECIPIENT, **here
    )

    for row in (recipient, address):
        assert desk(mara).get(page_of(row)).status_code == 200


# --- what payouts show of it ----------------------------------------------------------------------


def test_the_queue_says_the_name_first(people: People, jon: User, desk: Desk) -> None:
    usable(people)
    make_payout(people, "draft")
    make_payout(people, "draft", recipient_address=OTHER_RECIPIENT)

    page = text_of(desk(jon).get(QUEUE))

    assert "Acme Supplies 0x8617E3…38070D" in page
    assert page.count("first payment") == 2


def test_the_queue_warns_of_lookalikes_and_of_what_cools_down(
    people: People, jon: User, desk: Desk
) -> None:
    cooling(people)
    make_payout(people, "draft")
    make_payout(people, "draft", recipient_address=LOOKALIKE, confirm_lookalike=True)

    page = desk(jon).get(QUEUE)

    assert "look-alike" in text_of(page) and "cooling until" in text_of(page)
    assert '<code class="whole">0x8617<mark>' in page.content.decode()
    assert f"It only looks like {RECIPIENT}" in page.content.decode()


def test_what_is_only_proposed_lends_no_payout_its_name(
    people: People, jon: User, desk: Desk
) -> None:
    proposed(people)
    payout = make_payout(people, "draft")
    client = desk(jon)

    for path in (QUEUE, page_of(payout), act_of(payout, "approve")):
        page = client.get(path)
        assert "Acme Supplies" not in text_of(page)
        assert "not approved" in text_of(page)
        assert "Proposed for Acme Supplies" in page.content.decode()


def test_the_waiting_time_is_an_admins_to_set(
    people: People, ada: User, otto: User, desk: Desk
) -> None:
    client, path = desk(ada), f"{BOOK}cool-down/"
    assert "Waiting time" in text_of(client.get(BOOK))
    assert 'value="24"' in client.get(path).content.decode()

    assert client.post(path, {"hours": "0"}).status_code == 302
    assert 'value="0"' in client.get(path).content.decode()
    assert "less than or equal to 720" in text_of(client.post(path, {"hours": "721"}))
    other = desk(otto)
    assert other.get(path).status_code == other.post(path, {"hours": "1"}).status_code == 403
    assert "Waiting time" not in text_of(other.get(BOOK))


def test_a_payouts_page_shows_both_addresses_whole(people: People, jon: User, desk: Desk) -> None:
    usable(people)
    payout = make_payout(people, "draft", recipient_address=LOOKALIKE, confirm_lookalike=True)
    client = desk(jon)

    page = client.get(page_of(payout))
    body = page.content.decode()
    assert "This address only looks like one you know" in text_of(page)
    assert body.count("<mark>") > 20

    confirm = client.get(act_of(payout, "approve"))
    assert "Looks like" in text_of(confirm) and "<mark>" in confirm.content.decode()


def test_a_settled_payout_names_its_recipient_and_warns_no_more(
    people: People, jon: User, desk: Desk
) -> None:
    usable(people)
    payout = make_payout(people, "settled")

    page = text_of(desk(jon).get(page_of(payout)))

    assert "to Acme Supplies" in page
    assert "look-alike" not in page


def test_the_queue_costs_the_same_whatever_it_names(people: People, jon: User, desk: Desk) -> None:
    client, counts = desk(jon), []
    usable(people)
    for _ in range(2):
        for _ in range(3):
            make_payout(people, "draft")
        with CaptureQueriesContext(connection) as queries:
            client.get(QUEUE)
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 8


def test_a_contract_is_told_before_it_is_paid(people: People, jon: User, desk: Desk) -> None:
    address = proposed(people)
    draft, settled = make_payout(people, "draft"), make_payout(people, "settled")
    at = timezone.now()
    AddressFacts.objects.create(
        chain="arbitrum", address=RECIPIENT, has_code=True, node="test", asked_at=at
    )
    client = desk(jon)

    assert text_of(client.get(f"{QUEUE}?tab=all")).count(" contract ") == 1
    for path in (page_of(draft), act_of(draft, "approve"), act_of(address, "approve")):
        assert "There is a contract at this address" in text_of(client.get(path))
    assert "There is a contract" not in text_of(client.get(page_of(settled)))


def test_pay_fills_the_form_with_an_address_of_the_book(
    people: People, strangers: People, mara: User, zoe: User, desk: Desk
) -> None:
    address = usable(people)
    client = desk(mara)

    assert f"?to={address.id}" in client.get(page_of(address.recipient)).content.decode()
    assert RECIPIENT in client.get(f"{QUEUE}new/?to={address.id}").content.decode()
    assert RECIPIENT not in desk(zoe).get(f"{QUEUE}new/?to={address.id}").content.decode()
    assert not PayoutIntent.objects.exists()


def test_a_draft_names_somebody_of_the_book(
    people: People, strangers: People, mara: User, zoe: User, desk: Desk
) -> None:
    address = usable(people)
    name = address.recipient.name
    asked = {"amount": "5", "token": "USDC", "chain": "arbitrum", "reference_type": "manual"}
    client = desk(mara)

    assert f'<option value="{name}">' in client.get(f"{QUEUE}new/").content.decode()
    assert f'<option value="{name}">' not in desk(zoe).get(f"{QUEUE}new/").content.decode()
    client.post(f"{QUEUE}new/", {**asked, "recipient_id": name.upper()})
    payout = PayoutIntent.objects.get()
    assert (payout.recipient_id, payout.recipient_address) == (address.recipient_id, RECIPIENT)

    refused = {
        "Nobody": 'No recipient of the address book is called "Nobody".',
        "": "Say whom to pay: recipient_address, or recipient_id of your address book.",
    }
    for named, says in refused.items():
        assert says in text_of(client.post(f"{QUEUE}new/", {**asked, "recipient_id": named}))
    other = {**asked, "recipient_id": name, "recipient_address": OTHER_RECIPIENT}
    assert "is not an approved one" in text_of(client.post(f"{QUEUE}new/", other))
    stranger = desk(zoe).post(f"{QUEUE}new/", {**asked, "recipient_id": address.recipient_id})
    assert "No recipient of the address book is called" in text_of(stranger)
    assert PayoutIntent.objects.count() == 1
