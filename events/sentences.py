"""Every event as a sentence: who did what to what. For people who have never seen the API.

The words come from what the event itself says, which never changes; no row is read. What an event
does not say is left out, so that older and newer events can be told alike.
"""

from collections.abc import Callable, Mapping
from typing import Any

from billing.chains import Chain, Token
from billing.display import amount_words, short
from billing.money import display
from events.models import Event
from events.types import EventType

Data = Mapping[str, Any]

# {who} did it; {thing} is what it is about. Where nobody did it, the sentence says what was seen.
WORDS: dict[str, str] = {
    EventType.CHECKOUT_CREATED: "{who} opened {thing}",
    EventType.CHECKOUT_PAYMENT_DETECTED: "a payment for {thing} was seen on its chain",
    EventType.CHECKOUT_CONFIRMING: "blocks confirm the payment of {thing}",
    EventType.CHECKOUT_COMPLETED: "{thing} was paid",
    EventType.CHECKOUT_EXPIRED: "{thing} expired",
    EventType.CHECKOUT_FAILED: "{thing} failed",
    EventType.CHECKOUT_UNDERPAID: "{thing} was paid too little when it expired",
    EventType.CHECKOUT_OVERPAID: "{thing} was paid too much",
    EventType.CHECKOUT_LATE_PAYMENT: "a payment for {thing} came too late",
    EventType.CHECKOUT_WRONG_TOKEN: "{thing} was paid in another token than was asked",
    EventType.CHECKOUT_REORGED: "the block of a payment for {thing} left the chain",
    EventType.CHECKOUT_REVERSED: "alarm: the payment that confirmed {thing} left the chain",
    EventType.CHECKOUT_RESTORED: "the payment of {thing} was mined again",
    EventType.PAYMENT_UNASSIGNED: "{thing} came in and names no checkout",
    EventType.PAYMENT_RESOLVED: "{who} resolved {thing}",
    EventType.PAYOUT_CREATED: "{who} created {thing}",
    EventType.PAYOUT_UPDATED: "{who} changed {thing}",
    EventType.PAYOUT_APPROVED: "{who} approved {thing}",
    EventType.PAYOUT_REJECTED: "{who} rejected {thing}",
    EventType.PAYOUT_CANCELED: "{who} canceled {thing}",
    EventType.PAYOUT_PENDING_EXECUTION: "{who} handed over {thing}",
    EventType.PAYOUT_APPROVAL_LAPSED: "the approval of {thing} lapsed",
    EventType.PAYOUT_TAKEN_BACK: "{who} took back {thing}",
    EventType.PAYOUT_EXECUTED: "{who} submitted the transaction of {thing}",
    EventType.PAYOUT_VERIFYING: "the transaction of {thing} is in a block",
    EventType.PAYOUT_REORGED: "the block of {thing} left the chain",
    EventType.PAYOUT_SETTLED: "{thing} settled",
    EventType.PAYOUT_FAILED: "{thing} failed",
    EventType.PAYOUT_STALLED: "the transaction of {thing} was not seen for 15 minutes",
    EventType.PAYOUT_REPLACEMENT_FOUND: "the transaction of {thing} was replaced by another",
    EventType.PAYOUT_DISCREPANCY: "{thing} settled otherwise than was meant",
    EventType.PAYOUT_APPROVAL_WITHDRAWN: "{who} withdrew the approval of {thing}",
    EventType.PAYOUT_COMMENTED: "{who} wrote a note on {thing}",
    EventType.PAYOUT_FILE_ATTACHED: "{who} attached a file to {thing}",
    EventType.PAYOUT_BATCH_DOWNLOADED: "{who} downloaded {thing}",
    EventType.PAYOUT_IMPORT_COMPLETED: "{who} imported payouts by {thing}",
    EventType.POLICY_PUBLISHED: "{who} published {thing}",
    EventType.APPROVER_GROUP_UPDATED: "{who} changed {thing}",
    EventType.RECIPIENT_CREATED: "{who} added {thing} to the address book",
    EventType.RECIPIENT_UPDATED: "{who} changed {thing}",
    EventType.RECIPIENT_APPROVED: "{who} approved an address of {thing}",
    EventType.RECIPIENT_REJECTED: "{who} rejected an address of {thing}",
    EventType.RECIPIENT_ARCHIVED: "{who} archived {thing}",
    EventType.SETTLEMENT_UNEXPECTED: "alarm: {thing} left a wallet with no payout behind it",
    EventType.SETTLEMENT_REVERSED: "alarm: the block of {thing} left the chain",
    EventType.SETTLEMENT_RESTORED: "{thing} was mined again",
    EventType.SETTLEMENT_MATCHED: "{thing} found its payout",
    EventType.SETTLEMENT_RESOLVED: "{who} resolved {thing}",
    EventType.EXCEPTION_ASSIGNED: "{who} gave {thing} an owner",
    EventType.EXCEPTION_NOTED: "{who} wrote a note on {thing}",
    EventType.PERIOD_CLOSED: "{who} closed {thing}",
    EventType.EXPORT_MADE: "{who} exported {thing}",
    EventType.ADJUSTMENT_CREATED: "{who} booked {thing}",
    EventType.CUSTOMER_CREATED: "{who} added {thing}",
    EventType.CUSTOMER_UPDATED: "{who} changed {thing}",
    EventType.PAYMENT_METHOD_CREATED: "{who} added {thing}",
    EventType.PAYMENT_METHOD_UPDATED: "{who} changed {thing}",
    EventType.PAYMENT_METHOD_DELETED: "{who} deleted {thing}",
    EventType.PAYMENT_LINK_CREATED: "{who} made {thing}",
    EventType.PAYMENT_LINK_CLOSED: "{who} closed {thing}",
    EventType.BRANDING_UPDATED: "{who} changed {thing}",
    EventType.SUBSCRIPTION_CREATED: "{who} started {thing}",
    EventType.SUBSCRIPTION_RENEWED: "{thing} was renewed",
    EventType.SUBSCRIPTION_PAST_DUE: "{thing} is past due",
    EventType.SUBSCRIPTION_PAUSED: "{who} paused {thing}",
    EventType.SUBSCRIPTION_CANCELED: "{who} canceled {thing}",
    EventType.SUBSCRIPTION_EXPIRED: "{thing} expired",
    EventType.WEBHOOK_CREATED: "{who} registered {thing}",
    EventType.WEBHOOK_UPDATED: "{who} changed {thing}",
    EventType.WEBHOOK_ENABLED: "{who} enabled {thing}",
    EventType.WEBHOOK_DISABLED: "{who} disabled {thing}",
    EventType.WEBHOOK_DELETED: "{who} deleted {thing}",
    EventType.WEBHOOK_ROTATED: "{who} made a new secret for {thing}",
    EventType.WEBHOOK_ROTATION_CONFIRMED: "{who} confirmed the new secret of {thing}",
    EventType.WEBHOOK_REDELIVERED: "{who} had events sent again to {thing}",
    EventType.WEBHOOK_TEST: "{who} sent a test to {thing}",
    EventType.WALLET_CREATED: "{who} registered {thing}",
    EventType.WALLET_UPDATED: "{who} changed {thing}",
    EventType.API_KEY_CREATED: "{who} issued {thing}",
    EventType.API_KEY_REVOKED: "{who} revoked {thing}",
    EventType.MEMBER_ADDED: "{who} added {thing}",
    EventType.MEMBER_CHANGED: "{who} gave {thing} another role",
    EventType.MEMBER_REMOVED: "{who} removed {thing}",
    EventType.MEMBER_LOGGED_IN: "{thing} logged in",
    EventType.MEMBER_LOG_IN_FAILED: "somebody failed to log in as {thing}",
    EventType.MEMBER_LOGGED_OUT: "{thing} logged out",
    EventType.MEMBER_TWO_FACTOR_ADDED: "{who} added a second factor for {thing}",
    EventType.MEMBER_TWO_FACTOR_REMOVED: "{who} removed a second factor of {thing}",
    EventType.ORGANIZATION_CREATED: "{who} created {thing}",
    EventType.ORGANIZATION_UPDATED: "{who} changed {thing}",
    EventType.ORGANIZATION_PAUSED: "{who} paused {thing}: nothing is approved or handed over",
    EventType.ORGANIZATION_RESUMED: "{who} lifted the pause of {thing}",
}

# The word of a resource in types, and what a person calls one.
KINDS: dict[str, str] = {
    "checkout": "checkout",
    "payment": "payment",
    "payout": "payout",
    "payout_batch": "batch",
    "payout_import": "import",
    "policy": "approval policy",
    "approver_group": "approver group",
    "recipient": "recipient",
    "settlement": "settlement",
    "exception": "exception",
    "period": "period",
    "export": "export",
    "adjustment": "adjustment",
    "customer": "customer",
    "payment_method": "payment method",
    "payment_link": "payment link",
    "branding": "branding",
    "subscription": "subscription",
    "webhook": "webhook",
    "wallet": "wallet",
    "api_key": "API key",
    "member": "member",
    "organization": "organization",
}


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


def _branding(event: Event, data: Data) -> str:
    return "the branding of the hosted pages"


_OWN_THINGS: dict[str, Callable[[Event, Data], str]] = {
    "member": _member,
    "api_key": _api_key,
    "export": _export,
    "adjustment": _adjustment,
    "policy": _policy,
    "branding": _branding,
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
