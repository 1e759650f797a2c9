"""How a form of the admin asks for an amount."""

from decimal import Decimal
from typing import Any

from django import forms


class AmountField(forms.DecimalField):
    """Digits as they were typed, with or without thousands separators; never a float."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{
                "max_digits": 18,
                "decimal_places": 6,
                "min_value": Decimal("0.01"),
                "widget": forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
                **kwargs,
            }
        )

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = value.replace(",", "").replace(" ", "")
        return super().to_python(value)
