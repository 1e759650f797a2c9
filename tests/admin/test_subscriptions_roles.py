"""Every act on plans, subscriptions and renewals × every role, through HTTP; and the strangers."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Model

from billing.callers import Caller
from checkouts import services as checkouts
from customers.models import Customer
from organizations.models import Organization, User
from subscriptions import entitlements, renewal_settings, renewing, services
from subscriptions.models import Entitlement, Plan, Renewal, RenewalSettings, Subscription
from tests.admin.conftest import Desk
from tests.admin.reading import act_of, page_of, text_of
from tests.checkouts.making import caller_of
from tests.subscriptions.making import (
    a_customer,
    a_plan,
    last_renewal,
    pay,
    reload,
    subscribed,
)

PLANS = "/admin/subscriptions/plan/"
SUBSCRIPTIONS = "/admin/subscriptions/subscription/"
RENEWALS = "/admin/subscriptions/renewal/"
OVERVIEW = f"{SUBSCRIPTIONS}overview/"
SETTINGS = "/admin/subscriptions/renewalsettings/"
LISTS = [OVERVIEW, SUBSCRIPTIONS, RENEWALS, PLANS, SETTINGS]

ROLES = ["viewer", "preparer", "approver", "operator", "admin", "superuser"]
WRITERS = {"preparer", "approver", "operator", "admin", "superuser"}  # subscriptions:write
ADMINS = {"admin", "superuser"}  # organization:administer

NEW_PLAN = {
    "name": "Basic", "amount_usd": "9.99", "token": "USDC", "chain": "base",
    "interval_count": "1", "interval": "monthly", "trial_days": "0",
}  # fmt: skip
NEW_SETTINGS = {
    "ahead_days": "5", "attempt_days": "0, 2, 5", "last_open_days": "4", "grace_days": "9",
    "customer_may_cancel": "on", "time_zone": "Europe/Berlin",
}  # fmt: skip

Row = Plan | Entitlement | Subscription | Renewal


@pytest.fixture
def caller(acme: Organization) -> Caller:
    return caller_of(acme)


@pytest.fixture
def staff(vera: User, mara: User, jon: User, otto: User, ada: User, root: User) -> dict[str, User]:
    return {
        "viewer": vera, "preparer": mara, "approver": jon, "operator": otto, "admin": ada,
        "superuser": root,
    }  # fmt: skip


# --- what the acts start from --------------------------------------------------------------------


def the_plan(caller: Caller) -> Row:
    return a_plan(caller)


def an_archived_plan(caller: Caller) -> Row:
    return a_plan(caller, status="archived")


def an_entitlement(caller: Caller) -> Row:
    draft = entitlements.NewEntitlement(a_plan(caller).id, "seats", "boolean", True)
    return entitlements.create(caller, draft)


def an_active_one(caller: Caller) -> Row:
    return subscribed(caller)


def a_paused_one(caller: Caller) -> Row:
    return services.pause(caller, subscribed(caller).id)


def a_failed_renewal(caller: Caller) -> Row:
    subscription = subscribed(caller)
    checkout_id = last_renewal(subscription).checkout_id
    assert checkout_id is not None
    checkouts.fail(caller, checkout_id, "It bounced.")
    renewing.renew(caller.organization_id, "sandbox")
    return last_renewal(subscription)


# act, what it starts from, what is answered, which field it changes to what, and who may.
Cell = tuple[str, Callable[[Caller], Row], dict[str, Any], str, Any, set[str]]
ACTS: list[Cell] = [
    ("update", the_plan, {"name": "Pro 2"}, "name", "Pro 2", WRITERS),
    ("archive", the_plan, {}, "status", "archived", WRITERS),
    ("activate", an_archived_plan, {}, "status", "active", WRITERS),
    ("update", an_entitlement, {"value_type": "numeric", "value": "5"}, "value_numeric", 5,
     WRITERS),
    ("delete", an_entitlement, {}, "", None, WRITERS),
    ("cancel", an_active_one, {}, "cancel_at_period_end", True, WRITERS),
    ("cancel", a_paused_one, {}, "cancel_at_period_end", True, WRITERS),
    ("cancel_immediately", an_active_one, {}, "status", "canceled", WRITERS),
    ("cancel_immediately", a_paused_one, {}, "status", "canceled", WRITERS),
    ("pause", an_active_one, {}, "status", "paused", WRITERS),
    ("resume", a_paused_one, {}, "status", "active", WRITERS),
    ("retry", a_failed_renewal, {}, "status", "checkout_created", WRITERS),
]  # fmt: skip
IDS = [f"{cell[0]}-{cell[1].__name__}" for cell in ACTS]


def stored(row: Row) -> Any:
    return type(row).objects.filter(pk=row.pk).first()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("cell", ACTS, ids=IDS)
def test_an_act_is_done_by_those_who_may_and_by_nobody_else(
    caller: Caller, staff: dict[str, User], desk: Desk, cell: Cell, role: str
) -> None:
    act, start, answers, field, end, allowed = cell
    row = start(caller)
    before = getattr(stored(row), field) if field else row.pk

    answer = desk(staff[role], "sandbox").post(act_of(row, act), answers)

    after = stored(row)
    if role in allowed:
        assert answer.status_code == 302, text_of(answer)
        assert after is None if not field else getattr(after, field) == end
    else:
        assert answer.status_code == 403
        assert after is not None
        assert before == (getattr(after, field) if field else after.pk)


@pytest.mark.parametrize("role", ROLES)
def test_who_writes_makes_plans_entitlements_and_subscriptions(
    caller: Caller, staff: dict[str, User], desk: Desk, role: str
) -> None:
    plan, customer = a_plan(caller), a_customer(caller)
    client = desk(staff[role], "sandbox")
    opens = {"feature_key": "seats", "value_type": "numeric", "value": "25"}
    begins = {"customer_id": customer.email, "plan_id": plan.id}

    codes = {
        client.post(f"{PLANS}new/", NEW_PLAN).status_code,
        client.post(act_of(plan, "entitle"), opens).status_code,
        client.post(f"{SUBSCRIPTIONS}new/", begins).status_code,
    }

    made = (Plan.objects.count(), Entitlement.objects.count(), Subscription.objects.count())
    assert (codes, made) == (({302}, (2, 1, 1)) if role in WRITERS else ({403}, (1, 0, 0)))


@pytest.mark.parametrize("role", ROLES)
def test_who_administers_changes_the_settings(
    acme: Organization, staff: dict[str, User], desk: Desk, role: str
) -> None:
    answer = desk(staff[role], "sandbox").post(SETTINGS, NEW_SETTINGS)

    assert answer.status_code == (302 if role in ADMINS else 403)
    assert RenewalSettings.objects.count() == (1 if role in ADMINS else 0)


@pytest.mark.parametrize("role", ROLES)
def test_everybody_reads(caller: Caller, staff: dict[str, User], desk: Desk, role: str) -> None:
    subscription = subscribed(caller)
    client = desk(staff[role], "sandbox")
    rows: list[Model] = [subscription, subscription.plan, last_renewal(subscription)]

    codes = {client.get(path).status_code for path in [*LISTS, *map(page_of, rows)]}

    assert codes == {200}


def test_who_only_reads_sees_no_button_that_acts(caller: Caller, vera: User, desk: Desk) -> None:
    renewal, entitlement = a_failed_renewal(caller), an_entitlement(caller)
    assert isinstance(renewal, Renewal)
    assert isinstance(entitlement, Entitlement)
    client = desk(vera, "sandbox")
    subscription = renewal.subscription
    pages = [*LISTS, page_of(subscription), page_of(subscription.plan), page_of(renewal),
             page_of(entitlement.plan)]  # fmt: skip

    for path in pages:
        answer = client.get(path)
        assert "/act/" not in answer.content.decode(), path
        assert "/new/" not in answer.content.decode(), path
        assert "Keep this" not in text_of(answer), path


# --- strangers -----------------------------------------------------------------------------------


def _all_of(caller: Caller) -> list[tuple[Model, list[str]]]:
    """A row of each kind, and its acts."""
    renewal, entitlement = a_failed_renewal(caller), an_entitlement(caller)
    assert isinstance(renewal, Renewal)
    assert isinstance(entitlement, Entitlement)
    subscription = renewal.subscription
    return [
        (subscription.plan, ["update", "archive", "activate", "entitle"]),
        (entitlement, ["update", "delete"]),
        (subscription, ["cancel", "cancel_immediately", "pause", "resume"]),
        (renewal, ["retry"]),
    ]


@pytest.mark.parametrize("is_stranger", [True, False], ids=["stranger", "other environment"])
def test_what_is_not_ones_own_is_not_there(
    caller: Caller, zoe: User, ada: User, desk: Desk, is_stranger: bool
) -> None:
    rows = _all_of(caller)
    client = desk(zoe, "sandbox") if is_stranger else desk(ada, "live")

    for row, acts in rows:
        assert client.get(page_of(row)).status_code == 404, row
        for act in acts:
            assert client.post(act_of(row, act), {"name": "Mine"}).status_code == 404, act

    renewal = Renewal.objects.get()
    assert (renewal.status, renewal.subscription.status) == ("failed", "past_due")


def test_no_list_shows_anothers_rows_and_no_search_finds_them(
    caller: Caller, zoe: User, desk: Desk
) -> None:
    customer = a_customer(caller, name="Theirs Only", external_id="user-1815")
    subscription = subscribed(caller, a_plan(caller, name="Secret plan"), customer)
    client = desk(zoe, "sandbox")
    terms = ["", "Theirs", "user-18", customer.id, subscription.id, subscription.plan_id]

    for path in (SUBSCRIPTIONS, RENEWALS, PLANS):
        for term in terms:
            page = text_of(client.get(path, {"q": term, "tab": "all"}))
            assert "Theirs Only" not in page, path
            assert "Secret plan" not in page, path
    assert "No subscriptions yet" in text_of(client.get(OVERVIEW))


@pytest.mark.parametrize("is_theirs", ["customer", "plan"])
def test_nobody_is_subscribed_across_organizations(
    caller: Caller, zenith: Organization, zoe: User, desk: Desk, is_theirs: str
) -> None:
    zeniths = caller_of(zenith)
    customer: Customer = a_customer(caller if is_theirs == "customer" else zeniths)
    plan = a_plan(caller if is_theirs == "plan" else zeniths)

    answer = desk(zoe, "sandbox").post(
        f"{SUBSCRIPTIONS}new/", {"customer_id": customer.id, "plan_id": plan.id}
    )

    assert answer.status_code == 200
    assert 'class="error"' in answer.content.decode()
    assert Subscription.objects.count() == 0


def test_settings_are_those_of_where_one_stands(
    acme: Organization, caller: Caller, ada: User, desk: Desk
) -> None:
    desk(ada, "sandbox").post(SETTINGS, NEW_SETTINGS)

    assert renewal_settings.settings_of(acme.id, "sandbox").ahead_days == 5
    assert renewal_settings.settings_of(acme.id, "live").ahead_days == 3


def test_an_id_that_reads_as_a_percent_sign_is_found(caller: Caller, ada: User, desk: Desk) -> None:
    plan = a_plan(caller, id="plan_25a1b2c3d4e5f60718293a4b")
    entitlements.create(caller, entitlements.NewEntitlement(plan.id, "seats", "boolean", True))
    subscription = subscribed(caller, plan)
    pay(caller, subscription)
    client = desk(ada, "sandbox")

    assert client.get(page_of(plan)).status_code == 200
    assert client.get(act_of(plan, "entitle")).status_code == 200
    assert page_of(plan) in client.get(page_of(reload(subscription))).content.decode()
    assert page_of(plan) in client.get(PLANS).content.decode()
