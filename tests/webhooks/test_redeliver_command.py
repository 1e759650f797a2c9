"""manage.py redeliver: one event or all since a time, to one endpoint or to whom it concerns."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from billing.callers import Caller, system
from billing.chains import Environment
from events.models import Event
from organizations.models import Organization
from tests.webhooks.conftest import Happen, MakeEndpoint
from tests.webhooks.receiver import Receiver
from webhooks import endpoints
from webhooks.models import Delivery, Endpoint
from webhooks.sending import deliver

pytestmark = pytest.mark.django_db(transaction=True)


def redeliver(*words: str) -> tuple[dict[str, Any], int]:
    """Run it with --json; return what it says and its exit status."""
    out = StringIO()
    try:
        call_command("redeliver", *words, "--json", stdout=out, stderr=StringIO())
    except SystemExit as ended:
        return json.loads(out.getvalue()), int(ended.code or 0)
    return json.loads(out.getvalue()), 0


def lines(*words: str) -> list[str]:
    out = StringIO()
    try:
        call_command("redeliver", *words, stdout=out, stderr=StringIO())
    except SystemExit:
        return out.getvalue().splitlines()
    return out.getvalue().splitlines()


def ids(receiver: Receiver, path: str) -> list[str]:
    return [each.headers["webhook-id"] for each in receiver.at(path)]


@pytest.fixture
def zenith_caller(zenith: Organization) -> Caller:
    return system(zenith.id, Environment.SANDBOX)


def test_an_event_goes_again_to_all_it_concerns(
    caller: Caller,
    zenith_caller: Caller,
    endpoint_at: MakeEndpoint,
    happen: Happen,
    receiver: Receiver,
) -> None:
    told = [endpoint_at(caller, "/one"), endpoint_at(caller, "/all", events=("*",))]
    changed = endpoint_at(caller, "/changed")
    endpoint_at(caller, "/another", events=("payout.settled",))
    endpoint_at(zenith_caller, "/zenith", events=("*",))
    first, _second = happen(caller, 2)
    deliver()
    endpoints.update(caller, changed.id, {"events": ["payout.settled"]})
    receiver.forget()

    said, status = redeliver(first.id)
    deliver()

    assert status == 0
    assert said["deliveries"] == 3
    assert {row["endpoint"] for row in said["endpoints"]} == {
        changed.id,
        *(endpoint.id for endpoint in told),
    }
    assert ids(receiver, "/one") == ids(receiver, "/changed") == [first.id]
    assert first.id in ids(receiver, "/all")
    assert first.id not in ids(receiver, "/zenith") + ids(receiver, "/another")


def test_one_endpoint_is_told_what_it_never_wanted(
    caller: Caller, endpoint_at: MakeEndpoint, happen: Happen, receiver: Receiver
) -> None:
    endpoint = endpoint_at(caller, "/settled", events=("payout.settled",))
    (event,) = happen(caller)
    deliver()
    assert receiver.requests == []

    _, status = redeliver(event.id, "--endpoint", endpoint.id)
    deliver()

    assert status == 0
    assert ids(receiver, "/settled") == [event.id]


def test_everything_since_a_time_goes_to_every_active_endpoint(
    caller: Caller,
    zenith_caller: Caller,
    endpoint_at: MakeEndpoint,
    happen: Happen,
    receiver: Receiver,
) -> None:
    endpoint_at(caller, "/acme")
    endpoint_at(zenith_caller, "/zenith")
    off = endpoint_at(caller, "/off")
    endpoints.disable(caller, off.id)
    gone = endpoint_at(caller, "/gone")
    endpoints.delete(caller, gone.id)
    happen(caller)
    deliver()
    receiver.forget()
    since = timezone.now()
    events = happen(caller, 2)
    others = happen(zenith_caller)
    deliver()
    receiver.forget()

    said, status = redeliver("--since", since.isoformat())
    deliver()

    assert status == 0
    assert said["deliveries"] == 3
    assert ids(receiver, "/acme") == [event.id for event in events]
    assert ids(receiver, "/zenith") == [event.id for event in others]
    assert ids(receiver, "/off") == ids(receiver, "/gone") == []


def test_a_date_is_its_first_moment(
    caller: Caller, endpoint_at: MakeEndpoint, happen: Happen
) -> None:
    endpoint_at(caller)
    happen(caller, 2)
    deliver()

    yesterday, later = ((timezone.now() + timedelta(days=n)).date() for n in (-1, 2))

    assert redeliver("--since", yesterday.isoformat())[0]["deliveries"] == 2
    assert redeliver("--since", later.isoformat())[0]["deliveries"] == 0


def test_a_disabled_endpoint_is_told_once_it_is_enabled(
    caller: Caller, endpoint_at: MakeEndpoint, happen: Happen, receiver: Receiver
) -> None:
    endpoint = endpoint_at(caller, "/off")
    endpoints.disable(caller, endpoint.id)
    (event,) = happen(caller)
    deliver()

    said, status = redeliver(event.id, "--endpoint", endpoint.id)
    deliver()
    assert status == 1
    assert said["endpoints"][0]["note"] == "it is disabled: they are sent once it is enabled"
    assert receiver.requests == []

    endpoints.enable(caller, endpoint.id)
    deliver()

    assert ids(receiver, "/off") == [event.id]


def test_an_event_that_concerns_nobody_is_told_so(caller: Caller, happen: Happen) -> None:
    (event,) = happen(caller)

    assert redeliver(event.id)[1] == 1
    assert lines(event.id) == [f"{event.id}; no endpoint wants it", "0 deliveries are due"]


def test_a_test_event_goes_to_its_own_endpoint_alone(
    caller: Caller, endpoint_at: MakeEndpoint
) -> None:
    mine, other = endpoint_at(caller, "/a", events=("*",)), endpoint_at(caller, "/b", events=("*",))
    test = endpoints.send_test(caller, mine.id)

    assert [row["endpoint"] for row in redeliver(test.id)[0]["endpoints"]] == [mine.id]
    assert redeliver(test.id, "--endpoint", other.id)[1] == 2


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("EVENT", "--since", "2026-01-01"),
        ("EVENT", "evt_unknown"),
        ("evt_unknown",),
        ("EVENT", "--endpoint", "we_unknown"),
        ("EVENT", "--endpoint", "ZENITH"),
        ("--since", "2026-01-01", "--endpoint", "we_unknown"),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_is_sent(
    words: tuple[str, ...],
    caller: Caller,
    zenith_caller: Caller,
    endpoint_at: MakeEndpoint,
    happen: Happen,
) -> None:
    endpoint_at(caller)
    (event,) = happen(caller)
    names = {"EVENT": event.id, "ZENITH": endpoint_at(zenith_caller).id}

    said, status = redeliver(*(names.get(word, word) for word in words))

    assert status == 2
    assert said["error"]["message"]
    assert not Delivery.objects.exists()
    assert not Event.objects.filter(type="webhook.redelivered").exists()


def test_it_says_what_it_did_and_leaves_an_event(
    caller: Caller, endpoint_at: MakeEndpoint, happen: Happen
) -> None:
    endpoint: Endpoint = endpoint_at(caller, "/x")
    (event,) = happen(caller)

    said = lines(event.id)

    assert said == [f"{event.id} to {endpoint.id} ({endpoint.url})", "1 deliveries are due"]
    told = Event.objects.get(type="webhook.redelivered")
    assert (told.resource_id, told.actor_name) == (endpoint.id, "manage.py redeliver")
