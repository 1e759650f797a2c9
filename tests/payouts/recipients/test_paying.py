"""Payouts and the address book: named by id, known by address, and look-alikes of the book."""

import uuid
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from billing.errors import BillingError, InvalidRequest
from events.models import Event
from organizations import services as organizations
from organizations.models import Organization
from payouts import services
from payouts.acts import create
from payouts.models import PayoutIntent
from payouts.recipients import acts
from tests.payouts.making import (
    OTHER_RECIPIENT,
    RECIPIENT,
    People,
    a_draft,
    event_types,
    make_payout,
)
from tests.payouts.recipients.booking import LOOKALIKE, a_recipient, cooling, proposed, usable
from tests.payouts.test_races import at_once

LIVE = ["payouts:read", "payouts:write"]


def body(**changes: Any) -> dict[str, Any]:
    return {"chain": "arbitrum", "token": "USDC", "amount": 500, "currency": "USD", **changes}


def refused(people: People, **changes: Any) -> BillingError:
    with pytest.raises(InvalidRequest) as error:
        services.create(people.preparer, a_draft(**changes))
    assert not PayoutIntent.objects.exists()
    return error.value


def test_a_payout_to_a_named_recipient_goes_to_the_address_of_the_book(people: People) -> None:
    address = usable(people)

    payout = services.create(
        people.preparer, a_draft(recipient_address="", recipient_id=address.recipient_id)
    )

    assert payout.recipient_address == RECIPIENT
    assert (payout.recipient_id, payout.recipient_name) == (address.recipient_id, "Acme Supplies")
    told = Event.objects.get(resource_id=payout.id).payload["data"]
    assert told["recipient_id"] == address.recipient_id
    assert told["recipient_name"] == "Acme Supplies"


@pytest.mark.parametrize("with_key", [True, False])
def test_over_the_api_too(people: People, acme: Organization, api: Any, with_key: bool) -> None:
    address = usable(people)
    headers = {"idempotency_key": str(uuid.uuid4())} if with_key else {}
    named = body(recipient_id=address.recipient_id)

    answer = api(acme, "live", LIVE).post("/v1/payouts", named, **headers)

    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert told["recipient_address"] == RECIPIENT
    assert (told["recipient_id"], told["recipient_name"]) == (
        address.recipient_id, "Acme Supplies",
    )  # fmt: skip
    stored = api(acme, "live", LIVE).get(f"/v1/payouts/{told['id']}").json()
    assert stored["recipient_name"] == "Acme Supplies"


@pytest.mark.parametrize("with_key", [True, False])
def test_an_address_that_the_book_knows_names_its_recipient(
    people: People, acme: Organization, api: Any, with_key: bool
) -> None:
    address = usable(people)
    headers = {"idempotency_key": str(uuid.uuid4())} if with_key else {}

    answer = api(acme, "live", LIVE).post(
        "/v1/payouts", body(recipient_address=RECIPIENT.lower()), **headers
    )

    told = answer.json()
    assert answer.status_code == 201, told
    assert (told["recipient_id"], told["recipient_name"]) == (
        address.recipient_id, "Acme Supplies",
    )  # fmt: skip
    assert event_types(told["id"]) == ["payout.created"]
    payout = PayoutIntent.objects.get()
    assert payout.recipient_id == address.recipient_id
    assert Event.objects.get(resource_id=payout.id).payload["data"]["recipient_id"] is not None


def test_in_bulk_too(people: People, acme: Organization, api: Any) -> None:
    address = usable(people)
    rows = [
        body(recipient_id=address.recipient_id),
        body(recipient_id="rcp_nobody"),
        body(recipient_address=RECIPIENT, amount=501),
        body(),
    ]

    answer = api(acme, "live", LIVE).post("/v1/payouts/bulk", {"payouts": rows}).json()["data"]

    assert answer[0]["payout"]["recipient_name"] == "Acme Supplies"
    assert answer[1]["error"]["code"] == "recipient_not_found"
    assert answer[2]["payout"]["recipient_name"] == "Acme Supplies"
    assert (answer[3]["error"]["code"], answer[3]["error"]["param"]) == (
        "missing_required_field", "recipient_address",
    )  # fmt: skip


def test_without_the_book_nothing_is_named(people: People) -> None:
    payout = services.create(people.preparer, a_draft())

    assert not payout.recipient_id and not payout.recipient_name


@pytest.mark.parametrize("state", ["proposed", "cooling", "other chain"])
def test_what_is_not_usable_gives_a_plain_address_no_name(people: People, state: str) -> None:
    _in_state(people, state)

    payout = services.create(people.preparer, a_draft())

    assert payout.recipient_id is None


def _in_state(people: People, state: str) -> str:
    if state == "proposed":
        return proposed(people).recipient_id
    if state == "cooling":
        return cooling(people).recipient_id
    return usable(people, chain="base").recipient_id


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("proposed", "no approved address on Arbitrum One"),
        ("cooling", "cooling down until"),
        ("other chain", "no approved address on Arbitrum One"),
    ],
)
def test_who_is_not_usable_cannot_be_named(people: People, state: str, words: str) -> None:
    recipient_id = _in_state(people, state)

    error = refused(people, recipient_address="", recipient_id=recipient_id)

    assert (error.code, error.param) == ("recipient_not_usable", "recipient_id")
    assert words in error.message


def test_a_cool_down_says_until_when(people: People) -> None:
    address = cooling(people)
    assert address.usable_at is not None

    error = refused(people, recipient_address="", recipient_id=address.recipient_id)

    assert f"{address.usable_at:%Y-%m-%dT%H:%M:%S}" in error.message


def test_an_archived_recipient_cannot_be_named(people: People) -> None:
    address = usable(people)
    acts.archive(people.admin, address.recipient_id, "Gone.")

    error = refused(people, recipient_address="", recipient_id=address.recipient_id)

    assert error.code == "recipient_not_usable"


def test_another_organizations_recipient_is_not_there(
    people: People, strangers: People, zenith: Organization, as_person: Any
) -> None:
    zak = organizations.create_staff("zak@example.com", organization=zenith, role="approver")
    theirs = usable(replace(strangers, approver=as_person(zak, zenith, "live")))

    error = refused(people, recipient_address="", recipient_id=theirs.recipient_id)

    assert error.code == "recipient_not_found"
    assert services.create(people.preparer, a_draft()).recipient_id is None


def test_of_several_addresses_the_one_meant_is_given(people: People) -> None:
    first = usable(people)
    usable(people, OTHER_RECIPIENT, recipient=first.recipient)
    naming = {"recipient_id": first.recipient_id}

    assert "several addresses" in refused(people, recipient_address="", **naming).message
    payout = services.create(
        people.preparer, a_draft(recipient_address=OTHER_RECIPIENT.lower(), **naming)
    )
    assert payout.recipient_address == OTHER_RECIPIENT


def test_an_address_that_is_not_theirs_is_refused(people: People) -> None:
    address = usable(people)

    error = refused(people, recipient_address=OTHER_RECIPIENT, recipient_id=address.recipient_id)

    assert error.code == "recipient_not_usable"


def test_a_lookalike_of_the_book_must_be_confirmed(people: People) -> None:
    usable(people)

    error = refused(people, recipient_address=LOOKALIKE)

    assert error.code == "lookalike_address"
    assert RECIPIENT in error.message
    payout = services.create(
        people.preparer, a_draft(recipient_address=LOOKALIKE, confirm_lookalike=True)
    )
    assert payout.recipient_id is None


def test_what_is_only_proposed_or_archived_is_no_lookalike(people: People) -> None:
    address = proposed(people)
    services.create(people.preparer, a_draft(recipient_address=LOOKALIKE))

    acts.approve(people.approver, address.id)
    acts.archive_address(people.admin, address.id, "Gone.")
    services.create(people.preparer, a_draft(recipient_address=LOOKALIKE, amount=Decimal(7)))


def test_a_later_name_changes_no_payout(people: People) -> None:
    address = usable(people)
    payout = services.create(people.preparer, a_draft())

    acts.update(people.preparer, address.recipient_id, {"name": "Something else"})

    payout.refresh_from_db()
    assert payout.recipient_name == "Acme Supplies"
    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutIntent.objects.filter(id=payout.id).update(recipient_name="Another")


def test_what_it_costs(people: People) -> None:
    """An unknown address costs one statement as ever, one of the book a second, a name a look."""
    address = usable(people)
    drafts = {
        1: a_draft(recipient_address=OTHER_RECIPIENT),
        2: a_draft(),
        3: replace(
            a_draft(amount=Decimal(7)), recipient_address="", recipient_id=address.recipient_id
        ),
    }
    for most, draft in drafts.items():
        with CaptureQueriesContext(connection) as queries:
            services.create(people.preparer, draft)
        assert len(queries) == most, [each["sql"][:60] for each in queries]


def test_who_leaves_the_book_after_the_look_is_refused_by_the_statement(people: People) -> None:
    address = usable(people)
    draft = a_draft(recipient_address="", recipient_id=address.recipient_id)
    payout = create.built(people.preparer, draft)  # What the service reads before it inserts.

    acts.archive_address(people.admin, address.id, "Gone.")

    with pytest.raises(InvalidRequest, match="left the address book") as error:
        create._inserted(people.preparer, payout, draft)
    assert error.value.code == "recipient_not_usable"
    assert not PayoutIntent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_who_leaves_the_book_just_now_is_paid_by_name_before_or_not_at_all(people: People) -> None:
    for round_ in range(15):
        recipient = a_recipient(people, f"R{round_}")
        address = usable(people, recipient=recipient)
        draft = a_draft(recipient_address="", recipient_id=recipient.id, confirm_duplicate=True)

        answers = at_once(
            [
                partial(services.create, people.preparer, draft),
                partial(services.create, people.preparer, a_draft(amount=Decimal(round_ + 1))),
                partial(acts.archive_address, people.admin, address.id, "Gone."),
            ]
        )

        assert answers[0] in ("done", "recipient_not_usable")
        assert answers[1:] == ["done", "done"]
        for payout in PayoutIntent.objects.filter(recipient_id=recipient.id):
            assert payout.recipient_address == RECIPIENT
            assert payout.recipient_name == recipient.name


def test_payouts_made_before_are_paid_all_the_same(people: People) -> None:
    address = usable(people)
    payout = make_payout(people, "draft")
    acts.archive(people.admin, address.recipient_id, "Gone.")

    assert services.approve(people.approver, payout.id).status == "approved"
