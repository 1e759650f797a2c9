"""What follows for a checkout from its payments and its chain: tables, values written out.

Asked are 50 (atomic units of nothing in particular), 12 confirmations, until noon.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from checkouts.deciding import (
    BeginConfirming,
    Confirm,
    Detect,
    Expire,
    Facts,
    Overpaid,
    Part,
    Reorg,
    Restore,
    Reverse,
    Step,
    Underpaid,
    decide,
)
from checkouts.states import Status

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
A_SECOND = timedelta(seconds=1)


def part(amount: int = 50, block: int = 100, tx_hash: str = "0xa", **more: Any) -> Part:
    return Part(tx_hash, amount, block, 0, **more)


def final(amount: int = 50, block: int = 100, tx_hash: str = "0xa", **more: Any) -> Part:
    return part(amount, block, tx_hash, is_final=True, **more)


def gone(amount: int = 50, block: int = 100, tx_hash: str = "0xa", **more: Any) -> Part:
    """It stood in this block until just now, and is in none."""
    return part(amount, block, tx_hash, stands=False, left_block=block, **more)


def facts(status: str, *parts: Part, **more: Any) -> Facts:
    at = 100 if status in ("detected", "confirming", "confirmed") else None
    values: dict[str, Any] = {
        "amount_atomic": 50,
        "enough_atomic": 50,
        "required_confirmations": 12,
        "deadline": NOON,
        "head": 100,
        "block_number": at,
        **more,
    }
    return Facts(status=Status(status), parts=parts, **values)


@pytest.mark.parametrize(
    ("parts", "steps"),
    [
        ([], []),
        ([part(49)], []),
        ([part(50)], [Detect("0xa", 100)]),
        ([part(51)], [Detect("0xa", 100)]),
        ([part(50, stands=False)], []),
        ([part(20, 90, "0xa"), part(29, 95, "0xb")], []),
        ([part(20, 90, "0xa"), part(30, 95, "0xb")], [Detect("0xa", 95), BeginConfirming()]),
        # The later one came to us first: what counts is the order of the chain.
        ([part(30, 100, "0xb"), part(20, 90, "0xa")], [Detect("0xa", 100)]),
        # The third is not needed.
        ([part(25, 90, "0xa"), part(25, 91, "0xb"), part(9, 100, "0xc")],
         [Detect("0xa", 91), BeginConfirming()]),
    ],
)  # fmt: skip
def test_enough_that_stands_is_detected(parts: list[Part], steps: list[Step]) -> None:
    assert decide(facts("pending", *parts)) == steps


def test_a_tolerance_makes_less_enough_and_parts_count_together() -> None:
    almost = facts("pending", part(24, 98, "0xa"), part(24, 100, "0xb"), enough_atomic=48)

    assert decide(almost) == [Detect("0xa", 100)]


@pytest.mark.parametrize(
    ("head", "steps"),
    [(None, []), (99, []), (100, []), (101, [BeginConfirming()]), (130, [BeginConfirming()])],
)
def test_a_further_block_begins_to_confirm(head: int | None, steps: list[Step]) -> None:
    assert decide(facts("detected", part(), head=head)) == steps


@pytest.mark.parametrize(
    ("status", "head", "steps"),
    [
        # Final by its network's rule, and not as deep as the payment method asks.
        ("confirming", 110, []),
        ("confirming", 111, [Confirm("0xa", 100, 12)]),
        ("confirming", 500, [Confirm("0xa", 100, 401)]),
        ("detected", 111, [BeginConfirming(), Confirm("0xa", 100, 12)]),
        ("detected", 100, [BeginConfirming()]),
        ("confirming", None, []),
    ],
)
def test_enough_that_is_final_and_deep_enough_confirms(
    status: str, head: int | None, steps: list[Step]
) -> None:
    assert decide(facts(status, final(), head=head)) == steps


def test_depth_alone_confirms_nothing() -> None:
    assert decide(facts("confirming", part(), head=5_000)) == []
    half = [final(25, 90, "0xa"), part(25, 100, "0xb")]
    assert decide(facts("confirming", *half, head=5_000)) == []


def test_what_is_final_when_it_is_first_seen_takes_every_step_in_order() -> None:
    assert decide(facts("pending", final(60), head=111)) == [
        Detect("0xa", 100), BeginConfirming(), Confirm("0xa", 100, 12), Overpaid(),
    ]  # fmt: skip


def test_the_last_block_that_is_needed_is_the_one_that_must_be_deep() -> None:
    parts = [final(25, 100, "0xa"), final(25, 105, "0xb")]

    assert decide(facts("confirming", *parts, head=115, block_number=105)) == []
    assert decide(facts("confirming", *parts, head=116, block_number=105)) == [
        Confirm("0xa", 105, 12)
    ]


@pytest.mark.parametrize("status", ["detected", "confirming"])
@pytest.mark.parametrize(
    ("parts", "steps"),
    [
        ([gone()], [Reorg()]),
        # It is in another block already.
        ([part(50, 103, left_block=100)], [Reorg(), Detect("0xa", 103)]),
        # It is in another block of the same height.
        ([part(50, 100, left_block=100)], [Reorg(), Detect("0xa", 100)]),
        # A part of it left.
        ([part(25, 95, "0xa"), gone(25, 100, "0xb")], [Reorg()]),
        # Another one is enough without it.
        ([gone(50, 100, "0xa"), part(50, 101, "0xb")], [Reorg(), Detect("0xb", 101)]),
        # One that was not needed left.
        ([part(50, 100, "0xa"), gone(50, 101, "0xb")], []),
        # It came back too late to be in time: it counts no more (stands is False for that).
        ([part(50, 140, stands=False, left_block=100)], [Reorg()]),
        # It is gone since an earlier pass that did not see this (a restored backup, say).
        ([part(50, stands=False)], [Reorg()]),
    ],
)  # fmt: skip
def test_a_block_that_left_takes_it_back(status: str, parts: list[Part], steps: list[Step]) -> None:
    assert decide(facts(status, *parts)) == steps


def test_what_left_after_the_deadline_expires_at_once() -> None:
    lost = facts(
        "confirming", part(20, 90, "0xa"), gone(30, 100, "0xb"), followed_until=NOON + A_SECOND
    )

    assert decide(lost) == [Reorg(), Expire(), Underpaid()]


@pytest.mark.parametrize(
    ("followed_until", "parts", "steps"),
    [
        (None, [], []),
        (NOON - A_SECOND, [], []),
        (NOON, [], []),  # a block of this very second may still come
        (NOON + A_SECOND, [], [Expire()]),
        (NOON + A_SECOND, [part(49)], [Expire(), Underpaid()]),
        (NOON + A_SECOND, [part(49, stands=False)], [Expire()]),
        # In time always wins.
        (NOON + timedelta(days=1), [part(50)], [Detect("0xa", 100)]),
    ],
)
def test_time_is_over_when_the_chain_was_followed_past_it(
    followed_until: datetime | None, parts: list[Part], steps: list[Step]
) -> None:
    assert decide(facts("pending", *parts, followed_until=followed_until)) == steps


@pytest.mark.parametrize("status", ["detected", "confirming"])
def test_what_is_on_its_way_never_expires(status: str) -> None:
    assert decide(facts(status, part(), followed_until=NOON + A_SECOND)) == []


@pytest.mark.parametrize(
    ("parts", "more", "steps"),
    [
        ([], {}, []),
        ([part(10)], {}, [Underpaid()]),
        ([part(10)], {"is_underpaid_told": True}, []),
        ([part(10), part(40, 101, "0xb")], {"is_underpaid_told": True}, [Detect("0xa", 101)]),
        ([final(50)], {"head": 110}, [Detect("0xa", 100), BeginConfirming()]),
        # Canceled: nothing that comes brings it back.
        ([part(50)], {"is_canceled": True}, []),
        ([part(10)], {"is_canceled": True}, []),
    ],
)  # fmt: skip
def test_money_in_time_that_shows_up_after_it_expired_counts(
    parts: list[Part], more: dict[str, Any], steps: list[Step]
) -> None:
    assert decide(facts("expired", *parts, **more)) == steps


def test_expired_again_it_is_told_again_that_it_is_underpaid() -> None:
    """Enough had shown up after all, and left: what stands is too little once more."""
    lost = facts("detected", part(20, 90, "0xb"), gone(30), followed_until=NOON + A_SECOND)

    assert decide(lost) == [Reorg(), Expire(), Underpaid()]


@pytest.mark.parametrize("status", ["failed"])
def test_a_failed_one_stays_so(status: str) -> None:
    assert decide(facts(status, final(50), head=500, followed_until=NOON + A_SECOND)) == []


@pytest.mark.parametrize(
    ("parts", "more", "steps"),
    [
        ([final(50)], {}, []),
        ([final(51)], {}, [Overpaid()]),
        ([final(51)], {"is_overpaid_told": True}, []),
        # More is there, and not final yet: it may still leave.
        ([final(50), part(50, 101, "0xb")], {}, []),
        ([final(50), final(50, 101, "0xb")], {}, [Overpaid()]),
        # A tolerance is not money: more than was asked is more than the amount.
        ([final(49)], {"enough_atomic": 40}, []),
    ],
)
def test_more_than_was_asked_is_told_once_it_is_final(
    parts: list[Part], more: dict[str, Any], steps: list[Step]
) -> None:
    assert decide(facts("confirmed", *parts, **more)) == steps


MISSED: dict[str, Any] = {"stands": False, "is_final": True, "is_missed": True}


@pytest.mark.parametrize(
    ("parts", "is_reversed", "steps"),
    [
        # It left, and is in no block.
        ([part(left_block=100, left_final=True, **MISSED)], False, [Reverse()]),
        ([part(**MISSED)], True, []),
        # It is in another block, and not final there.
        ([part(50, 104, left_block=100, left_final=True)], False, [Reverse()]),
        ([part(50, 104)], True, []),
        ([final(50, 104)], True, [Restore()]),
        # It left and is final in another block by now.
        ([final(50, 104, left_block=100, left_final=True)], False, [Reverse(), Restore()]),
        # What was paid too much left: it had been told, so this is told as well.
        ([final(), part(9, 101, "0xb", left_final=True, **MISSED)], False, [Reverse()]),
        ([final(), part(9, 101, "0xb", **MISSED)], True, []),
        ([final(), final(9, 107, "0xb")], True, [Restore(), Overpaid()]),
        # What was never final may come and go.
        ([final(), gone(50, 101, "0xb")], False, []),
        # Other money makes it whole, and yet what was final is missed.
        ([part(**MISSED), final(50, 120, "0xb")], True, []),
    ],
)  # fmt: skip
def test_final_money_that_leaves_a_confirmed_one_is_an_alarm(
    parts: list[Part], is_reversed: bool, steps: list[Step]
) -> None:
    assert decide(facts("confirmed", *parts, is_reversed=is_reversed)) == steps


def test_what_left_before_it_was_confirmed_is_no_reversal() -> None:
    """Its payment method wants more blocks than its network: it was final, left, and is back."""
    back = facts("confirming", final(50, 104, left_block=100, left_final=True), head=120)

    assert decide(back) == [
        Reorg(), Detect("0xa", 104), BeginConfirming(), Confirm("0xa", 104, 17),
    ]  # fmt: skip


def test_an_order_of_many_parts_is_found_quickly() -> None:
    dust = [part(1, 100 + number, f"0x{number:x}") for number in range(20_000)]

    (step,) = decide(facts("pending", *dust, enough_atomic=19_999, head=20_098))

    assert step == Detect("0x0", 20_098)
