"""Each event is told in words that somebody understands who has never seen the API."""

from decimal import Decimal

import pytest

from billing.callers import Caller, system
from billing.chains import Environment
from events.models import Event
from events.sentences import KINDS, WORDS, act_words, kind_of, sentence_of
from events.services import event_fields
from events.types import EventType

PAYOUT = {
    "chain": "tron",
    "token": "USDT",
    "amount": Decimal("4210"),
    "amount_atomic": "4210000000",
    "recipient_address": "TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf",
}
MARA = Caller("org_1", Environment.LIVE, "usr_1", "Mara", frozenset())
KEY = Caller("org_1", Environment.LIVE, "key_1", "key …9f2c", frozenset())


def told(type_, data, caller=MARA, resource_id="po_0123456789abcdef01234567"):
    return sentence_of(Event(**event_fields(caller, type_, resource_id, data)))


@pytest.mark.parametrize("type_", EventType.values)
def test_every_type_has_words_and_a_kind(type_):
    assert type_ in WORDS, f"say in events/words.py what {type_} means"
    assert kind_of(type_) in KINDS
    assert act_words(type_)

    for data in ({}, PAYOUT, {"name": "Acme", "reason": "so it is"}):
        said = told(type_, data)
        assert said[0].isupper() or said[0].isdigit()
        assert "{" not in said and "None" not in said and "  " not in said


def test_no_words_are_left_of_a_type_that_is_gone():
    assert set(WORDS) == set(EventType.values)
    assert set(KINDS) == {kind_of(type_) for type_ in EventType.values}


@pytest.mark.parametrize(
    ("type_", "data", "sentence"),
    [
        (
            "payout.approved",
            PAYOUT,
            "Mara approved the payout of 4,210.00 USDT on Tron to TXYZop…VkAeBf",
        ),
        (
            "payout.created",
            {**PAYOUT, "recipient_name": "Acme GmbH"},
            "Mara created the payout of 4,210.00 USDT on Tron to Acme GmbH",
        ),
        (
            "payout.taken_back",
            {**PAYOUT, "reason": "wrong wallet"},
            "Mara took back the payout of 4,210.00 USDT on Tron to TXYZop…VkAeBf: wrong wallet",
        ),
        (
            "payout.updated",
            {**PAYOUT, "changed": ["due_date", "description"]},
            "Mara changed the payout of 4,210.00 USDT on Tron to TXYZop…VkAeBf"
            " (due date, description)",
        ),
        (
            "payout.failed",
            {**PAYOUT, "failure_reason": "transaction_reverted: it was undone"},
            "The payout of 4,210.00 USDT on Tron to TXYZop…VkAeBf failed:"
            " transaction_reverted: it was undone",
        ),
        (
            "payout.updated",
            {**PAYOUT, "digest": "4f1c"},
            "Mara approved the payout of 4,210.00 USDT on Tron to TXYZop…VkAeBf,"
            " and more approvals are needed",
        ),
        (
            "payout.executed",
            {**PAYOUT, "replaced": True, "reason": "it was stuck"},
            "Mara replaced the transaction of the payout of 4,210.00 USDT on Tron to"
            " TXYZop…VkAeBf: it was stuck",
        ),
        (
            "payout.executed",
            {"found_by_watcher": True},
            "The transaction of the payout po_012…234567 was found in the wallet",
        ),
        ("payout.discrepancy", {"alarm": "x"}, "Alarm: the payout po_012…234567 may be paid twice"),
        (
            "member.changed",
            {"name": "Jon", "role": "admin"},
            "Mara gave Jon another role, now admin",
        ),
        (
            "settlement.resolved",
            {**PAYOUT, "recipient_address": None, "resolution": "written_off", "note": "a fee"},
            "Mara resolved the settlement of 4,210.00 USDT on Tron as written off: a fee",
        ),
        (
            "api_key.revoked",
            {"name": "Shop", "last_four": "9f2c"},
            "Mara revoked the API key Shop …9f2c",
        ),
        (
            "export.made",
            {"what": "audit trail", "format": "csv"},
            "Mara exported the audit trail as CSV",
        ),
        ("wallet.created", {"name": "Treasury"}, "Mara registered the wallet Treasury"),
        (
            "webhook.enabled",
            {"url": "https://shop.example.com/hook"},
            "Mara enabled the webhook https://shop.example.com/hook",
        ),
        (
            "period.closed",
            {"name": "up to 2026-11-01T00:00:00Z", "to": "2026-11-01T00:00:00Z"},
            "Mara closed the period up to 1 Nov 2026, 00:00:00 UTC",
        ),
        ("period.closed", {}, "Mara closed the period po_012…234567"),
        ("payout.created", {}, "Mara created the payout po_012…234567"),
    ],
)
def test_a_sentence_says_who_did_what_to_what(type_, data, sentence):
    assert told(type_, data) == sentence


def test_what_a_key_did_says_that_it_was_a_key():
    assert told("payout.created", {}, KEY).startswith("API key …9f2c created the payout")


def test_what_nobody_did_says_what_was_seen():
    watcher = system("org_1", Environment.LIVE, "The watcher")

    assert told("payout.settled", PAYOUT, watcher) == (
        "The payout of 4,210.00 USDT on Tron to TXYZop…VkAeBf settled"
    )


@pytest.mark.parametrize(
    "data",
    [
        {"amount_atomic": "x", "token": "USDT", "chain": "tron"},
        {"amount_atomic": 5, "token": "DOGE", "chain": "tron"},
        {"amount_atomic": "5", "token": "USDT", "chain": "mars"},
        {"amount_atomic": None, "token": None, "chain": None},
        {"changed": "not a list"},
        {"amount_atomic": ["5"], "token": ["USDT"], "chain": {}},
        None,
    ],
)
def test_an_event_that_says_something_odd_is_told_all_the_same(data):
    event = Event(**event_fields(MARA, "payout.created", "po_1", {}))
    event.payload["data"] = data

    assert sentence_of(event) == "Mara created the payout po_1"
