"""Which payment method takes a new checkout."""

from billing.callers import Caller
from billing.chains import decimals
from billing.money import from_atomic
from checkouts.errors import (
    AmountOutOfRange,
    PaymentMethodRequired,
    PaymentMethodUnfit,
    PaymentMethodUnknown,
)
from checkouts.methods import sandbox_method
from checkouts.models import MethodStatus, PaymentMethod


def chosen_method(
    caller: Caller, chain: str, token: str, method_id: str | None = None
) -> PaymentMethod:
    """Return the one that was named, else the active one for this chain and token.

    Of several the default comes first, then the newest. In the sandbox one is made where there is
    none. Raises PaymentMethodUnknown, PaymentMethodUnfit, PaymentMethodRequired.
    """
    methods = PaymentMethod.objects.visible_to(caller).select_related("wallet__extended_key")
    if method_id is not None:
        return _fitting(methods.filter(id=method_id).first(), method_id, chain, token)
    found = (
        methods.filter(chain=chain, token=token, status=MethodStatus.ACTIVE)
        .order_by("-is_default", "-created_at", "-id")
        .first()
    )
    if found is None and not caller.is_live:
        return sandbox_method(caller, chain, token)
    if found is None:
        raise PaymentMethodRequired(chain, token)
    return found


def require_amount(method: PaymentMethod, amount_atomic: int) -> None:
    """Raise AmountOutOfRange where the payment method takes less or more than this."""
    least, most = method.min_amount_atomic, method.max_amount_atomic
    if least is not None and amount_atomic < least:
        raise AmountOutOfRange(
            "amount_too_small", f"This payment method takes {_usd(least, method)} at least."
        )
    if most is not None and amount_atomic > most:
        raise AmountOutOfRange(
            "amount_too_large", f"This payment method takes {_usd(most, method)} at most."
        )


def _fitting(method: PaymentMethod | None, method_id: str, chain: str, token: str) -> PaymentMethod:
    if method is None:
        raise PaymentMethodUnknown(method_id)
    if method.status != MethodStatus.ACTIVE:
        raise PaymentMethodUnfit(method_id, "is disabled. Name an active one")
    if (method.chain, method.token) != (chain, token):
        raise PaymentMethodUnfit(
            method_id,
            f"takes {method.token} on {method.chain}. Ask for that, or name another one",
        )
    return method


def _usd(amount_atomic: int, method: PaymentMethod) -> str:
    return f"{from_atomic(amount_atomic, decimals(method.chain, method.token))} {method.token}"
