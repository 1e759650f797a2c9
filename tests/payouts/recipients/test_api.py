"""/v1/recipients: what is asked and answered, narrowed, paged, and refused."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.models import Event
from organizations.models import Organization
from payouts.models import RecipientAddress
from tests.payouts.making import OTHER_RECIPIENT, RECIPIENT

EVM = {"chain": "arbitrum", "address": RECIPIENT}


@pytest.fixture
def client(acme: Organization, api: Any) -> Any:
    return api(acme)


def made(client: Any, name: str = "Acme Supplies", **more: Any) -> dict[str, Any]:
    answer = client.post("/v1/recipients", {"name": name, **more})
    assert answer.status_code == 201, answer.content
    told: dict[str, Any] = answer.json()
    return told


def with_address(client: Any, name: str = "Acme Supplies", **address: Any) -> dict[str, Any]:
    recipient = made(client, name)
    answer = client.post(f"/v1/recipients/{recipient['id']}/addresses", EVM | address)
    assert answer.status_code == 201, answer.content
    told: dict[str, Any] = answer.json()
    return told


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["name"] for row in answer.json()["data"]]


def test_a_recipient_is_told_field_by_field(client: Any, acme: Organization) -> None:
    told = made(client, tags=["Office"], note="Paper", reference="cred-77")

    assert told == {
        "id": told["id"],
        "org_id": acme.id,
        "name": "Acme Supplies",
        "note": "Paper",
        "tags": ["office"],
        "reference": "cred-77",
        "addresses": [],
        "archived_at": None,
        "environment": "sandbox",
        "created_at": told["created_at"],
        "updated_at": told["updated_at"],
        "created_by": client.key.id,
        "created_by_name": told["created_by_name"],
    }
    assert client.get(f"/v1/recipients/{told['id']}").json() == told


def test_an_address_is_proposed_and_approved(client: Any) -> None:
    recipient = with_address(client)
    (address,) = recipient["addresses"]
    assert (address["status"], address["is_usable"], address["approved_by"]) == (
        "proposed", False, None,
    )  # fmt: skip

    path = f"/v1/recipients/{recipient['id']}/addresses/{address['id']}/approve"
    answer = client.post(path)

    (address,) = answer.json()["addresses"]
    assert (address["status"], address["is_usable"]) == ("approved", True)
    assert address["approved_by"] == client.key.id
    assert client.post(path).json()["error"]["code"] == "address_not_proposed"


def test_an_address_is_rejected_and_can_be_proposed_again(client: Any) -> None:
    recipient = with_address(client)
    path = f"/v1/recipients/{recipient['id']}/addresses"
    reject = f"{path}/{recipient['addresses'][0]['id']}/reject"

    assert client.post(reject, {}).json()["error"]["param"] == "reason"
    assert client.post(reject, {"reason": " "}).status_code == 400
    told = client.post(reject, {"reason": "Not theirs."}).json()

    assert told["addresses"][0]["status"] == "rejected"
    event = Event.objects.get(type="recipient.rejected")
    assert event.payload["data"]["reason"] == "Not theirs."
    again = client.post(reject, {"reason": "Not theirs."})
    assert again.json()["error"]["code"] == "address_not_proposed"
    assert client.post(path, EVM).status_code == 201


def test_an_address_and_its_recipient_are_archived_for_good(client: Any) -> None:
    recipient = with_address(client)
    path = f"/v1/recipients/{recipient['id']}"
    (address,) = recipient["addresses"]
    reason = {"reason": "They closed the wallet."}

    told = client.post(f"{path}/addresses/{address['id']}/archive", reason).json()
    assert told["addresses"][0]["status"] == "archived"
    told = client.post(f"{path}/archive", reason).json()
    assert told["archived_at"] is not None
    for answer in (client.post(f"{path}/archive", reason), client.post(f"{path}/addresses", EVM)):
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "recipient_archived")


def test_in_live_a_key_does_not_approve_what_it_proposed(
    acme: Organization, api: Any, live: None
) -> None:
    client = api(acme, "live", ["payouts:read", "payouts:write", "payouts:approve"])
    recipient = with_address(client)
    (address,) = recipient["addresses"]

    answer = client.post(f"/v1/recipients/{recipient['id']}/addresses/{address['id']}/approve", {})

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "self_approval")


def test_a_recipient_changes(client: Any) -> None:
    recipient = made(client)

    told = client.patch(f"/v1/recipients/{recipient['id']}", {"name": "Acme AG"}).json()

    assert told["name"] == "Acme AG"
    assert client.patch(f"/v1/recipients/{recipient['id']}", {}).status_code == 200


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "missing_required_field", "name"),
        ({"name": ""}, "invalid_field_value", "name"),
        ({"name": "  "}, "invalid_field_value", "name"),
        ({"name": 5}, "invalid_field_value", "name"),
        ({"name": "x" * 121}, "invalid_field_value", "name"),
        ({"name": "A", "tags": "office"}, "invalid_field_value", "tags"),
        ({"name": "A", "tags": [5]}, "invalid_field_value", "tags"),
    ],
)
def test_a_bad_body_is_refused(client: Any, body: dict[str, Any], code: str, param: str) -> None:
    answer = client.post("/v1/recipients", body)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, code)
    assert error["param"].startswith(param)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"chain": "arbitrum"}, "missing_required_field"),
        ({"chain": "solana", "address": RECIPIENT}, "invalid_chain"),
        ({"chain": "arbitrum", "address": "0x" + "0" * 40}, "invalid_recipient"),
        ({**EVM, "confirm_lookalike": "yes"}, "invalid_field_value"),
    ],
)
def test_a_bad_address_is_refused(client: Any, body: dict[str, Any], code: str) -> None:
    recipient = made(client)

    answer = client.post(f"/v1/recipients/{recipient['id']}/addresses", body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert not RecipientAddress.objects.exists()


def test_a_list_is_narrowed(client: Any) -> None:
    with_address(client, "Acme Supplies")
    with_address(client, "Berta & Söhne", chain="base", address=OTHER_RECIPIENT)
    made(client, "100% Cotton", tags=["office", "eu"])

    def names(**query: str) -> list[str]:
        return ids(client.get("/v1/recipients", query))

    assert names() == ["100% Cotton", "Berta & Söhne", "Acme Supplies"]
    assert names(name="söhne") == ["Berta & Söhne"]
    assert names(name="%") == ["100% Cotton"]
    assert names(tag="EU") == ["100% Cotton"]
    assert names(chain="base") == ["Berta & Söhne"]
    assert names(address=RECIPIENT.lower()) == ["Acme Supplies"]
    assert names(address=RECIPIENT, chain="base") == []
    assert client.get("/v1/recipients", {"chain": "solana"}).status_code == 400


def test_a_list_is_paged_and_costs_the_same(client: Any) -> None:
    for number in range(7):
        with_address(client, f"R{number}", address=f"0x{number + 1:040x}".replace("0x0", "0xa"))

    first = client.get("/v1/recipients", {"limit": "3"})
    assert ids(first) == ["R6", "R5", "R4"]
    cursor = first.json()["next_cursor"]
    assert ids(client.get("/v1/recipients", {"limit": "3", "cursor": cursor})) == ["R3", "R2", "R1"]
    counts = []
    for limit in ("2", "7"):
        with CaptureQueriesContext(connection) as queries:
            client.get("/v1/recipients", {"limit": limit})
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("stranger", ["organization", "environment"])
def test_a_foreign_recipient_is_answered_as_a_missing_one(
    client: Any, acme: Organization, zenith: Organization, api: Any, stranger: str
) -> None:
    recipient = with_address(client)
    (address,) = recipient["addresses"]
    other = api(zenith) if stranger == "organization" else api(acme, "live", ["payouts:read",
                "payouts:write", "payouts:approve"])  # fmt: skip
    path = f"/v1/recipients/{recipient['id']}"

    for answer in (
        other.get(path),
        other.patch(path, {"name": "Mine"}),
        other.post(f"{path}/addresses", EVM),
        other.post(f"{path}/archive", {"reason": "Mine"}),
        *(
            other.post(f"{path}/addresses/{address['id']}/{act}", {"reason": "Mine"})
            for act in ("approve", "reject", "archive")
        ),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "recipient_not_found")
    own = made(other, "Own")
    for act in ("approve", "reject", "archive"):
        taken = f"/v1/recipients/{own['id']}/addresses/{address['id']}/{act}"
        answer = other.post(taken, {"reason": "Mine"})
        assert answer.json()["error"]["code"] == "recipient_address_not_found"
    assert ids(other.get("/v1/recipients")) == ["Own"]


def test_scopes_are_asked(acme: Organization, api: Any, client: Any) -> None:
    recipient = with_address(client)
    reader = api(acme, scopes=["payouts:read"])
    writer = api(acme, scopes=["payouts:write"])
    path = f"/v1/recipients/{recipient['id']}"
    approve = f"{path}/addresses/{recipient['addresses'][0]['id']}/approve"

    assert reader.get(path).status_code == 200
    for answer in (
        writer.get(path),
        reader.post("/v1/recipients", {"name": "A"}),
        reader.patch(path, {"name": "A"}),
        reader.post(f"{path}/addresses", EVM),
        writer.post(approve, {}),
        writer.post(approve.replace("approve", "reject"), {"reason": "No"}),
        reader.post(approve.replace("approve", "archive"), {"reason": "No"}),
        reader.post(f"{path}/archive", {"reason": "No"}),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "insufficient_scope")
