"""Plans, what they open, and the settings of renewals in the admin."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.callers import Caller
from events.models import Event
from organizations.models import Organization, User
from subscriptions import entitlements, renewal_settings, services
from subscriptions.models import Entitlement, Plan, RenewalSettings
from tests.admin.conftest import Desk
from tests.admin.reading import act_of, page_of, text_of
from tests.checkouts.making import caller_of
from tests.subscriptions.making import a_plan, subscribed

LIST = "/admin/subscriptions/plan/"
NEW = f"{LIST}new/"
SETTINGS = "/admin/subscriptions/renewalsettings/"
FORM = {
    "name": "Gold", "description": "All of it.", "amount_usd": "1,250.50", "token": "USDC",
    "chain": "base", "interval_count": "3", "interval": "monthly", "trial_days": "14",
}  # fmt: skip
KEPT = {
    "ahead_days": "5", "attempt_days": "0, 2, 5", "last_open_days": "4", "grace_days": "9",
    "customer_may_cancel": "on", "time_zone": "Europe/Berlin",
}  # fmt: skip


@pytest.fixture
def caller(acme: Organization) -> Caller:
    return caller_of(acme)


@pytest.fixture
def client_(ada: User, desk: Desk) -> Client:
    return desk(ada, "sandbox")


# --- plans ---------------------------------------------------------------------------------------


def test_the_empty_list_says_how_plans_come(client_: Client, acme: Organization) -> None:
    page = text_of(client_.get(LIST))

    assert "No plans yet" in page
    assert "POST /v1/subscriptions/plans" in page


def test_a_plan_is_made(client_: Client, acme: Organization, ada: User) -> None:
    answer = client_.post(NEW, FORM, follow=True)

    plan = Plan.objects.get()
    assert (plan.name, plan.description, plan.amount_atomic) == (
        "Gold",
        "All of it.",
        1_250_500_000,
    )
    assert (plan.interval, plan.interval_count, plan.trial_days) == ("monthly", 3, 14)
    assert (plan.chain, plan.token, plan.environment) == ("base", "USDC", "sandbox")
    page = text_of(answer)
    assert "Gold is created." in page
    assert "1,250.50 USDC on Base every 3 months" in page
    assert "14 days free" in page
    assert Event.objects.get(type="plan.created").actor_id == ada.id


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"amount_usd": "0"}, "greater than or equal to 0.01"),
        ({"amount_usd": "1.0000001"}, "no more than 6 decimal places"),
        ({"interval_count": "0"}, "greater than or equal to 1"),
        ({"interval": "hourly"}, "Select a valid choice"),
        ({"trial_days": "-1"}, "greater than or equal to 0"),
        ({"name": ""}, "This field is required"),
    ],
)
def test_what_is_not_sensible_is_said_at_its_field(
    client_: Client, acme: Organization, change: dict[str, str], says: str
) -> None:
    page = client_.post(NEW, {**FORM, **change})

    assert says in text_of(page)
    assert Plan.objects.count() == 0


def test_the_list_counts_what_runs_and_is_filtered(client_: Client, caller: Caller) -> None:
    gold = a_plan(caller, name="Gold")
    for _ in range(3):
        last = subscribed(caller, gold)
    services.cancel_immediately(caller, last.id)
    a_plan(caller, name="Yearly", interval="yearly")
    a_plan(caller, name="Old", status="archived")

    everything = text_of(client_.get(LIST))

    assert "Gold 20.00 USDC every month, on Base – 2 " in everything
    for query, names in (
        ({"status": "archived"}, ["Old"]),
        ({"interval": "yearly"}, ["Yearly"]),
        ({"q": "gol"}, ["Gold"]),
        ({"q": gold.id}, ["Gold"]),
        ({"status": "nonsense"}, ["Gold", "Yearly", "Old"]),
    ):
        page = text_of(client_.get(LIST, query))
        rows = page.partition("each period trial running made state")[2]
        assert [each for each in ("Gold", "Yearly", "Old") if f"{each} 20" in rows] == names


def test_its_words_are_changed_and_its_price_stays(client_: Client, caller: Caller) -> None:
    plan = a_plan(caller, metadata={"tier": "2"})
    assert 'value="Pro"' in client_.get(act_of(plan, "update")).content.decode()

    client_.post(act_of(plan, "update"), {"name": "Pro 2", "amount_usd": "1"})

    plan.refresh_from_db()
    assert (plan.name, plan.description, plan.amount_atomic) == ("Pro 2", None, 20_000_000)
    assert plan.metadata == {"tier": "2"}


def test_an_archived_plan_is_for_nobody_new_until_it_is_offered_again(
    client_: Client, caller: Caller
) -> None:
    plan = a_plan(caller)
    assert "Nobody new can subscribe." in text_of(client_.get(act_of(plan, "archive")))

    page = text_of(client_.post(act_of(plan, "archive"), follow=True))

    assert "Pro is archived." in page
    assert "Offer again" in page
    assert "Start a subscription" not in page
    client_.post(act_of(plan, "activate"))
    plan.refresh_from_db()
    assert plan.status == "active"


# --- what a plan opens ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value_type", "typed", "kept"),
    [
        ("boolean", "Yes", True),
        ("boolean", "no", False),
        ("numeric", "1,000.5", Decimal("1000.5")),
        ("numeric", "-3", Decimal(-3)),
        ("string", "priority", "priority"),
        ("string", "25", "25"),
    ],
)
def test_a_feature_is_opened(
    client_: Client, caller: Caller, value_type: str, typed: str, kept: Any
) -> None:
    plan = a_plan(caller)
    answers = {"feature_key": "seats", "value_type": value_type, "value": typed}

    answer = client_.post(act_of(plan, "entitle"), answers, follow=True)

    entitlement = Entitlement.objects.get()
    assert getattr(entitlement, f"value_{value_type}") == kept
    assert "seats" in text_of(answer)
    assert act_of(entitlement, "update") in answer.content.decode()


@pytest.mark.parametrize(
    ("value_type", "typed", "says"),
    [
        ("boolean", "25", "This must be yes or no."),
        ("numeric", "many", "Enter a number."),
        ("numeric", "NaN", "Enter a number."),
        ("numeric", "1e40", "no more than 40 digits"),
        ("numeric", "0.0000000000001", "no more than 12 decimal places"),
        ("numeric", "9" * 29, "no more than 28 digits before the decimal point"),
        ("date", "1", "Select a valid choice"),
    ],
)
def test_a_value_that_is_none_of_its_type_is_said_at_the_field(
    client_: Client, caller: Caller, value_type: str, typed: str, says: str
) -> None:
    plan = a_plan(caller)
    answers = {"feature_key": "seats", "value_type": value_type, "value": typed}

    page = client_.post(act_of(plan, "entitle"), answers)

    assert says in text_of(page)
    assert Entitlement.objects.count() == 0


def test_a_feature_is_opened_once(client_: Client, caller: Caller) -> None:
    plan = a_plan(caller)
    entitlements.create(caller, entitlements.NewEntitlement(plan.id, "seats", "boolean", True))
    answers = {"feature_key": "seats", "value_type": "boolean", "value": "no"}

    page = client_.post(act_of(plan, "entitle"), answers)

    assert page.status_code == 400
    assert "has an entitlement for seats already" in text_of(page)


def test_a_value_is_changed_and_removed_from_the_plans_page(
    client_: Client, caller: Caller
) -> None:
    plan = a_plan(caller)
    draft = entitlements.NewEntitlement(plan.id, "seats", "numeric", Decimal(25))
    entitlement = entitlements.create(caller, draft)
    change, remove = act_of(entitlement, "update"), act_of(entitlement, "delete")
    assert 'value="25"' in client_.get(change).content.decode()
    assert client_.get(page_of(entitlement)).headers["Location"] == page_of(plan)

    changed = client_.post(change, {"value_type": "string", "value": "many"})

    assert changed.headers["Location"] == page_of(plan)
    assert "seats many" in text_of(client_.get(page_of(plan)))
    assert "is refused it from the next check on" in text_of(client_.get(remove))
    gone = text_of(client_.post(remove, follow=True))
    assert "seats is removed from the plan." in gone
    assert "It opens nothing yet" in gone
    assert client_.post(remove).status_code == 404


# --- the settings of renewals --------------------------------------------------------------------


def test_the_page_shows_what_is_so_where_nobody_said_otherwise(
    client_: Client, acme: Organization
) -> None:
    page = client_.get(SETTINGS).content.decode()

    assert 'value="0, 3, 7"' in page
    assert '<option value="UTC" selected>' in page


def test_the_settings_are_kept(client_: Client, acme: Organization, ada: User) -> None:
    answer = client_.post(SETTINGS, KEPT, follow=True)

    kept = renewal_settings.settings_of(acme.id, "sandbox")
    assert (kept.ahead_days, kept.attempt_days, kept.last_open_days) == (5, [0, 2, 5], 4)
    assert (kept.grace_days, kept.time_zone) == (9, "Europe/Berlin")
    assert (kept.past_due_keeps_access, kept.customer_may_cancel) == (False, True)
    assert kept.emails_customers is False
    assert "Renewals that are made from now on go so." in text_of(answer)
    assert 'value="0, 2, 5"' in answer.content.decode()
    assert Event.objects.get(type="renewal_settings.updated").actor_id == ada.id


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ahead_days": "31"}, "It takes 0 to 30 whole days."),
        ({"last_open_days": "0"}, "It takes 1 to 30 whole days."),
        ({"grace_days": "366"}, "It takes 0 to 365 whole days."),
        ({"grace_days": "soon"}, "Enter a whole number."),
        ({"attempt_days": "1, 2"}, "rising days, of which the first is 0"),
        ({"attempt_days": "0, 7, 3"}, "rising days, of which the first is 0"),
        ({"attempt_days": "0, 91"}, "90 days after the due one at the latest"),
        ({"attempt_days": "0; 3"}, "Write whole days with commas between them, as 0, 3, 7."),
        ({"attempt_days": ""}, "This field is required."),
        ({"time_zone": "Mars/Base"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    client_: Client, acme: Organization, change: dict[str, str], says: str
) -> None:
    page = client_.post(SETTINGS, {**KEPT, **change}).content.decode()

    field = page.partition(f'name="{next(iter(change))}"')[2].partition('class="field')[0]
    assert says in field
    assert RenewalSettings.objects.count() == 0


def test_who_may_not_change_them_reads_them(vera: User, desk: Desk) -> None:
    client = desk(vera, "sandbox")

    with CaptureQueriesContext(connection) as asked:
        page = text_of(client.get(SETTINGS))

    assert "Asked on days 0, 3, 7" in page
    assert "Whoever administers the organization changes it." in page
    assert len(asked) <= 8
