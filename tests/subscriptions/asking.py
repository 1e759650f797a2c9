"""How tests of the API of subscriptions ask, and what they ask with."""

from typing import Any

from tests.conftest import Api

Json = dict[str, Any]

PLANS = "/v1/subscriptions/plans"
SUBSCRIPTIONS = "/v1/subscriptions"
RENEWALS = "/v1/subscriptions/renewals"
ENTITLEMENTS = "/v1/subscriptions/entitlements"
CHECK = f"{ENTITLEMENTS}/check"
PRO: Json = {
    "name": "Pro", "amount_usd": 29.99, "interval": "monthly", "token": "USDC", "chain": "base",
}  # fmt: skip


def posted(client: Api, path: str, body: Json | None = None, status: int = 201) -> Json:
    answer: Any = client.post(path, body)
    assert answer.status_code == status, answer.content
    told: Json = answer.json()
    return told


def patched(client: Api, path: str, body: Json) -> Json:
    answer: Any = client.patch(path, body)
    assert answer.status_code == 200, answer.content
    told: Json = answer.json()
    return told


def got(client: Api, path: str, **query: Any) -> Json:
    answer: Any = client.get(path, query)
    assert answer.status_code == 200, answer.content
    told: Json = answer.json()
    return told


def refused(answer: Any) -> tuple[int, str, str | None]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["param"]


def a_plan(client: Api, **changes: Any) -> Json:
    return posted(client, PLANS, {**PRO, **changes})


def a_customer(client: Api, email: str = "ada@example.com") -> Json:
    return posted(client, "/v1/customers", {"email": email})


def a_subscription(client: Api, plan: Json | None = None, customer: Json | None = None) -> Json:
    plan, customer = plan or a_plan(client), customer or a_customer(client)
    return posted(client, SUBSCRIPTIONS, {"customer_id": customer["id"], "plan_id": plan["id"]})


def an_entitlement(client: Api, plan: Json, feature_key: str = "seats", **value: Any) -> Json:
    body = {"plan_id": plan["id"], "feature_key": feature_key, **value}
    return posted(client, ENTITLEMENTS, body)
