"""JSON whose numbers are exact both ways: a Decimal from the text's own digits, and back again."""

import hashlib
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from django.db import models
from psycopg.types.json import Jsonb

DEEPEST = 64  # Levels of nesting; more is refused, so that no walk of it runs out of stack.

# A string, ended or not, or a bracket. Possessive, so that no text makes it look back.
_TOKEN = re.compile(rb'"(?:[^"\\]+|\\.?)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)
_STEPS = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")

dumps: Callable[[Any], bytes] = _encoder.encode


class MalformedJson(ValueError):
    """The text is not JSON as RFC 8259 has it, or holds what no database text can hold."""


def loads(text: bytes) -> Any:
    """Return the parsed value; numbers with a point or an exponent are Decimals.

    Raises MalformedJson: not UTF-8, NaN or Infinity, lone surrogates, NUL characters, nesting
    deeper than DEEPEST. Of two equal keys the last counts, as everywhere else.
    """
    _refuse_depth(text)
    try:
        value = _decoder.decode(text)
    except InvalidOperation as error:
        raise MalformedJson("a number is out of range") from error
    except ValueError as error:  # msgspec.DecodeError and UnicodeDecodeError are ValueErrors
        raise MalformedJson(str(error)) from error
    if b"\\u0000" in text:
        _refuse_nul(value)
    return value


def digest(value: Any) -> str:
    """SHA-256 of a parsed value; key order, and 500, 500.0 or 5E2, make no difference."""
    return hashlib.sha256(_encoder.encode(_canonical(value))).hexdigest()


def _refuse_depth(text: bytes) -> None:
    """Before decoding: msgspec recurses, as deep as the process's recursion limit and no less.

    Some libraries raise that limit past what the C stack holds, and the process would die.
    """
    if text.count(b"[") + text.count(b"{") <= DEEPEST:
        return
    depth = 0
    for token in _TOKEN.findall(text):
        depth += _STEPS.get(token, 0)
        if depth > DEEPEST:
            raise MalformedJson("nested too deeply")


def _refuse_nul(value: Any) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            _refuse_nul(key)
            _refuse_nul(item)
    elif isinstance(value, list):
        for item in value:
            _refuse_nul(item)
    elif isinstance(value, str) and "\x00" in value:
        raise MalformedJson("a text holds the character U+0000")


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return value
    # Not Decimal.normalize(): that rounds to the context's 28 digits.
    sign, digits, exponent = Decimal(value).as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    short = text.rstrip("0")
    number = f"{'-' * sign}{short}e{int(exponent) + len(text) - len(short)}" if short else "0"
    return msgspec.Raw(number.encode())


class ExactJsonField(models.JSONField):
    """A jsonb column whose numbers stay exact: Django's own field writes Decimals as strings."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return None if value is None else Jsonb(value, dumps=dumps)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else _decoder.decode(value)
