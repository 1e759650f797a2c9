"""Create: the draft, its event, and every reason not to make one."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.errors import BillingError
from events.models import Event
from payouts import services, simulation
from payouts.models import PayoutIntent
from tests.payouts.making import (
    OTHER_RECIPIENT,
    RECIPIENT,
    TRON_RECIPIENT,
    USDC,
    People,
    a_draft,
    event_types,
    make_payout,
    reload,
)
from wallets import services as wallets

# The same first and last four characters as RECIPIENT, another middle.
LOOKALIKE = "0x8617000000000000000000000000000000000 70d".replace(" ", "")


def test_a_draft_keeps_everything_it_was_told(people: People) -> None:
    payout = services.create(
        people.preparer,
        a_draft(
            amount=Decimal("49.99"),
            description="Invoice 884",
            reference_type="invoice",
            reference_id="inv_884",
            metadata={"team": "ops"},
            external_id="ext-1",
        ),
    )

    stored = reload(payout)
    assert stored.status == "draft"
    assert (stored.recipient_address, stored.contract) == (RECIPIENT, USDC)
    assert (stored.amount_atomic, stored.currency) == (49_990_000, "USD")
    assert (stored.reference_type, stored.reference_id) == ("invoice", "inv_884")
    assert (stored.metadata, stored.external_id) == ({"team": "ops"}, "ext-1")
    assert (stored.created_by, stored.created_by_name) == (people.preparer.actor_id, "Mara")
    assert stored.warnings == []
    assert stored.retry_of is None


def test_the_event_has_the_payout_as_it_was_made(people: People) -> None:
    payout = services.create(people.preparer, a_draft(amount=Decimal("49.99")))

    event = Event.objects.get(resource_id=payout.id)
    assert event.type == "payout.created"
    assert event.payload["data"]["amount"] == Decimal("49.99")
    assert event.payload["data"]["status"] == "draft"
    assert (event.actor_id, event.environment) == (people.preparer.actor_id, "live")


def test_it_costs_one_statement_in_one_transaction(people: People) -> None:
    with CaptureQueriesContext(connection) as asked:
        services.create(people.preparer, a_draft())

    statements = [q["sql"] for q in asked if "SAVEPOINT" not in q["sql"]]
    assert len(statements) == 1


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"currency": "EUR"}, "unsupported_currency", "currency"),
        ({"amount": Decimal("0.009")}, "amount_too_small", "amount"),
        ({"amount": Decimal("1.0000001")}, "invalid_field_value", "amount"),
        ({"amount": Decimal("-5")}, "amount_too_small", "amount"),
        ({"amount": Decimal("NaN")}, "invalid_field_value", "amount"),
        ({"recipient_address": "0x12"}, "invalid_address", "recipient_address"),
        ({"recipient_address": TRON_RECIPIENT}, "invalid_address", "recipient_address"),
        ({"recipient_address": USDC}, "invalid_recipient", "recipient_address"),
        (
            {"chain": "tron", "token": "USDT", "recipient_address": TRON_RECIPIENT},
            "chain_not_configured",
            "chain",
        ),
        ({"retry_of": "po_none"}, "payout_not_found", "retry_of"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_left(
    people: People, changes: dict[str, Any], code: str, param: str
) -> None:
    with pytest.raises(BillingError) as refused:
        services.create(people.preparer, a_draft(**changes))

    assert (refused.value.code, refused.value.param) == (code, param)
    assert PayoutIntent.objects.count() == 0
    assert Event.objects.filter(type="payout.created").count() == 0


def test_a_caller_without_the_scope_is_refused(people: People) -> None:
    viewer = replace(people.preparer, scopes=frozenset({"payouts:read"}))

    with pytest.raises(BillingError) as refused:
        services.create(viewer, a_draft())

    assert (refused.value.status, refused.value.code) == (403, "insufficient_scope")


def test_a_second_payout_with_the_same_external_id_is_refused(people: People) -> None:
    services.create(people.preparer, a_draft(external_id="ext-1"))

    with pytest.raises(BillingError) as refused:
        services.create(people.preparer, a_draft(external_id="ext-1"))

    assert refused.value.code == "external_id_taken"
    assert PayoutIntent.objects.count() == 1


def test_the_other_environment_may_use_the_same_external_id(
    people: People, sandboxed: People
) -> None:
    services.create(people.preparer, a_draft(external_id="ext-1"))
    services.create(sandboxed.preparer, a_draft(external_id="ext-1"))

    assert PayoutIntent.objects.count() == 2


def test_an_address_like_one_that_was_paid_is_refused_until_confirmed(people: People) -> None:
    make_payout(people, "settled")

    with pytest.raises(BillingError) as refused:
        services.create(people.preparer, a_draft(recipient_address=LOOKALIKE))

    assert refused.value.code == "lookalike_address"
    assert RECIPIENT in refused.value.message
    confirmed = a_draft(recipient_address=LOOKALIKE, confirm_lookalike=True)
    assert services.create(people.preparer, confirmed).status == "draft"


@pytest.mark.parametrize("paid", [LOOKALIKE, f"0x8617{'F' * 32}070D"], ids=["before", "after"])
def test_an_address_that_was_paid_itself_is_still_like_another(
    sandboxed: People, paid: str
) -> None:
    for _ in range(3):
        _paid_in_the_sandbox(sandboxed, RECIPIENT)
    assert services.create(sandboxed.preparer, a_draft()).status == "draft", "itself is none"
    _paid_in_the_sandbox(sandboxed, paid)

    with pytest.raises(BillingError) as refused:
        services.create(sandboxed.preparer, a_draft())

    assert refused.value.code == "lookalike_address"
    assert paid.lower() in refused.value.message.lower()


def _paid_in_the_sandbox(people: People, address: str) -> None:
    draft = a_draft(recipient_address=address, confirm_duplicate=True, confirm_lookalike=True)
    payout = services.create(people.preparer, draft)
    services.approve(people.approver, payout.id)
    simulation.simulate(people.operator, payout.id, "settle")
    assert PayoutIntent.objects.get(id=payout.id).status == "settled"


def test_the_addresses_that_were_paid_are_read_by_their_order(people: People) -> None:
    """One may have been paid a million times: of it nothing is read, and never the whole table."""
    with CaptureQueriesContext(connection) as asked:
        services.create(people.preparer, a_draft())
    inserts = [each["sql"] for each in asked if "min(a)" in each["sql"]]

    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        cursor.execute("set local enable_bitmapscan = off")
        cursor.execute("explain " + inserts[0])
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert len(re.findall(r"Index Only Scan (?:Backward )?using payout_paid_addresses", plan)) == 2
    assert plan.count("(recipient_address IS NOT NULL)") == 2


def test_an_address_like_an_own_wallet_is_refused(people: People) -> None:
    wallets.create(people.admin, wallets.NewWallet(chain="arbitrum", address=RECIPIENT))

    with pytest.raises(BillingError) as refused:
        services.create(people.preparer, a_draft(recipient_address=LOOKALIKE))

    assert refused.value.code == "lookalike_address"
    assert services.create(people.preparer, a_draft()).status == "draft", "itself is none"


def test_the_same_reference_and_the_same_amount_are_warned_of(people: People) -> None:
    first = services.create(
        people.preparer, a_draft(reference_type="invoice", reference_id="inv_884")
    )

    second = services.create(
        people.preparer, a_draft(reference_type="invoice", reference_id="inv_884")
    )

    assert second.warnings == [
        f"same_reference: payout {first.id} has the same reference.",
        f"same_amount: payout {first.id} pays the same recipient the same amount and is less than "
        "30 days old.",
    ]
    assert reload(second).warnings == second.warnings
    told = Event.objects.get(resource_id=second.id).payload["data"]
    assert told["warnings"] == second.warnings


def test_a_malformed_address_is_taken_in_the_sandbox_with_a_warning(sandboxed: People) -> None:
    draft = a_draft(chain="tron", token="USDT", recipient_address="TXyz1234567890abcdef")

    payout = services.create(sandboxed.preparer, draft)

    assert payout.warnings[0].startswith("Live refuses the address in recipient_address.")


@pytest.mark.parametrize(("outcome", "refused"), [("moved", True), ("proven", False)])
def test_only_a_failure_that_may_have_moved_money_makes_a_duplicate(
    people: People, outcome: str, refused: bool
) -> None:
    if outcome == "moved":
        payout = make_payout(people, "executed")
        services.fail_by_hand(people.operator, payout.id, "paid elsewhere")
    else:
        make_payout(people, "failed")

    made = services.create_many(people.preparer, [a_draft()])

    error = made[0].error
    assert (error.code if error else "") == ("possible_duplicate" if refused else "")


def test_a_confirmed_duplicate_names_what_it_retries(people: People) -> None:
    failed = make_payout(people, "executed")
    services.fail_by_hand(people.operator, failed.id, "paid elsewhere")

    again = services.create(people.preparer, a_draft(confirm_duplicate=True))

    assert reload(again).retry_of_id == failed.id
    assert Event.objects.get(resource_id=again.id).payload["data"]["retry_of"] == failed.id


def test_a_duplicate_that_its_retry_paid_is_done_with(people: People) -> None:
    failed = make_payout(people, "executed")
    services.fail_by_hand(people.operator, failed.id, "paid elsewhere")
    make_payout(people, "settled")

    assert services.create(people.preparer, a_draft()).status == "draft"


def test_many_are_created_and_the_bad_ones_named(people: People) -> None:
    rows = [
        a_draft(external_id="a"),
        a_draft(currency="EUR"),
        a_draft(external_id="a"),
        a_draft(recipient_address=OTHER_RECIPIENT),
    ]

    made = services.create_many(people.preparer, rows)

    assert [row.error.code if row.error else None for row in made] == [
        None, "unsupported_currency", "external_id_taken", None,
    ]  # fmt: skip
    assert PayoutIntent.objects.count() == 2
    assert [event_types(row.payout) for row in made if row.payout] == [["payout.created"]] * 2
