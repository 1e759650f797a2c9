"""POST /v1/sandbox/clock moves the time of one organization's sandbox, and makes what is due."""

from datetime import timedelta

import pytest

from billing.times import iso
from chainwatch.models import SandboxChain
from organizations import clock
from organizations.models import Organization
from tests.checkouts.making import MakeApi, caller_of
from tests.subscriptions.making import last_renewal, reload, subscribed

pytestmark = pytest.mark.django_db
DAY_S = 86_400


def test_it_moves_the_clock_and_the_chains_and_makes_the_passes(
    acme: Organization, api: MakeApi
) -> None:
    subscription = subscribed(caller_of(acme))

    answer = api(acme).post("/v1/sandbox/clock", {"advance_seconds": 4 * DAY_S})

    assert answer.status_code == 200
    assert answer.json()["ahead_seconds"] == 4 * DAY_S
    assert answer.json()["now"][:16] == iso(clock.now(acme.id, "sandbox"))[:16]
    assert set(SandboxChain.objects.values_list("chain", "blocks_ahead")) == {
        ("tron", 4 * DAY_S), ("arbitrum", 4 * DAY_S), ("base", 4 * DAY_S),
    }  # fmt: skip
    assert reload(subscription).status == "past_due"
    assert last_renewal(subscription).attempt_count == 2


def test_it_moves_to_a_moment(acme: Organization, api: MakeApi) -> None:
    moment = clock.now(acme.id, "sandbox").replace(microsecond=0) + timedelta(days=400)

    first = api(acme).post("/v1/sandbox/clock", {"to": iso(moment - timedelta(days=100))})
    answer = api(acme).post("/v1/sandbox/clock", {"to": iso(moment)})

    assert first.status_code == 200
    assert answer.json()["now"] in (iso(moment), iso(moment + timedelta(seconds=1)))


def test_it_moves_one_organization_alone(
    acme: Organization, zenith: Organization, api: MakeApi
) -> None:
    subscription = subscribed(caller_of(zenith))

    api(acme).post("/v1/sandbox/clock", {"advance_seconds": 30 * DAY_S})

    assert clock.ahead(zenith.id, "sandbox") == timedelta(0)
    assert reload(subscription).status == "active"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "missing_required_field"),
        ({"advance_seconds": 0}, "invalid_field_value"),
        ({"advance_seconds": 366 * DAY_S + 1}, "invalid_field_value"),
        ({"advance_seconds": 10.5}, "invalid_field_value"),
        ({"advance_seconds": 10, "to": "2099-01-01T00:00:00Z"}, "invalid_field_value"),
        ({"to": "2020-01-01T00:00:00Z"}, "too_far_ahead"),
        ({"to": "2099-01-01T00:00:00Z"}, "too_far_ahead"),
        ({"to": "tomorrow"}, "invalid_field_value"),
    ],
)
def test_what_it_refuses(acme: Organization, api: MakeApi, body, code) -> None:
    answer = api(acme).post("/v1/sandbox/clock", body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert clock.ahead(acme.id, "sandbox") == timedelta(0)


def test_live_has_no_other_clock(acme: Organization, api: MakeApi) -> None:
    live = api(acme, "live", ["sandbox:write"])

    answer = live.post("/v1/sandbox/clock", {"advance_seconds": 10})

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "sandbox_only")
