from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from billing.callers import Caller, system
from billing.chains import Environment
from events.models import Event
from events.services import publish
from organizations.models import Organization


def sandbox_of(organization: Organization) -> Caller:
    return system(organization.id, Environment.SANDBOX)


def test_an_event_says_who_did_what_to_which_object(acme, mara, as_person):
    caller = as_person(mara, acme)

    event = publish(caller, "payout.created", "po_1", {"id": "po_1"})

    event.refresh_from_db()
    assert event.id.startswith("evt_")
    assert (event.organization_id, event.environment) == (acme.id, "sandbox")
    assert (event.type, event.resource_id, event.checkout_id) == ("payout.created", "po_1", None)
    assert (event.actor_id, event.actor_name) == (mara.id, "Mara")
    assert event.sequence is None


def test_the_payload_is_fixed_when_it_is_written(acme):
    event = publish(sandbox_of(acme), "checkout.created", "co_1", {"a": 1}, checkout_id="co_1")

    event.refresh_from_db()
    assert event.payload["event_id"] == event.id
    assert event.payload["type"] == "checkout.created"
    assert event.payload["checkout_id"] == "co_1"
    assert event.payload["data"]["a"] == 1
    assert event.payload["environment"] == "sandbox"
    assert event.payload["resource_id"] == "co_1"
    assert event.payload["created_at"] == event.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_amounts_in_an_event_stay_exact(acme):
    event = publish(
        sandbox_of(acme), "payout.created", "po_1", {"amount": Decimal("12345678901.123456")}
    )

    event.refresh_from_db()
    assert event.payload["data"]["amount"] == Decimal("12345678901.123456")


def test_every_event_has_the_keys_of_a_checkout_for_the_published_clients(acme):
    event = publish(sandbox_of(acme), "payout.created", "po_1", {"chain": "base"})

    data = event.payload["data"]
    assert data["chain"] == "base"
    assert data["deposit_address"] is None
    assert data["amount_usd"] is None


def test_an_unknown_type_is_refused(acme):
    with pytest.raises(ValueError, match=r"payout\.paid"):
        publish(sandbox_of(acme), "payout.paid", "po_1", {})


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_the_transaction_of_an_act_is_refused(acme):
    with pytest.raises(AssertionError):
        publish(sandbox_of(acme), "payout.created", "po_1", {})


@pytest.mark.django_db(transaction=True)
def test_an_act_that_fails_leaves_no_event(acme):
    with transaction.atomic():
        publish(sandbox_of(acme), "payout.created", "po_1", {})
        transaction.set_rollback(True)

    assert Event.objects.filter(resource_id="po_1").count() == 0


@pytest.mark.parametrize(
    "change",
    [
        "type = 'payout.failed'",
        "payload = '{}'",
        "actor_id = 'usr_other'",
        "created_at = now()",
        "organization_id = 'org_other'",
        "sequence = 2",
        "sequence = NULL",
    ],
)
def test_the_database_refuses_to_edit_an_event(acme, change):
    event = publish(sandbox_of(acme), "payout.created", "po_1", {})
    Event.objects.filter(id=event.id).update(sequence=1)

    with (
        pytest.raises(IntegrityError, match="never edited"),
        transaction.atomic(),
        connection.cursor() as c,
    ):
        c.execute(f"UPDATE events_event SET {change} WHERE id = %s", [event.id])


def test_the_database_refuses_to_delete_an_event(acme):
    event = publish(sandbox_of(acme), "payout.created", "po_1", {})

    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        Event.objects.filter(id=event.id).delete()

    assert Event.objects.filter(id=event.id).exists()
