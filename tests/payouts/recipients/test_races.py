"""At the same time: threads on PostgreSQL. `SOAK=1` runs each race 200 times, else 15."""

import os
from functools import partial

import pytest

from payouts.models import Recipient, RecipientAddress
from payouts.recipients import acts
from payouts.recipients.acts import NewAddress, NewRecipient
from tests.payouts.making import RECIPIENT, People, event_types
from tests.payouts.recipients.booking import LOOKALIKE, a_recipient, proposed
from tests.payouts.test_races import at_once

ROUNDS = 200 if os.environ.get("SOAK") else 15

pytestmark = pytest.mark.django_db(transaction=True)


def ended(people: People, recipient: Recipient) -> None:
    """Out of the way of the next round."""
    acts.archive(people.admin, recipient.id, "Next round.")


def test_of_approve_and_reject_exactly_one_wins(people: People) -> None:
    for round_ in range(ROUNDS):
        address = proposed(people, recipient=a_recipient(people, f"R{round_}"))

        answers = at_once(
            [
                partial(acts.approve, people.approver, address.id),
                partial(acts.reject, people.admin, address.id, "No."),
                partial(acts.approve, people.admin, address.id),
            ]
        )

        assert sorted(answers) == ["address_not_proposed", "address_not_proposed", "done"]
        decided = {"recipient.approved", "recipient.rejected"}
        assert sum(type_ in decided for type_ in event_types(address.recipient_id)) == 1
        ended(people, address.recipient)


def test_of_two_proposals_of_one_address_one_wins(people: People) -> None:
    for round_ in range(ROUNDS):
        first, second = (a_recipient(people, f"{name}{round_}") for name in ("A", "B"))
        draft = NewAddress("arbitrum", RECIPIENT)

        answers = at_once(
            [
                partial(acts.propose, people.preparer, first.id, draft),
                partial(acts.propose, people.operator, second.id, draft),
            ]
        )

        assert sorted(answers) == ["address_already_known", "done"]
        ended(people, first)
        ended(people, second)


def test_of_two_recipients_of_one_name_one_wins(people: People) -> None:
    for round_ in range(ROUNDS):
        draft = NewRecipient(f"Same {round_}")

        answers = at_once([partial(acts.create, who, draft) for who in (people.preparer,) * 3])

        assert sorted(answers) == ["done", "recipient_name_taken", "recipient_name_taken"]


def test_of_two_lookalikes_the_second_sees_the_first(people: People) -> None:
    for round_ in range(ROUNDS):
        one = proposed(people, RECIPIENT, recipient=a_recipient(people, f"A{round_}"))
        other = proposed(people, LOOKALIKE, recipient=a_recipient(people, f"B{round_}"))

        answers = at_once(
            [
                partial(acts.approve, people.approver, one.id),
                partial(acts.approve, people.admin, other.id),
            ]
        )

        assert sorted(answers) == ["done", "lookalike_address"]
        ended(people, one.recipient)
        ended(people, other.recipient)


def test_no_live_address_is_left_on_an_archived_recipient(people: People) -> None:
    for round_ in range(ROUNDS):
        recipient = a_recipient(people, f"R{round_}")

        answers = at_once(
            [
                partial(acts.archive, people.admin, recipient.id, "Gone."),
                partial(
                    acts.propose, people.preparer, recipient.id, NewAddress("arbitrum", RECIPIENT)
                ),
            ]
        )

        assert answers[0] == "done"
        assert answers[1] in ("done", "recipient_archived")
        live = RecipientAddress.objects.filter(
            recipient=recipient, status__in=("proposed", "approved")
        )
        assert not live.exists()
