"""Every event as a sentence: who did what to what. For people who have never seen the API.

The words come from what the event itself says, which never changes; no row is read. What an event
does not say is left out, so that older and newer events can be told alike.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from billing.chains import Chain, Token
from billing.display import absolute, amount_words, short
from billing.money import display
from events.models import Event
from events.types import EventType
from events.words import KINDS as KINDS
from events.words import WORDS as WORDS

Data = Mapping[str, Any]


def kind_of(type_: str) -> str:
    """`payout` of `payout.created`."""
    return type_.partition(".")[0]


def sentence_of(event: Event) -> str:
    """`Mara approved the payout of 49.99 USDT on Tron to TXyz12…abC789: checked the invoice`."""
    data: Data = event.payload.get("data") or {}
    words = _words(event, data).format(who=who_of(event), thing=_thing(event, data))
    more = "".join(f"{lead}{text}" for lead, text in _more(event, data) if text)
    return words[:1].upper() + words[1:] + more


def act_words(type_: str) -> str:
    """The type in words, for a filter: `approval withdrawn` of `payout.approval_withdrawn`."""
    return type_.partition(".")[2].replace("_", " ")


def who_of(event: Event) -> str:
    """Who did it, and that it was a key, where the name does not say so: a person chose it."""
    if event.actor_id.startswith("key_"):
        return f"API key {event.actor_name.removeprefix('key ')}"
    return event.actor_name


def _words(event: Event, data: Data) -> str:
    """The words of the type; others where the event says that it was a special case of it."""
    special = _SPECIAL.get(event.type, ())
    return next((words for mark, words in special if data.get(mark)), WORDS[event.type])


# By what the event says besides: an approval that is not the last one is told as an update.
_SPECIAL: dict[str, tuple[tuple[str, str], ...]] = {
    EventType.PAYOUT_UPDATED: (
        ("digest", "{who} approved {thing}, and more approvals are needed"),
        ("declined_tx_hash", "{who} said that the transaction proposed for {thing} is another"),
        ("withdrawn_tx_hash", "the transaction proposed for {thing} is not there any more"),
    ),
    EventType.PAYOUT_EXECUTED: (
        ("found_by_watcher", "the transaction of {thing} was found in the wallet"),
        ("matched_by_hand", "{who} matched {thing} by hand with a transfer"),
        ("replaced", "{who} replaced the transaction of {thing}"),
    ),
    EventType.SUBSCRIPTION_UPDATED: (
        ("canceled_on", "{who} canceled {thing} on its page: it ends with its period"),
    ),
    EventType.PAYOUT_DISCREPANCY: (("alarm", "alarm: {thing} may be paid twice"),),
}


def _thing(event: Event, data: Data) -> str:
    kind = kind_of(event.type)
    if say := _OWN_THINGS.get(kind):
        return say(event, data)
    noun = f"the {KINDS[kind]}"
    if amount := _amount(data):
        return f"{noun} of {amount}{_recipient(data)}"
    name = data.get("name") or data.get("url") or ""
    return f"{noun} {name or short(event.resource_id)}"


def _member(event: Event, data: Data) -> str:
    return str(data.get("name") or data.get("email") or short(event.resource_id))


def _api_key(event: Event, data: Data) -> str:
    name, last = data.get("name"), data.get("last_four")
    return " ".join(
        ["the API key", *([str(name)] if name else []), *([f"…{last}"] if last else [])]
    )


def _export(event: Event, data: Data) -> str:
    format_ = str(data.get("format") or "").upper()
    return f"the {data.get('what') or 'rows'}{f' as {format_}' if format_ else ''}"


def _adjustment(event: Event, data: Data) -> str:
    atomic = str(data.get("amount_atomic") or "")
    noun = f"the {data.get('type') or 'adjustment'}"
    return f"{noun} of {display(int(atomic), 6)} USD" if atomic.isdigit() else noun


def _policy(event: Event, data: Data) -> str:
    version = data.get("version")
    return f"the approval policy{f', version {version}' if version else ''}"


def _subscription(event: Event, data: Data) -> str:
    """`the subscription of Ann to Pro`, by what the event says of either."""
    customer, plan = data.get("customer") or {}, data.get("plan") or {}
    whose = customer.get("name") or customer.get("email")
    return "".join(
        [
            "the subscription" if whose else f"the subscription {short(event.resource_id)}",
            f" of {whose}" if whose else "",
            f" to {plan['name']}" if plan.get("name") else "",
        ]
    )


def _entitlement(event: Event, data: Data) -> str:
    return f"the entitlement {data.get('feature_key') or short(event.resource_id)}"


def _renewal_settings(event: Event, data: Data) -> str:
    return "the settings of renewals"


def _period(event: Event, data: Data) -> str:
    try:
        return f"the period up to {absolute(datetime.fromisoformat(str(data.get('to'))))}"
    except ValueError:
        return f"the period {short(event.resource_id)}"


def _branding(event: Event, data: Data) -> str:
    return "the branding of the hosted pages"


_OWN_THINGS: dict[str, Callable[[Event, Data], str]] = {
    "member": _member,
    "api_key": _api_key,
    "export": _export,
    "adjustment": _adjustment,
    "policy": _policy,
    "branding": _branding,
    "period": _period,
    "subscription": _subscription,
    "entitlement": _entitlement,
    "renewal_settings": _renewal_settings,
}


def _amount(data: Data) -> str:
    """`49.99 USDT on Tron`; empty where the event says no amount of a token we know."""
    atomic, token, chain = (data.get(key) for key in ("amount_atomic", "token", "chain"))
    is_known = token in Token.values and chain in Chain.values
    if not is_known or not str(atomic).isdigit():
        return ""
    return amount_words(int(str(atomic)), str(token), str(chain))


def _recipient(data: Data) -> str:
    name, address = data.get("recipient_name"), data.get("recipient_address")
    if name:
        return f" to {name}"
    return f" to {short(str(address))}" if address else ""


def _more(event: Event, data: Data) -> list[tuple[str, str]]:
    """What the act itself said: its reason, what was changed. Each with what leads to it."""
    why = data.get("reason") or data.get("override_reason") or data.get("note")
    failed = data.get("failure_reason") if event.type == EventType.PAYOUT_FAILED else None
    changed = data.get("changed")
    changes = (
        ", ".join(str(c).replace("_", " ") for c in changed) if isinstance(changed, list) else ""
    )
    role = str(data.get("role") or "")
    resolution = data.get("resolution") if event.type.endswith(".resolved") else None
    return [
        (" as ", role if event.type == EventType.MEMBER_ADDED else ""),
        (", now ", role if event.type == EventType.MEMBER_CHANGED else ""),
        (" as ", str(resolution or "").replace("_", " ")),
        (" (", f"{changes})" if changes else ""),
        (": ", str(failed or why or "")),
    ]
