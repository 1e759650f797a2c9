"""What a person is asked about a wallet."""

from typing import Any

from django import forms
from django.http import QueryDict

from billing.chains import Chain
from billing.private_keys import private_kind
from wallets import extended_keys
from wallets.services import NewWallet

SOURCE_HELP = (
    "Once a chain has a source wallet, only money sent from one settles a payout there, and what "
    "leaves it is watched."
)
_LONGEST_SHOWN = 50  # An address has 42 characters at most, a private key 51 or more.
_MONO = {"class": "mono", "autocomplete": "off", "spellcheck": "false"}


class NewWalletForm(forms.Form):
    """An address or an extended key. Which of them, and whether it is right, the service judges."""

    chain = forms.ChoiceField(choices=Chain.choices)
    address = forms.CharField(
        max_length=128,
        required=False,
        label="One address",
        help_text="An address of yours, never a private key or a seed phrase. Checkouts on it "
        "share it: each is told by its exact amount.",
        widget=forms.TextInput(attrs=_MONO),
    )
    xpub = forms.CharField(
        max_length=1000,
        required=False,
        label="Or an extended public key (xpub)",
        help_text="Every checkout then gets an address of its own. Your wallet program exports it "
        "for an account: m/44'/60'/0' for Arbitrum and Base, m/44'/195'/0' for Tron. It makes "
        "addresses and can spend nothing. Keep it to yourself all the same: together with the "
        "private key of one address it gives away all of them.",
        widget=forms.TextInput(attrs={**_MONO, "placeholder": "xpub…"}),
    )
    first_index = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=extended_keys.INDEXES - 1,
        label="First index of the extended key",
        help_text="0, unless addresses of this account were given to somebody already: then the "
        "first that was not.",
    )
    name = forms.CharField(max_length=120, help_text="What you call it: “Treasury”.")
    is_source = forms.BooleanField(
        required=False,
        initial=True,
        label="Payouts are paid from it",
        help_text=f"Of one address alone; from an extended key nothing is paid. {SOURCE_HELP}",
    )

    def clean(self) -> dict[str, Any]:
        """The box is ticked to begin with, so of an extended key it says nothing."""
        answers: dict[str, Any] = super().clean() or {}
        answers["first_index"] = answers.get("first_index") or 0
        answers["is_source"] = answers.get("is_source", False) and not answers.get("xpub")
        return answers

    def draft(self) -> NewWallet:
        return NewWallet(**self.cleaned_data)

    def forget_secrets(self) -> None:
        """Keep what may be a secret out of the page that refuses it."""
        assert isinstance(self.data, QueryDict), "it came with a request"
        answers = self.data.copy()
        for name, is_public in _IS_PUBLIC.items():
            if not is_public(answers.get(name, "")):
                answers[name] = ""
        self.data = answers


class WalletForm(forms.Form):
    name = forms.CharField(max_length=120)
    is_source = forms.BooleanField(
        required=False, label="Payouts are paid from it", help_text=SOURCE_HELP
    )


class KeyWalletForm(forms.Form):
    """Of a wallet on an extended key: nothing is paid from it."""

    name = forms.CharField(max_length=120)


def _is_short_word(text: str) -> bool:
    return len(text) <= _LONGEST_SHOWN and len(text.split()) <= 1


def _is_no_key(text: str) -> bool:
    return private_kind(text) is None


_IS_PUBLIC = {
    "address": _is_short_word,
    "xpub": extended_keys.may_be_shown,
    "name": _is_no_key,
}
