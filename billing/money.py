"""Amounts: integers of the token's smallest unit inside, Decimal at the edge, float nowhere.

No arithmetic here goes through decimal's context, which would round to 28 digits without a word.
"""

import re
from decimal import Decimal

from billing.errors import InvalidRequest

MOST_ATOMIC = 10**18  # A trillion tokens of six decimals; fits bigint with room for sums.
_MOST_DIGITS_BEFORE_POINT = 13
_TYPED_AMOUNT = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,18})?")


def to_atomic(amount: Decimal, decimals: int, *, param: str = "amount") -> int:
    """Return `amount` token units as an integer of the smallest unit, exactly.

    Raises InvalidRequest where the amount is not finite, has more decimals than the token, or
    is above MOST_ATOMIC. Never rounds, and never does work in proportion to an exponent.
    """
    if not isinstance(amount, Decimal) or not amount.is_finite():
        raise InvalidRequest("The amount must be a finite JSON number.", param=param)
    if not amount:
        return 0
    if amount.adjusted() >= _MOST_DIGITS_BEFORE_POINT:
        raise _too_large(param)
    sign, digits, exponent = amount.as_tuple()
    assert isinstance(exponent, int)  # A finite number's exponent is never one of "n", "N", "F".
    shift = exponent + decimals
    if shift < 0:
        digits, cut = digits[:shift], digits[shift:]
        if any(cut):
            message = f"The amount has more than the {decimals} decimals of the token."
            raise InvalidRequest(message, param=param)
    atomic = int(Decimal((sign, digits, max(shift, 0))))
    if abs(atomic) > MOST_ATOMIC:
        raise _too_large(param)
    return atomic


def from_atomic(amount_atomic: int, decimals: int) -> Decimal:
    """Return the exact amount in token units, shortest form: 49990000 at 6 decimals is 49.99."""
    whole, fraction = _parts(amount_atomic, decimals)
    return Decimal(f"{whole}.{fraction}".rstrip("0").rstrip("."))


def display(amount_atomic: int, decimals: int) -> str:
    """For people: thousands separated, two decimals, all of them only where they differ."""
    whole, fraction = _parts(amount_atomic, decimals)
    sign, whole = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    shown = fraction if fraction[2:].strip("0") else fraction[:2].ljust(2, "0")
    return f"{sign}{int(whole):,}.{shown}"


def from_text(text: str, *, param: str = "amount") -> Decimal:
    """Read an amount that a person typed or a file holds: ASCII digits, one point, nothing else.

    Decimal itself would also take other scripts' digits, underscores, exponents and NaN.
    """
    if not _TYPED_AMOUNT.fullmatch(text):
        message = "Write the amount in digits with a point, such as 1250.50, without separators."
        raise InvalidRequest(message, param=param)
    return Decimal(text)


def _parts(amount_atomic: int, decimals: int) -> tuple[str, str]:
    """Return the digits before the point, with the sign, and all those after it."""
    whole, fraction = divmod(abs(amount_atomic), 10**decimals)
    sign = "-" if amount_atomic < 0 else ""
    return f"{sign}{whole}", f"{fraction:0{decimals}d}"


def _too_large(param: str) -> InvalidRequest:
    message = "The amount is too large: a payment is at most 1,000,000,000,000."
    return InvalidRequest(message, code="amount_too_large", param=param)
