"""The address book's acts: who may, what is refused, what is told."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from billing.callers import Caller
from billing.errors import BillingError, Forbidden, InvalidRequest, NotFound
from events.models import Event
from organizations.models import Organization, User
from payouts.models import Recipient, RecipientAddress
from payouts.recipients import acts
from payouts.recipients.acts import NewAddress, NewRecipient
from payouts.recipients.book import set_cool_down
from tests.payouts.making import (
    OTHER_RECIPIENT,
    RECIPIENT,
    TRON_RECIPIENT,
    USDC,
    People,
    make_payout,
)
from tests.payouts.recipients.booking import (
    LOOKALIKE,
    a_recipient,
    cooling,
    proposed,
    usable,
)

MOVES = {"decided_at": timezone.now(), "decided_by": "usr_x", "usable_at": timezone.now()}


def told(recipient_id: str) -> list[str]:
    rows = Event.objects.filter(resource_id=recipient_id).order_by("created_at", "id")
    return list(rows.values_list("type", flat=True))


def code_of(error: pytest.ExceptionInfo[Any]) -> str:
    assert isinstance(error.value, BillingError)
    return error.value.code


def test_a_recipient_is_made_without_an_address(people: People) -> None:
    draft = NewRecipient(" Acme Supplies ", "Paper", ("Office", "office ", "EU"), "cred-77")

    recipient = acts.create(people.preparer, draft)

    assert recipient.id.startswith("rcp_")
    assert (recipient.name, recipient.tags) == ("Acme Supplies", ["eu", "office"])
    event = Event.objects.get(resource_id=recipient.id)
    assert event.type == "recipient.created"
    assert event.payload["data"]["name"] == "Acme Supplies"
    assert event.payload["data"]["addresses"] == []


def test_a_second_live_recipient_of_the_same_name_is_refused(
    people: People, strangers: People
) -> None:
    first = a_recipient(people)

    with pytest.raises(InvalidRequest) as error:
        acts.create(people.preparer, NewRecipient("ACME supplies"))

    assert code_of(error) == "recipient_name_taken"
    acts.create(strangers.preparer, NewRecipient("Acme Supplies"))
    acts.archive(people.preparer, first.id, "Gone.")
    acts.create(people.preparer, NewRecipient("Acme Supplies"))


@pytest.mark.parametrize(
    ("draft", "code", "param"),
    [
        (NewRecipient(" "), "invalid_field_value", "name"),
        (NewRecipient("x" * 121), "invalid_field_value", "name"),
        (NewRecipient("A", note="x" * 2001), "invalid_field_value", "note"),
        (NewRecipient("A", reference="x" * 256), "invalid_field_value", "reference"),
        (NewRecipient("A", tags=["x" * 41]), "invalid_field_value", "tags"),
        (NewRecipient("A", tags=[str(n) for n in range(21)]), "invalid_field_value", "tags"),
        (
            NewRecipient("A", note="legal winner thank year wave sausage worth useful legal winner"
                                   " thank yellow"),
            "private_key_refused", "note",
        ),
    ],
)  # fmt: skip
def test_bad_words_are_refused(people: People, draft: NewRecipient, code: str, param: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        acts.create(people.preparer, draft)

    assert (code_of(error), error.value.param) == (code, param)
    assert not Recipient.objects.exists()


def test_what_is_said_about_a_recipient_can_change(people: People) -> None:
    recipient = a_recipient(people)

    acts.update(people.preparer, recipient.id, {"name": "Acme AG", "tags": ["eu"]})
    acts.update(people.preparer, recipient.id, {"name": "Acme AG"})

    assert told(recipient.id) == ["recipient.created", "recipient.updated"]
    latest = Event.objects.filter(type="recipient.updated").get().payload["data"]
    assert latest["changed"] == ["name", "tags"]


def test_an_address_is_proposed_approved_and_cools_down(people: People) -> None:
    address = proposed(people, RECIPIENT.lower())
    assert (address.status, address.usable_at) == ("proposed", None)
    assert address.address == RECIPIENT

    address = acts.approve(people.approver, address.id)

    assert address.status == "approved"
    assert address.decided_by == people.approver.actor_id
    assert address.decided_at is not None
    assert address.usable_at == address.decided_at + timedelta(hours=24)
    assert not address.is_usable(timezone.now())
    assert address.is_usable(timezone.now() + timedelta(hours=24, minutes=1))
    assert told(address.recipient_id) == [
        "recipient.created",
        "recipient.updated",
        "recipient.approved",
    ]


def test_in_the_sandbox_an_address_does_not_wait(sandboxed: People) -> None:
    assert cooling(sandboxed).is_usable(timezone.now())


def test_the_cool_down_is_an_admins_to_set_and_shortens_nothing(people: People) -> None:
    first = cooling(people)

    set_cool_down(people.admin, 1)
    second = cooling(people, OTHER_RECIPIENT, recipient=first.recipient)

    first.refresh_from_db()
    assert first.usable_at is not None and second.usable_at is not None
    assert first.decided_at is not None and second.decided_at is not None
    assert first.usable_at - first.decided_at == timedelta(hours=24)
    assert second.usable_at - second.decided_at == timedelta(hours=1)
    event = Event.objects.filter(type="organization.updated").latest("created_at")
    assert event.payload["data"]["address_cool_down_hours"] == 1
    with pytest.raises(Forbidden):
        set_cool_down(people.operator, 0)
    with pytest.raises(InvalidRequest):
        set_cool_down(people.admin, 721)


# --- the second person ----------------------------------------------------------------------------


def test_nobody_approves_what_they_proposed(people: People, sandboxed: People) -> None:
    for here in (people, sandboxed):
        admin = here.admin
        recipient = acts.create(admin, NewRecipient("Own"))
        mine = acts.propose(admin, recipient.id, NewAddress("arbitrum", RECIPIENT))

        with pytest.raises(Forbidden) as error:
            acts.approve(admin, mine.id)

        assert code_of(error) == "self_approval"
        mine.refresh_from_db()
        assert mine.status == "proposed"


def test_nor_through_a_key_of_theirs(people: People, acme: Organization, ada: User, api) -> None:
    key: Caller = api(acme, "live", ["payouts:write", "payouts:approve"], issued_by=ada).caller
    recipient = acts.create(key, NewRecipient("By key"))
    by_key = acts.propose(key, recipient.id, NewAddress("arbitrum", RECIPIENT))
    by_ada = acts.propose(people.admin, recipient.id, NewAddress("base", RECIPIENT))

    for caller, address in ((people.admin, by_key), (key, by_ada), (key, by_key)):
        with pytest.raises(Forbidden) as error:
            acts.approve(caller, address.id)
        assert code_of(error) == "self_approval"

    assert acts.approve(people.approver, by_key.id).status == "approved"


def test_the_database_refuses_one_person_twice(people: People) -> None:
    address = proposed(people)
    changes = {**MOVES, "decided_by": address.proposed_by}

    with (
        pytest.raises(IntegrityError, match="recipient_address_has_two_people"),
        transaction.atomic(),
    ):
        RecipientAddress.objects.filter(id=address.id).update(status="approved", **changes)


@pytest.mark.parametrize(
    "changes",
    [{"address": OTHER_RECIPIENT}, {"chain": "base"}, {"proposed_by": "usr_other"},
     {"usable_at": timezone.now()}, {"decided_by": "usr_other"}],
)  # fmt: skip
def test_the_database_keeps_what_was_agreed_to(people: People, changes: dict[str, Any]) -> None:
    address = cooling(people)

    with pytest.raises(IntegrityError), transaction.atomic():
        RecipientAddress.objects.filter(id=address.id).update(**changes)
    with pytest.raises(IntegrityError), transaction.atomic():
        RecipientAddress.objects.filter(id=address.id).delete()


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chain", "address", "code"),
    [
        ("arbitrum", TRON_RECIPIENT, "invalid_address"),
        ("tron", RECIPIENT, "invalid_address"),
        ("arbitrum", "0x" + "0" * 40, "invalid_recipient"),
        ("arbitrum", "0x000000000000000000000000000000000000dEaD", "invalid_recipient"),
        ("arbitrum", USDC, "invalid_recipient"),
        ("base", "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
         "private_key_refused"),
    ],
)  # fmt: skip
def test_an_address_that_loses_money_is_refused(
    people: People, chain: str, address: str, code: str
) -> None:
    with pytest.raises(InvalidRequest) as error:
        proposed(people, address, chain=chain)

    assert (code_of(error), error.value.param) == (code, "address")
    assert not RecipientAddress.objects.exists()


def test_an_address_is_live_once_in_the_book(people: People, strangers: People) -> None:
    first = proposed(people)
    other = a_recipient(people, "Other")

    with pytest.raises(InvalidRequest, match="for Acme Supplies") as error:
        proposed(people, recipient=other)
    assert code_of(error) == "address_already_known"

    proposed(people, chain="base", recipient=other)
    proposed(strangers)
    acts.reject(people.approver, first.id, "Not theirs.")
    assert proposed(people, recipient=other).status == "proposed"


@pytest.mark.parametrize("how", ["book", "paid", "own"])
def test_a_lookalike_must_be_confirmed(people: People, how: str) -> None:
    if how == "book":
        cooling(people)
    elif how == "paid":
        make_payout(people, "settled")
    else:
        from wallets import services as wallets

        wallets.create(people.admin, wallets.NewWallet("arbitrum", RECIPIENT, "Treasury"))
    recipient = a_recipient(people, "Other")

    with pytest.raises(InvalidRequest) as error:
        proposed(people, LOOKALIKE, recipient=recipient)

    assert (code_of(error), error.value.param) == ("lookalike_address", "address")
    made = proposed(people, LOOKALIKE, recipient=recipient, confirm_lookalike=True)
    with pytest.raises(InvalidRequest) as error:
        acts.approve(people.approver, made.id)
    assert code_of(error) == "lookalike_address"
    assert acts.approve(people.approver, made.id, confirm_lookalike=True).status == "approved"


def test_what_is_only_proposed_is_no_lookalike(people: People) -> None:
    proposed(people)

    assert proposed(people, LOOKALIKE, recipient=a_recipient(people, "Other")).status == "proposed"


@pytest.mark.parametrize("end", ["approved", "rejected", "archived"])
def test_a_decision_is_made_once(people: People, end: str) -> None:
    address = proposed(people)
    if end == "approved":
        acts.approve(people.approver, address.id)
    elif end == "rejected":
        acts.reject(people.approver, address.id, "No.")
    else:
        acts.archive_address(people.preparer, address.id, "Gone.")

    for act in (
        lambda: acts.approve(people.approver, address.id),
        lambda: acts.reject(people.approver, address.id, "No."),
    ):
        with pytest.raises(InvalidRequest) as error:
            act()
        assert code_of(error) == "address_not_proposed"


def test_archiving_a_recipient_archives_its_addresses_for_good(people: People) -> None:
    first = usable(people)
    second = proposed(people, OTHER_RECIPIENT, recipient=first.recipient)

    acts.archive(people.preparer, first.recipient_id, "They closed.")

    assert set(RecipientAddress.objects.values_list("status", flat=True)) == {"archived"}
    for act in (
        lambda: proposed(people, chain="base", recipient=first.recipient),
        lambda: acts.update(people.preparer, first.recipient_id, {"name": "Again"}),
        lambda: acts.archive(people.preparer, first.recipient_id, "Twice."),
    ):
        with pytest.raises(InvalidRequest) as error:
            act()
        assert code_of(error) == "recipient_archived"
    assert second.id
    assert told(first.recipient_id)[-1] == "recipient.archived"


def test_without_the_scope_nothing_is_done(
    people: People, acme: Organization, vera: User, as_person
) -> None:
    viewer = as_person(vera, acme, "live")
    address = proposed(people)

    for act in (
        lambda: acts.create(viewer, NewRecipient("Mine")),
        lambda: acts.update(viewer, address.recipient_id, {"name": "Mine"}),
        lambda: acts.propose(viewer, address.recipient_id, NewAddress("base", RECIPIENT)),
        lambda: acts.approve(people.preparer, address.id),
        lambda: acts.reject(people.preparer, address.id, "No."),
        lambda: acts.archive_address(viewer, address.id, "No."),
        lambda: acts.archive(viewer, address.recipient_id, "No."),
    ):
        with pytest.raises(Forbidden) as error:
            act()
        assert code_of(error) == "insufficient_scope"


def test_a_stranger_and_the_other_environment_find_nothing(
    people: People, strangers: People, sandboxed: People
) -> None:
    address = proposed(people)

    for others in (strangers, sandboxed):
        _finds_nothing(others, address)


def _finds_nothing(others: People, address: RecipientAddress) -> None:
    for act in (
        lambda: acts.update(others.admin, address.recipient_id, {"name": "Mine"}),
        lambda: acts.approve(others.approver, address.id),
        lambda: acts.reject(others.approver, address.id, "No."),
        lambda: acts.archive_address(others.admin, address.id, "No."),
        lambda: acts.archive(others.admin, address.recipient_id, "No."),
    ):
        with pytest.raises(NotFound):
            act()
