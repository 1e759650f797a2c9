"""The forms of the draft of a policy, and of trying one."""

from typing import Any, ClassVar

from django import forms

from approvals.facts import Facts
from approvals.models import (
    ApproverGroup,
    CreatedVia,
    Limit,
    LimitScope,
    Outcome,
    RecipientIs,
    Rule,
)
from approvals.terms import REFERENCE_TYPES, LimitTerms, RuleTerms
from approvals.words import PLACES
from billing.callers import Caller
from billing.chains import Chain, Token
from billing.money import from_atomic, from_text, to_atomic

_ANY = ("", "any")
# Nothing is imported yet; where it is, the rules know the word already.
_MAKERS = [choice for choice in CreatedVia.choices if choice[0] != CreatedVia.IMPORT]
_REFERENCES = [(word, word) for word in REFERENCE_TYPES]
_AMOUNT = {"inputmode": "decimal", "autocomplete": "off"}


def _amount(text: str, param: str) -> int | None:
    """The atomic amount of what was typed; None where nothing was."""
    text = text.strip()
    return to_atomic(from_text(text, param=param), PLACES, param=param) if text else None


def _typed(amount_atomic: int | None) -> str:
    return "" if amount_atomic is None else format(from_atomic(amount_atomic, PLACES), "f")


def _halves(*names: str) -> dict[str, str]:
    """Fields that stand beside each other where there is room."""
    return dict.fromkeys(names, "half")


class RuleForm(forms.Form):
    """One rule: first what it is about, then what it asks."""

    spans: ClassVar[dict[str, str]] = dict.fromkeys(
        ("min_amount", "max_amount", "recipient_is", "created_via", "needed", "group_id"), "half"
    )

    name = forms.CharField(
        max_length=80, help_text="As people will read it: over 1,000 to a new recipient."
    )
    chains = forms.MultipleChoiceField(
        choices=Chain.choices, required=False, widget=forms.CheckboxSelectMultiple,
        label="On these chains", help_text="None ticked: any.",
    )  # fmt: skip
    tokens = forms.MultipleChoiceField(
        choices=Token.choices, required=False, widget=forms.CheckboxSelectMultiple,
        label="Of these tokens", help_text="None ticked: any.",
    )  # fmt: skip
    min_amount = forms.CharField(
        required=False, label="From this amount on", widget=forms.TextInput(attrs=_AMOUNT)
    )
    max_amount = forms.CharField(
        required=False, label="Up to this amount", widget=forms.TextInput(attrs=_AMOUNT)
    )
    recipient_is = forms.ChoiceField(
        choices=RecipientIs.choices, label="To",
        help_text="Known: in the address book, or paid before.",
    )  # fmt: skip
    created_via = forms.ChoiceField(choices=_MAKERS, label="Made by")
    reference_types = forms.MultipleChoiceField(
        choices=_REFERENCES, required=False, widget=forms.CheckboxSelectMultiple,
        label="For these references", help_text="None ticked: any.",
    )  # fmt: skip
    outcome = forms.ChoiceField(
        choices=[
            (Outcome.APPROVALS.value, "It asks approvals, as said below"),
            (Outcome.BLOCK.value, "It is blocked: nobody can approve it"),
        ],
        widget=forms.RadioSelect, initial=Outcome.APPROVALS.value, label="Then",
    )  # fmt: skip
    needed = forms.IntegerField(
        min_value=1, max_value=20, initial=1, label="Approvals", help_text="Of different people."
    )
    group_id = forms.ChoiceField(required=False, label="Of whom")
    people_only = forms.BooleanField(
        required=False, label="People only: the approval of an API key does not count"
    )

    def __init__(self, caller: Caller, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = ApproverGroup.objects.visible_to(caller).order_by("name")
        named = [(group.id, group.name) for group in groups]
        self.fields["group_id"].choices = [("", "anybody who may approve"), *named]  # type: ignore[attr-defined]  # a ChoiceField

    def terms(self) -> RuleTerms:
        """What was asked for. Raises InvalidRequest for an amount that is none."""
        said = self.cleaned_data
        return RuleTerms(
            name=said["name"],
            chains=tuple(said["chains"]),
            tokens=tuple(said["tokens"]),
            min_atomic=_amount(said["min_amount"], "min_amount"),
            max_atomic=_amount(said["max_amount"], "max_amount"),
            recipient_is=said["recipient_is"],
            reference_types=tuple(said["reference_types"]),
            created_via=said["created_via"],
            outcome=said["outcome"],
            needed=said["needed"],
            group_id=said["group_id"] or None,
            people_only=said["people_only"],
        )

    @staticmethod
    def said_of(rule: Rule) -> dict[str, Any]:
        """A rule as the form asks for it."""
        return {
            **{name: getattr(rule, name) for name in RuleTerms("").columns},
            "min_amount": _typed(rule.min_atomic),
            "max_amount": _typed(rule.max_atomic),
            "needed": rule.needed or 1,
        }


class LimitForm(forms.Form):
    """One rolling limit."""

    spans: ClassVar[dict[str, str]] = dict.fromkeys(
        ("amount", "token", "chain", "window_h"), "half"
    )

    name = forms.CharField(max_length=80, help_text="As people will read it: a day.")
    amount = forms.CharField(label="At most", widget=forms.TextInput(attrs=_AMOUNT))
    token = forms.ChoiceField(
        choices=[_ANY, *Token.choices], required=False,
        help_text="Any: all tokens are added, one as one dollar.",
    )  # fmt: skip
    chain = forms.ChoiceField(choices=[_ANY, *Chain.choices], required=False, label="On")
    window_h = forms.IntegerField(
        min_value=1, max_value=744, initial=24, label="In so many hours",
        help_text="Counted back from each approval: 24 is a day, 168 a week, 744 is 31 days.",
    )  # fmt: skip
    scope = forms.ChoiceField(
        choices=[
            (LimitScope.ORGANIZATION.value, "Everything that is approved, together"),
            (LimitScope.RECIPIENT.value, "What is approved to each recipient"),
            (LimitScope.APPROVER.value, "What each person approves, with their keys"),
        ],
        widget=forms.RadioSelect, initial=LimitScope.ORGANIZATION.value, label="Counted",
    )  # fmt: skip

    def terms(self) -> LimitTerms:
        """What was asked for. Raises InvalidRequest for an amount that is none."""
        said = self.cleaned_data
        return LimitTerms(
            name=said["name"],
            scope=said["scope"],
            amount_atomic=_amount(said["amount"], "amount") or 0,
            window_h=said["window_h"],
            chain=said["chain"],
            token=said["token"],
        )

    @staticmethod
    def said_of(limit: Limit) -> dict[str, Any]:
        """A limit as the form asks for it."""
        columns = {name: getattr(limit, name) for name in LimitTerms("", "", 0, 0).columns}
        return {**columns, "amount": _typed(limit.amount_atomic)}


class DescribeForm(forms.Form):
    """What the version is for, and how long an approval stands."""

    note = forms.CharField(
        max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Why this version. Whoever reads the versions later will ask.",
    )  # fmt: skip
    lapse_after_h = forms.IntegerField(
        min_value=1, max_value=90 * 24, label="An approval lapses after so many hours",
        help_text="What is approved and not handed over by then is a draft again. 168 is 7 days.",
    )  # fmt: skip


class TrialForm(forms.Form):
    """A payment that nobody makes."""

    spans: ClassVar[dict[str, str]] = dict.fromkeys(
        ("amount", "token", "chain", "recipient_is", "reference_type", "created_via"), "half"
    )

    amount = forms.CharField(widget=forms.TextInput(attrs=_AMOUNT))
    token = forms.ChoiceField(choices=Token.choices)
    chain = forms.ChoiceField(choices=Chain.choices, label="On")
    recipient_is = forms.ChoiceField(
        choices=[choice for choice in RecipientIs.choices if choice[0] != RecipientIs.ANY],
        label="To", initial=RecipientIs.NEW.value,
    )  # fmt: skip
    reference_type = forms.ChoiceField(choices=_REFERENCES, label="Reference")
    created_via = forms.ChoiceField(
        choices=[choice for choice in _MAKERS if choice[0] != CreatedVia.ANY], label="Made by"
    )

    def facts(self, caller: Caller) -> Facts:
        """The payment as a policy judges it. Raises InvalidRequest for an amount that is none."""
        said = self.cleaned_data
        return Facts(
            subject_id="",
            environment=caller.environment.value,
            chain=said["chain"],
            contract="",
            recipient="",
            amount_atomic=_amount(said["amount"], "amount") or 0,
            due_date=None,
            created_by="",
            token=said["token"],
            reference_type=said["reference_type"],
            recipient_is=said["recipient_is"],
            created_via=said["created_via"],
        )
