"""What is in an export: the settlements of a period, what did not settle, whose account names."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from billing.callers import Caller
from billing.errors import BillingError, InsufficientScope
from events.models import Event
from organizations.models import Organization, User
from reconciliation import periods, services
from reconciliation.exporting import UNSETTLED, Range, export
from reconciliation.ledgers.entries import Accounts
from reconciliation.ledgers.naming import WORDS, accounts_of, set_accounts
from reconciliation.models import LedgerAccounts
from tests.reconciliation.rows import AT, a_payout, a_settlement, put_in

AsPerson = Callable[..., Caller]
UTC = ZoneInfo("UTC")
DAY = timedelta(days=1)


def body_of(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode("utf-8-sig")


def lines(caller: Caller, wanted: Range, **how: Any) -> list[dict[str, str]]:
    answer = export(caller, wanted, format="csv", zone=UTC, **how)
    return list(csv.DictReader(io.StringIO(body_of(answer))))


def settled(organization: Organization, days: int) -> str:
    payout = a_payout(organization, "settled")
    settlement = a_settlement(organization, payout, block_time=AT + days * DAY)
    put_in([payout], [settlement])
    return settlement.pk


def test_each_settlement_is_in_the_file_of_one_period(
    acme: Organization, as_person: AsPerson, ada: User
) -> None:
    caller = as_person(ada, acme)
    early = settled(acme, 1)
    first = periods.close(caller, AT + 10 * DAY)
    late, next_ = settled(acme, 2), settled(acme, 11)
    # What was booked once and is different now has an entry in the second too.
    stray = a_settlement(acme, block_time=AT + 12 * DAY)
    put_in([], [stray])
    second = periods.close(caller, AT + 20 * DAY, "We ask the exchange.")
    services.resolve(caller, stray.pk, "refund", "It comes back.")
    third = periods.close(caller, AT + 30 * DAY)

    found = [
        {line["Settlement"] for line in lines(caller, Range(period_id=period.id))}
        for period in (first, second, third)
    ]

    assert found == [{early}, {late, next_, stray.pk}, set()]
    made = Event.objects.filter(type="export.made").earliest("created_at")
    assert made.payload["data"]["filters"] == {"period": first.id}


def test_anothers_period_is_not_found(
    acme: Organization, zenith: Organization, as_person: AsPerson, ada: User, zoe: User
) -> None:
    settled(acme, 1)
    period = periods.close(as_person(ada, acme), AT + 10 * DAY)

    with pytest.raises(BillingError) as refusal:
        export(as_person(zoe, zenith), Range(period_id=period.id), format="csv", zone=UTC)

    assert refusal.value.status == 404


def test_what_did_not_settle_says_what_is_known_of_its_money(
    acme: Organization, zenith: Organization, as_person: AsPerson, ada: User
) -> None:
    failed = a_payout(acme, "failed", outcome="unknown", reference_id="inv_7")
    canceled = a_payout(acme, "canceled", description="=HYPERLINK(1)")
    put_in([failed, canceled, a_payout(acme, "approved"), a_payout(zenith, "failed")])
    caller = as_person(ada, acme)

    found = {line["Payout"]: line for line in lines(caller, Range(), what=UNSETTLED)}

    assert set(found) == {failed.pk, canceled.pk}
    assert found[failed.pk]["What is known of the money"] == "nobody knows yet"
    assert (found[failed.pk]["Amount"], found[failed.pk]["Reference"]) == ("500", "inv_7")
    assert found[canceled.pk]["What is known of the money"] == "nothing was sent"
    assert found[canceled.pk]["Description"] == "'=HYPERLINK(1)"
    assert lines(caller, Range(since=AT + DAY), what=UNSETTLED) == []
    assert len(lines(caller, Range(since=AT, until=AT + DAY), what=UNSETTLED)) == 2


@pytest.mark.parametrize(
    ("format_", "wanted", "param"),
    [("beancount", Range(), "format"), ("csv", Range(period_id="per_1"), "period")],
)
def test_a_ledger_and_a_period_have_nothing_to_say_of_it(
    acme: Organization,
    as_person: AsPerson,
    ada: User,
    format_: str,
    wanted: Range,
    param: str,
) -> None:
    with pytest.raises(BillingError) as refusal:
        export(as_person(ada, acme), wanted, format=format_, zone=UTC, what=UNSETTLED)

    assert refusal.value.param == param
    assert not Event.objects.filter(type="export.made").exists()


def test_a_ledger_uses_the_organizations_own_names(
    acme: Organization, zenith: Organization, as_person: AsPerson, ada: User, zoe: User
) -> None:
    settled(acme, 1)
    settled(zenith, 1)
    caller = as_person(ada, acme)

    set_accounts(caller, {"payouts": "Expenses:4400-Suppliers", "wallets": " Assets:1800:Crypto "})

    for format_ in ("beancount", "journal"):
        mine = body_of(export(caller, Range(), format=format_, zone=UTC))
        theirs = body_of(export(as_person(zoe, zenith), Range(), format=format_, zone=UTC))
        assert "Expenses:4400-Suppliers  500.00 USDC" in mine
        assert "Assets:1800:Crypto:Base:0x" in mine
        assert "Expenses:Payouts  500.00 USDC" in theirs
    told = Event.objects.get(type="organization.updated")
    assert told.payload["data"]["ledger_accounts"] == {
        "payouts": "Expenses:4400-Suppliers",
        "wallets": "Assets:1800:Crypto",
    }


def test_an_empty_name_is_the_default_again(
    acme: Organization, as_person: AsPerson, ada: User
) -> None:
    caller = as_person(ada, acme)
    set_accounts(caller, {"losses": "Expenses:Bad"})

    set_accounts(caller, {"losses": "", "payouts": Accounts().payouts})
    set_accounts(caller, {})

    assert accounts_of(caller) == Accounts()
    assert LedgerAccounts.objects.get().names == {}
    assert Event.objects.filter(type="organization.updated").count() == 2


@pytest.mark.parametrize(
    "name",
    [
        "Payouts",
        "Assets",
        "assets:x",
        "Assets:x",
        "Assets::X",
        "Assets:A B",
        "Assets:A\n2020-01-01 open Assets:B",
        "Assets:Ä",
        "Assets:A;",
        "Assets:" + "A" * 120,
    ],
)
def test_what_is_no_account_is_refused(
    acme: Organization, as_person: AsPerson, ada: User, name: str
) -> None:
    with pytest.raises(BillingError) as refusal:
        set_accounts(as_person(ada, acme), {"payouts": name})

    assert refusal.value.param == "payouts"
    assert not LedgerAccounts.objects.exists()


def test_only_an_admin_names_them(acme: Organization, as_person: AsPerson, otto: User) -> None:
    with pytest.raises(InsufficientScope):
        set_accounts(as_person(otto, acme), {"payouts": "Expenses:Mine"})


def test_every_account_has_its_words() -> None:
    assert set(WORDS) == set(Accounts.__slots__)
