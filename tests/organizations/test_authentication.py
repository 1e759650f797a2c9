from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing.callers import ALL_SCOPES
from organizations import services
from organizations.models import ApiKey
from tests.conftest import Api

pytestmark = pytest.mark.urls("tests.api.acts")


def call(authorization: str | None) -> tuple[int, str]:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = Client().get("/v1/acts", headers=headers)
    assert answer.status_code == 200 or answer.headers["WWW-Authenticate"] == "Bearer"
    return answer.status_code, answer.json().get("error", {}).get("code", "")


def used_at(client: Api) -> datetime:
    at = ApiKey.objects.get(id=client.key.id).last_used_at
    assert at is not None
    return at


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "sk_test_abc"])
def test_a_call_without_a_key_is_refused(db, header):
    assert call(header) == (401, "api_key_missing")


@pytest.mark.parametrize(
    "secret", ["sk_test_" + "x" * 32, "sk_live_" + "x" * 32, "nonsense", "é", "sk_test_a b"]
)
def test_an_unknown_key_is_refused(db, secret):
    assert call(f"Bearer {secret}") == (401, "api_key_invalid")


def test_a_valid_key_is_taken_whatever_the_case_of_the_scheme(acme):
    _, secret = services.issue_api_key(acme, "sandbox")

    assert call(f"Bearer {secret}") == (200, "")
    assert call(f"bearer  {secret} ") == (200, "")


def test_a_key_of_one_environment_with_the_other_prefix_is_refused(acme):
    _, secret = services.issue_api_key(acme, "sandbox")

    assert call(f"Bearer {secret.replace('sk_test_', 'sk_live_')}") == (401, "api_key_invalid")


def test_a_revoked_key_is_refused_at_once(acme):
    key, secret = services.issue_api_key(acme, "sandbox")
    assert call(f"Bearer {secret}") == (200, "")

    services.revoke_api_key(key.id)

    assert call(f"Bearer {secret}") == (401, "api_key_revoked")


def test_an_expired_key_is_refused(acme):
    in_a_minute = timezone.now() + timedelta(minutes=1)
    key, secret = services.issue_api_key(acme, "sandbox", expires_at=in_a_minute)
    assert call(f"Bearer {secret}") == (200, "")

    ApiKey.objects.filter(id=key.id).update(expires_at=timezone.now())

    assert call(f"Bearer {secret}") == (401, "api_key_expired")


def test_a_body_is_not_read_before_the_key_is_known(db):
    answer = Client().post("/v1/acts", b"{not json", "text/plain")

    assert answer.status_code == 401


def test_a_key_is_looked_up_in_one_query(acme, api):
    client = api(acme)
    client.get("/v1/acts")

    with CaptureQueriesContext(connection) as queries:
        client.get("/v1/acts")

    assert len(queries) == 1


def test_the_use_of_a_key_is_noted_at_most_once_a_minute(acme, api):
    client = api(acme)
    client.get("/v1/acts")
    first = used_at(client)
    client.get("/v1/acts")
    second = used_at(client)
    ApiKey.objects.update(last_used_at=first - timedelta(seconds=61))
    client.get("/v1/acts")
    third = used_at(client)

    assert first == second
    assert third > first


def test_a_call_without_the_scope_is_refused_and_told_which(acme, api):
    reader = api(acme, scopes={"payouts:read"})

    refused = reader.post("/v1/acts", {})

    assert reader.get("/v1/acts").status_code == 200
    assert refused.status_code == 403
    assert refused.json()["error"]["type"] == "permission_error"
    assert refused.json()["error"]["code"] == "insufficient_scope"
    assert "payouts:write" in refused.json()["error"]["message"]


def test_a_new_live_key_may_do_everything_but_approve(acme, api):
    assert api(acme).caller.scopes == ALL_SCOPES
    assert api(acme, "live").caller.scopes == ALL_SCOPES - {"payouts:approve"}
    assert api(acme, "live", scopes=ALL_SCOPES).caller.scopes == ALL_SCOPES


@pytest.mark.parametrize(
    ("plan", "environment", "status"),
    [
        ("free", "sandbox", 200),
        ("free", "live", 403),
        ("starter", "live", 403),
        ("growth", "live", 403),
        ("growth", "sandbox", 200),
        ("scale", "live", 200),
        ("enterprise", "live", 200),
    ],
)
def test_payouts_in_live_need_the_plan_scale(acme, api, plan, environment, status):
    services.update_organization(acme, plan=plan)

    answer = api(acme, environment).get("/v1/acts")

    assert answer.status_code == status
    if status == 403:
        assert answer.json()["error"]["code"] == "plan_required"
        assert answer.json()["error"]["type"] == "permission_error"
        assert ("scale" if plan != "free" else "starter") in answer.json()["error"]["message"]
