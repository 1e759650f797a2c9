"""What a person is asked about a payment method."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django import forms

from billing.chains import Chain, Token, decimals, network
from billing.money import from_atomic
from checkouts.admin.amounts import AmountField
from checkouts.admin.words import wallet_name
from checkouts.methods import AMOUNTS
from checkouts.models import PaymentMethod
from wallets.models import Wallet


class RulesForm(forms.Form):
    """What may be changed of a payment method. Fields are named as the service's, for refusals."""

    spans: ClassVar[dict[str, str]] = dict.fromkeys(AMOUNTS, "third")

    display_name = forms.CharField(
        max_length=256, required=False, label="Name", help_text="What you call it: “Shop, USDT”."
    )
    required_confirmations = forms.IntegerField(
        min_value=1, max_value=100_000, required=False, label="Confirmations"
    )
    min_amount_usd = AmountField(required=False, label="Least amount")
    max_amount_usd = AmountField(required=False, label="Most")
    tolerance_usd = AmountField(
        required=False,
        min_value=Decimal(0),
        label="Tolerance",
        help_text="So much less still pays. With extended keys alone.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = ", ".join(f"{chain.label} {network(chain).confirmations}" for chain in Chain)
        self.fields["required_confirmations"].help_text = (
            f"How many blocks must confirm a payment. Empty: what the chain asks for ({own}), of "
            "which fewer are not taken."
        )


class NewMethodForm(RulesForm):
    """The chain is the wallet's, so no wallet of another chain can be chosen by mistake."""

    field_order = ("wallet_id", "token", "display_name")

    wallet_id = forms.ChoiceField(
        label="Paid to",
        help_text="The wallet says the chain. On an extended key every checkout gets a fresh "
        "address; on one address its exact amount tells each apart.",
    )
    token = forms.ChoiceField(choices=Token.choices, widget=forms.RadioSelect)
    is_default = forms.BooleanField(
        required=False, label="The default: taken before others of its chain and token"
    )

    def __init__(self, *args: Any, wallets: Mapping[str, Wallet], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wallets = wallets
        groups: dict[str, list[tuple[str, str]]] = {}
        for wallet in wallets.values():
            kind = "extended key" if wallet.extended_key_id else "one address"
            chain = str(Chain(wallet.chain).label)
            groups.setdefault(chain, []).append(
                (wallet.pk, f"{wallet_name(wallet)} on {chain}, {kind}")
            )
        field = self.fields["wallet_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Choose a wallet"), *sorted(groups.items())]

    def clean(self) -> dict[str, Any]:
        answers: dict[str, Any] = super().clean() or {}
        wallet = self.wallets.get(answers.get("wallet_id", ""))
        return {**answers, "chain": wallet.chain if wallet else ""}


def rules_of(method: PaymentMethod) -> dict[str, Any]:
    """A payment method's rules as the form asks for them."""
    places = decimals(method.chain, method.token)
    atomics = {name: getattr(method, column) for name, column in AMOUNTS.items()}
    return {
        "display_name": method.display_name or "",
        "required_confirmations": method.required_confirmations,
        **{name: from_atomic(atomic, places) for name, atomic in atomics.items() if atomic},
    }


def rules_answered(answers: Mapping[str, Any], chain: str) -> dict[str, Any]:
    """The rules as the service takes them; what was left empty is what it was without a rule."""
    return {
        "display_name": answers["display_name"] or None,
        "required_confirmations": answers["required_confirmations"] or network(chain).confirmations,
        "min_amount_usd": answers["min_amount_usd"],
        "max_amount_usd": answers["max_amount_usd"],
        "tolerance_usd": answers["tolerance_usd"] or Decimal(0),
    }
