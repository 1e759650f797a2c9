"""What pasted lines say: read without writing anything."""

from decimal import Decimal

import pytest

from billing.errors import InvalidRequest
from payouts import services
from payouts.acts.execute_many import members_of, part_of_batch
from payouts.hash_lines import Planned, plan
from payouts.models import PayoutBatch, PayoutIntent
from tests.payouts.making import RECIPIENT, People, a_hash, event_types, make_payout, reload


@pytest.fixture
def batch(people: People) -> PayoutBatch:
    """5, 6 and 6 USDC to one recipient."""
    made = [make_payout(people, "approved", amount=Decimal(each)) for each in (5, 6, 6)]
    return services.hand_over(people.operator, [payout.id for payout in made])


def members(people: People, batch: PayoutBatch) -> list[PayoutIntent]:
    return members_of(people.operator, batch.id)


def planned(people: People, batch: PayoutBatch, text: str) -> list[Planned]:
    return plan(people.operator, text, members(people, batch))


def five_of(people: People, batch: PayoutBatch) -> PayoutIntent:
    return next(each for each in members(people, batch) if each.amount_atomic == 5_000_000)


@pytest.mark.parametrize("parted", [" ", ",", ";", "\t", " , ", '","'])
def test_a_line_names_a_payout_by_its_id(people: People, batch: PayoutBatch, parted: str) -> None:
    five, tx_hash = five_of(people, batch), a_hash()

    quote = '"' if '"' in parted else ""
    line = f"{quote}{five.id}{parted}{tx_hash.upper()[2:]}{quote}"

    (row,) = planned(people, batch, f"\n  {line}\n\n")

    assert (row.problem, row.note, row.payout, row.tx_hash) == ("", "", five, tx_hash)
    assert row.number == 2
    assert row.title == "5.00 USDC on Arbitrum One to 0x8617E3…38070D"


@pytest.mark.parametrize("recipient", [RECIPIENT, RECIPIENT.lower()])
@pytest.mark.parametrize("amount", ["5", "5.000000"])
def test_a_line_names_a_payout_by_its_money(
    people: People, batch: PayoutBatch, recipient: str, amount: str
) -> None:
    (row,) = planned(people, batch, f"{recipient} {amount} {a_hash()}")

    assert (row.problem, row.payout) == ("", five_of(people, batch))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("hello", "Choose which payouts this one transaction pays."),
        ("a b c d", "Write: payout id, hash. Or: recipient, amount, hash."),
        (f"{RECIPIENT} 6 HASH", "2 payouts of the batch fit this. Name each by its id."),
        (f"{RECIPIENT} 7 HASH", "No payout of the batch pays this recipient this amount."),
        (f"{RECIPIENT} 5,00 HASH", "Write: payout id, hash. Or: recipient, amount, hash."),
        (f"{RECIPIENT} 1e9 HASH", "Write the amount in digits with a point"),
        (f"{RECIPIENT} 5.0000001 HASH", "more than the 6 decimals"),
        ("po_000000000000000000000000 HASH", "This payout is not in the batch."),
        ("FIVE 0x12", "A transaction hash is 64 hexadecimal digits."),
        ("FIVE HASH\nFIVE HASH", "This payout is named in more than one line."),
    ],
)
def test_what_is_wrong_with_a_line_is_said(
    people: People, batch: PayoutBatch, line: str, problem: str
) -> None:
    text = line.replace("HASH", a_hash()).replace("FIVE", five_of(people, batch).id)

    rows = planned(people, batch, text)

    assert all(problem in row.problem for row in rows)
    assert [row.execution for row in rows] == [None] * len(rows)


def test_one_hash_is_for_the_part_that_was_chosen(people: People, batch: PayoutBatch) -> None:
    all_, tx_hash = members(people, batch), a_hash()
    part = part_of_batch(batch.id, all_, chain="arbitrum", part=1)

    rows = plan(people.operator, tx_hash, all_, part)

    assert [row.payout for row in rows] == all_
    assert {row.tx_hash for row in rows} == {tx_hash}
    assert not any(row.problem for row in rows)


def test_a_state_that_takes_no_hash_is_said_and_the_same_hash_is_not(
    people: People, batch: PayoutBatch
) -> None:
    five, tx_hash = five_of(people, batch), a_hash()
    services.execute(people.operator, five.id, tx_hash)

    (again,) = planned(people, batch, f"{five.id} {tx_hash}")
    (other,) = planned(people, batch, f"{five.id} {a_hash()}")

    assert (again.problem, again.note) == ("", "It has this hash already: nothing changes.")
    assert other.problem.startswith("It is executed already.")


def test_a_hash_that_pays_another_payout_is_pointed_out(people: People, batch: PayoutBatch) -> None:
    tx_hash, elsewhere = a_hash(), make_payout(people, "approved")
    services.execute(people.operator, elsewhere.id, tx_hash)

    (row,) = planned(people, batch, f"{five_of(people, batch).id} {tx_hash}")

    assert row.problem == ""
    assert elsewhere.id in row.note


def test_a_dry_run_writes_nothing(people: People, batch: PayoutBatch) -> None:
    five = five_of(people, batch)
    before = event_types(five)

    planned(people, batch, f"{five.id} {a_hash()}")

    assert reload(five).status == "pending_execution"
    assert event_types(five) == before
    assert not five.hashes.exists()


@pytest.mark.parametrize("text", ["", " \n ", "x\n" * 1_001, "x" * 400_001])
def test_nothing_and_too_much_are_refused(people: People, batch: PayoutBatch, text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        planned(people, batch, text)

    assert refused.value.param == "lines"


def test_a_plan_of_many_lines_costs_two_queries(
    people: People, batch: PayoutBatch, django_assert_num_queries: object
) -> None:
    all_ = members(people, batch)
    text = "\n".join(f"{payout.id} {a_hash()}" for payout in all_)

    with django_assert_num_queries(2):  # type: ignore[operator]  # pytest-django's context
        plan(people.operator, text, all_)
