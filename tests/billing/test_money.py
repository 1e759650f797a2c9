from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.errors import InvalidRequest
from billing.money import MOST_ATOMIC, display, from_atomic, from_text, to_atomic


@pytest.mark.parametrize(
    ("amount", "atomic"),
    [
        ("0", 0),
        ("-0.0", 0),
        ("0E+999999999", 0),
        ("0.000001", 1),
        ("0.01", 10_000),
        ("49.99", 49_990_000),
        ("500", 500_000_000),
        ("5E+2", 500_000_000),
        ("500.000000000000000000000000000000000000", 500_000_000),
        ("99999999999.123456", 99_999_999_999_123_456),
        ("1000000000000", 1_000_000_000_000_000_000),
        ("-12.5", -12_500_000),
    ],
)
def test_an_amount_becomes_the_exact_integer(amount: str, atomic: int) -> None:
    assert to_atomic(Decimal(amount), 6) == atomic


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("NaN", "invalid_field_value"),
        ("sNaN", "invalid_field_value"),
        ("Infinity", "invalid_field_value"),
        ("-Infinity", "invalid_field_value"),
        ("0.0000001", "invalid_field_value"),
        ("1.0000001", "invalid_field_value"),
        ("1e-999999999", "invalid_field_value"),
        # Decimal's own arithmetic rounds this to 0.01 without a word.
        ("0.0100000000000000000000000000000000001", "invalid_field_value"),
        ("1000000000000.000001", "amount_too_large"),
        ("-1000000000000.000001", "amount_too_large"),
        ("1e400", "amount_too_large"),
        ("1e999999999", "amount_too_large"),
        ("9" * 5000, "amount_too_large"),
    ],
)
def test_what_is_no_amount_of_the_token_is_refused(amount: str, code: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        to_atomic(Decimal(amount), 6)

    assert refusal.value.code == code
    assert refusal.value.param == "amount"


def test_a_float_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        to_atomic(49.99, 6)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize("amount", ["1e999999999999999999", "1e-999999999999999999"])
def test_a_huge_exponent_is_refused_without_writing_out_its_digits(amount: str) -> None:
    """Done the simple way, this takes all memory there is."""
    with pytest.raises(InvalidRequest):
        to_atomic(Decimal(amount), 6)


def test_zero_is_zero_whatever_its_exponent() -> None:
    assert to_atomic(Decimal("0e999999999999999999"), 6) == 0


@given(st.integers(-MOST_ATOMIC, MOST_ATOMIC))
def test_an_atomic_amount_survives_the_way_out_and_in(atomic: int) -> None:
    assert to_atomic(from_atomic(atomic, 6), 6) == atomic


@given(st.integers(0, 10**13 - 1), st.integers(0, 10**6 - 1))
def test_the_digits_that_were_sent_come_back(whole: int, fraction: int) -> None:
    sent = Decimal(f"{whole}.{fraction:06d}")

    if sent > 10**12:
        with pytest.raises(InvalidRequest):
            to_atomic(sent, 6)
    else:
        assert from_atomic(to_atomic(sent, 6), 6) == sent


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_every_decimal_is_exact_or_refused(amount: Decimal) -> None:
    try:
        atomic = to_atomic(amount, 6)
    except InvalidRequest:
        return

    assert Decimal(f"{atomic}e-6") == amount


@pytest.mark.parametrize(
    ("atomic", "amount"),
    [
        (0, "0"),
        (1, "0.000001"),
        (49_990_000, "49.99"),
        (500_000_000, "500"),
        (-12_500_000, "-12.5"),
        # A hostile token can say any 256 bits: nothing may be rounded away.
        (
            2**256 - 1,
            "115792089237316195423570985008687907853269984665640564039457584007913129.639935",
        ),
    ],
)
def test_an_atomic_amount_is_written_in_its_shortest_form(atomic: int, amount: str) -> None:
    assert str(from_atomic(atomic, 6)) == amount


@pytest.mark.parametrize(
    ("atomic", "shown"),
    [
        (0, "0.00"),
        (1, "0.000001"),
        (10_000, "0.01"),
        (1_234_567_500_000, "1,234,567.50"),
        (1_234_567_512_345, "1,234,567.512345"),
        (-1_234_500_000, "-1,234.50"),
        (-1, "-0.000001"),
        (10**60, "1,000,000,000,000,000,000,000,000,000,000,000,000,000,000,000,000,000,000.00"),
    ],
)
def test_people_read_amounts_with_separators(atomic: int, shown: str) -> None:
    assert display(atomic, 6) == shown


@pytest.mark.parametrize(("text", "amount"), [("49.99", "49.99"), ("0.01", "0.01"), ("7", "7")])
def test_a_typed_amount_is_read(text: str, amount: str) -> None:
    assert from_text(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1\n",
        "1,000.00",
        "1e3",
        "1_000",
        ".5",
        "5.",
        "+5",
        "NaN",
        "٤٩",
        "４９",
        "0x10",
    ],
)
def test_a_typed_amount_in_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        from_text(text)
