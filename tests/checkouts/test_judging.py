"""Which checkout a transfer names, and as what: tables, values written out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from checkouts.judging import Asking, Came, Judgement, judged
from checkouts.states import PaymentKind

MADE = datetime(2026, 11, 21, 11, 30, tzinfo=UTC)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
A_SECOND = timedelta(seconds=1)
USDC, USDT, USDC_E = "0xc", "0xt", "0xe"


def asking(checkout_id: str = "co_1", **changes: Any) -> Asking:
    values = {"contract": USDC, "token": "USDC", "made_at": MADE, "deadline": NOON, **changes}
    return Asking(checkout_id, **values)


def exact(checkout_id: str, amount: int = 50, **changes: Any) -> Asking:
    return asking(checkout_id, exact_atomic=amount, **changes)


def in_usdt(checkout_id: str, **changes: Any) -> Asking:
    return exact(checkout_id, contract=USDT, token="USDT", **changes)


def came(amount: int = 50, contract: str = USDC, at: datetime = NOON - A_SECOND) -> Came:
    return Came(contract, amount, at)


def said(*named: str) -> Judgement:
    checkout_id, kind = named if len(named) == 2 else (None, named[0])
    return Judgement(checkout_id, PaymentKind(kind))


@pytest.mark.parametrize(
    ("transfer", "changes", "kind"),
    [
        (came(), {}, "on_time"),
        (came(amount=1), {}, "on_time"),
        (came(at=NOON), {}, "on_time"),
        (came(at=NOON + A_SECOND), {}, "late"),
        (came(), {"is_called_off": True}, "late"),
        (came(contract=USDT), {}, "wrong_token"),
        (came(contract=USDC_E), {}, "wrong_token"),
        (came(contract=USDT, at=NOON + A_SECOND), {}, "wrong_token"),
        (came(at=MADE - timedelta(minutes=1)), {}, "on_time"),
    ],
)
def test_an_address_of_its_own_names_the_checkout(
    transfer: Came, changes: dict[str, Any], kind: str
) -> None:
    assert judged(transfer, [asking(**changes)]) == said("co_1", kind)


@pytest.mark.parametrize("contract", [USDC, USDT, USDC_E])
def test_what_was_mined_before_it_was_made_is_not_its_payment(contract: str) -> None:
    early = came(contract=contract, at=MADE - timedelta(minutes=1) - A_SECOND)

    assert judged(early, [asking()]) == judged(early, [exact("co_1")]) == said("unassigned")


@pytest.mark.parametrize(
    ("transfer", "verdict"),
    [
        (came(50), said("co_50", "on_time")),
        (came(51), said("co_51", "on_time")),
        (came(49), said("unassigned")),
        (came(101), said("unassigned")),
        (came(50, at=NOON + A_SECOND), said("co_50", "late")),
        (came(50, contract=USDT), said("co_50", "wrong_token")),
        (came(50, contract=USDC_E), said("co_50", "wrong_token")),
        (came(52, contract=USDT), said("unassigned")),
    ],
)
def test_on_a_shared_address_the_exact_amount_is_the_name(
    transfer: Came, verdict: Judgement
) -> None:
    assert judged(transfer, [exact("co_50"), exact("co_51", 51)]) == verdict


@pytest.mark.parametrize(
    ("contract", "verdict"),
    [
        (USDC, said("co_usdc", "on_time")),
        (USDT, said("co_usdt", "on_time")),
        # The name that is borrowed is USDC's.
        (USDC_E, said("co_usdc", "wrong_token")),
    ],
)
@pytest.mark.parametrize("is_turned", [False, True])
def test_who_asks_for_this_very_token_comes_first(
    contract: str, verdict: Judgement, is_turned: bool
) -> None:
    askings = [exact("co_usdc"), in_usdt("co_usdt")]

    assert judged(came(contract=contract), askings[::-1] if is_turned else askings) == verdict


def test_an_amount_names_its_checkout_as_long_as_it_is_held() -> None:
    week_later = NOON + timedelta(days=7)
    held = exact("co_1", held_until=week_later)

    assert judged(came(at=week_later), [held]) == said("co_1", "late")
    assert judged(came(at=week_later + A_SECOND), [held]) == said("unassigned")


def test_mined_again_a_transfer_stays_with_the_checkout_that_it_named() -> None:
    first = exact("co_1", is_named_already=True, held_until=NOON)
    second = exact("co_2")
    late = came(at=NOON + A_SECOND)

    assert judged(late, [second, first]) == said("co_1", "late")
    assert judged(late, [second]) == said("co_2", "late")
    # And not where it is no longer the same money.
    assert judged(came(49), [first, second]) == said("unassigned")


def test_where_nobody_asks_it_is_unassigned() -> None:
    assert judged(came(), []) == said("unassigned")
