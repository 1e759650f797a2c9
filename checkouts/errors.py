"""What a call about checkouts can be refused for. Messages say what is so, then what to do."""

from billing.errors import InvalidRequest
from checkouts.models.intents import Checkout
from checkouts.models.links import PaymentLink
from checkouts.models.methods import PaymentMethod

_NEEDED = {
    "cancel": "Only a pending checkout to which nothing was paid can be canceled.",
    "fail": "Only a pending checkout can be marked as failed.",
    "simulate": "Only a pending checkout can be paid in a simulation. Make another one.",
}


class CheckoutNotPending(InvalidRequest):
    """400: the checkout is in a state from which this act does not lead."""

    code = "checkout_not_pending"

    def __init__(self, checkout: Checkout, act: str) -> None:
        paid = " and partly paid" if checkout.status == "pending" else ""
        super().__init__(
            f"Checkout {checkout.id} is {checkout.status}{paid}. {_NEEDED[act]}", param="status"
        )


class PaymentMethodRequired(InvalidRequest):
    """400: nothing says where this token on this chain shall be paid to."""

    code = "payment_method_required"

    def __init__(self, chain: str, token: str) -> None:
        super().__init__(
            f"No active payment method takes {token} on {chain}. Register a wallet of that chain "
            "and make a payment method for it.",
            param="chain",
        )


class PaymentMethodUnfit(InvalidRequest):
    """400: the payment method that was named cannot take this checkout."""

    code = "payment_method_unfit"

    def __init__(self, method_id: str, why: str) -> None:
        super().__init__(f"Payment method {method_id} {why}.", param="payment_method_id")


class PaymentMethodUnknown(InvalidRequest):
    """400: the payment method that was named is none of the caller's."""

    code = "payment_method_not_found"

    def __init__(self, method_id: str) -> None:
        super().__init__(
            f"No such payment method: {method_id}. Name one of yours.", param="payment_method_id"
        )


class PaymentMethodDisabled(InvalidRequest):
    """400: a disabled payment method stays as it is, and nothing new is paid by it."""

    code = "payment_method_disabled"

    def __init__(self, method: PaymentMethod) -> None:
        super().__init__(
            f"Payment method {method.id} is disabled, which is final. Make another one.",
            param="status",
        )


class WalletUnknown(InvalidRequest):
    """400: the wallet that was named is none of the caller's."""

    code = "wallet_not_found"

    def __init__(self, wallet_id: str) -> None:
        super().__init__(f"No such wallet: {wallet_id}. Name one of yours.", param="wallet_id")


class WalletUnfit(InvalidRequest):
    """400: the wallet is on another chain than the payment method shall be."""

    code = "wallet_unfit"

    def __init__(self, wallet_id: str, chain: str) -> None:
        super().__init__(
            f"Wallet {wallet_id} is on {chain}. Make the payment method for that chain, or name "
            "another wallet.",
            param="wallet_id",
        )


class PaymentLinkExpired(InvalidRequest):
    """400: nothing can be paid by this link any more; its time is over."""

    code = "payment_link_expired"

    def __init__(self, link: PaymentLink) -> None:
        super().__init__(f"Payment link {link.id} has expired. Ask for another one.")


class PaymentLinkClosed(InvalidRequest):
    """400: nothing can be paid by this link any more; it was closed."""

    code = "payment_link_closed"

    def __init__(self, link: PaymentLink) -> None:
        super().__init__(f"Payment link {link.id} is closed. Ask for another one.")


class PaymentLinkDisabled(InvalidRequest):
    """400: nothing can be paid by this link any more; its payment method was disabled."""

    code = "payment_link_disabled"

    def __init__(self, link: PaymentLink) -> None:
        super().__init__(
            f"Payment link {link.id} cannot be paid: its payment method was disabled. "
            "Ask for another one."
        )


class AmountOutOfRange(InvalidRequest):
    """400: less or more than the payment method takes. `code` says which."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message, code=code, param="amount_usd")


class NoFreeAmount(InvalidRequest):
    """400: too many open checkouts of one amount share one address."""

    code = "no_free_amount"

    def __init__(self, amount: object) -> None:
        super().__init__(
            f"Too many checkouts of about {amount} are open on this wallet's one address: no "
            "amount is left that would name another. Use a wallet with an extended public key, "
            "which has an address for each.",
            param="amount_usd",
        )
