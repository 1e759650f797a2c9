"""What customers do on the simulated chain: which transfers they make for which outcome."""

from collections.abc import Sequence

from billing.chains import Chain, Network, Token, network
from billing.errors import InvalidRequest
from chainwatch.sandbox import PlannedTransfer
from checkouts.models import AskedAmount, Checkout

# The customer. Nobody has the keys: it is a repeated word (c0ffee), checksummed.
CUSTOMER = {
    Chain.TRON: "TTZhLQEsFyc4fw2i2qRSjtNBpQFk9mcoNd",
    Chain.ARBITRUM: "0xc0FfEeC0FFeEC0fFEEc0fFEEc0FFeec0FFeEc0Ff",
    Chain.BASE: "0xc0FfEeC0FFeEC0fFEEc0fFEEc0FFeec0FFeEc0Ff",
}


def planned(checkout: Checkout, outcome: str) -> Sequence[PlannedTransfer]:
    """The transfers of an outcome, each a transaction of its own.

    On a shared address every amount that is not the checkout's own is one that names no other.
    Raises InvalidRequest, code `outcome_not_possible`, where the outcome would pay another one.
    """
    exact, taken = checkout.amount_atomic, _taken(checkout)
    if outcome == "wrong_token":
        return [_in_another_token(checkout)]
    if outcome == "underpaid":
        half = min(exact // 2, checkout.enough_atomic - 1)
        return [_transfer(checkout, _free(half, taken, step=-1))]
    if outcome == "overpaid":
        return [_transfer(checkout, _free(exact + max(1, exact // 10), taken, step=1))]
    if outcome == "two_parts":
        half = exact // 2
        while half > 1 and {half, exact - half} & taken:
            half -= 1
        return [_transfer(checkout, half), _transfer(checkout, exact - half)]
    return [_transfer(checkout, exact)]


def _transfer(checkout: Checkout, amount_atomic: int, contract: str = "") -> PlannedTransfer:
    return PlannedTransfer(
        contract=contract or checkout.contract,
        from_address=CUSTOMER[Chain(checkout.chain)],
        to_address=checkout.address,
        amount_atomic=amount_atomic,
    )


def _taken(checkout: Checkout) -> set[int]:
    """The amounts that name a checkout on its address, in either token."""
    asked = AskedAmount.objects.filter(deposit_address_id=checkout.deposit_address_id)
    return set(asked.values_list("amount_atomic", flat=True))


def _free(amount_atomic: int, taken: set[int], *, step: int) -> int:
    while amount_atomic in taken:
        amount_atomic += step
    return max(1, amount_atomic)


def _in_another_token(checkout: Checkout) -> PlannedTransfer:
    """A token of the same name where there is one, the most likely mistake; else the other one."""
    row, token = network(checkout.chain), Token(checkout.token)
    if token == Token.USDC and row.namesakes:
        return _transfer(checkout, checkout.amount_atomic, next(iter(row.namesakes)))
    other = _other(row, token)
    rival = AskedAmount.objects.filter(
        deposit_address_id=checkout.deposit_address_id,
        token=other,
        amount_atomic=checkout.amount_atomic,
    ).first()
    if rival is not None:
        raise InvalidRequest(
            f"On the address that they share, so much {other} would pay checkout "
            f"{rival.checkout_id}. Simulate with a checkout of another amount.",
            code="outcome_not_possible",
            param="outcome",
        )
    return _transfer(checkout, checkout.amount_atomic, row.contracts[other])


def _other(row: Network, token: Token) -> Token:
    return next(name for name in row.contracts if name != token)
