"""What an attempt is, and what each answer makes of a delivery; against a real receiver."""

import io
import json
from datetime import timedelta
from email.utils import format_datetime

import pytest
from django.core.management import call_command
from django.utils import timezone
from standardwebhooks import Webhook

from billing import exact_json
from events.models import Event
from events.services import event_json
from tests.services import free_port
from tests.webhooks.receiver import Answer, Drip, Endless, Hang, Raw, Reset, receiving
from tests.webhooks.telling import SOON, attempts_at, due_now, minutes_until, the_delivery
from webhooks import endpoints
from webhooks.endpoints import NewEndpoint
from webhooks.guard import local, vetted
from webhooks.models import Attempt, Delivery
from webhooks.sending import Limits, Sent, deliver

FIVE_MINUTES = (4.9, 5.6)  # with jitter, and the time the test takes
A_DAY = 24 * 60


@pytest.fixture
def endpoint(endpoint_at, caller):
    return endpoint_at(caller, "/orders")


def test_an_event_arrives_signed_and_is_recorded(caller, receiver, happen):
    url = vetted(receiver.url("/orders?shop=1"), "sandbox")
    endpoint, secret = endpoints.create(caller, NewEndpoint(url, ["payout.created"]))
    receiver.answer("/orders?shop=1", Answer(202, body=b"thanks"))
    (event,) = happen(caller)

    sent = deliver()

    (received,) = receiver.requests
    event = Event.objects.get(pk=event.pk)
    assert received.method == "POST"
    assert received.path == "/orders?shop=1"
    assert received.body == exact_json.dumps(event_json(event))
    assert received.json()["sequence"] == event.sequence
    assert received.headers["x-billing-event-id"] == event.id
    assert received.headers["accept-encoding"] == "identity"
    assert "cookie" not in received.headers
    Webhook(secret).verify(received.body, dict(received.headers))
    delivery = the_delivery(endpoint)
    assert (delivery.status, delivery.attempts, delivery.next_attempt_at) == ("delivered", 1, None)
    assert delivery.delivered_at is not None
    (attempt,) = attempts_at(endpoint)
    assert (attempt.number, attempt.status_code, attempt.answer) == (1, 202, "thanks")
    assert (attempt.address, attempt.error) == ("127.0.0.1", "")
    endpoint.refresh_from_db()
    assert endpoint.last_delivered_at == delivery.delivered_at
    assert (endpoint.failing_since, endpoint.lease) == (None, "")
    assert sent == Sent(owed=1, delivered=1, failed=0)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 226, 299])
def test_every_2xx_is_success(caller, receiver, endpoint, happen, status):
    receiver.answer("/orders", Answer(status))
    happen(caller)

    deliver()

    assert the_delivery(endpoint).status == "delivered"


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308, 400, 401, 404, 500, 502])
def test_anything_else_is_tried_again_in_five_minutes(caller, receiver, endpoint, happen, status):
    receiver.answer("/orders", Answer(status, {"Retry-After": "7200"}))
    happen(caller)

    sent = deliver()

    delivery = the_delivery(endpoint)
    assert (delivery.status, delivery.attempts, delivery.tries) == ("pending", 1, 1)
    assert FIVE_MINUTES[0] < minutes_until(delivery) < FIVE_MINUTES[1]
    (attempt,) = attempts_at(endpoint)
    assert attempt.status_code == status
    endpoint.refresh_from_db()
    assert endpoint.failing_since is not None
    assert endpoint.last_delivered_at is None
    assert sent == Sent(owed=1, delivered=0, failed=1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_says_so(caller, receiver, endpoint, happen, status):
    receiver.answer("/orders", Answer(status, {"Location": receiver.url("/elsewhere")}))
    happen(caller)

    deliver()

    assert receiver.at("/elsewhere") == []
    assert attempts_at(endpoint)[0].error == (
        "It answered with a redirect, and redirects are not followed."
    )


NO_ANSWERS = {
    "hangs": (Hang(), "There was no answer within 0.5 s."),
    "drips": (Drip(), "It began to answer 200 and had not ended after 0.5 s."),
    "resets": (Reset(), "The connection broke: Connection reset by peer"),
    "closes": (Raw(b""), "It closed the connection without an answer."),
    "is no http": (Raw(b"220 mail.example.com ESMTP\r\n\r\n"), "What it answered is not HTTP: "),
    "breaks off": (
        Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
        "Its answer broke off.",
    ),
}


@pytest.mark.parametrize("kind", NO_ANSWERS)
def test_no_whole_answer_is_a_failure_in_words(caller, receiver, endpoint, happen, kind):
    behaviour, words = NO_ANSWERS[kind]
    receiver.answer("/orders", behaviour)
    happen(caller)

    deliver(SOON)

    (attempt,) = attempts_at(endpoint)
    assert attempt.status_code is None
    assert attempt.error.startswith(words)
    assert attempt.answer == ""
    assert the_delivery(endpoint).status == "pending"


def test_nobody_listening_is_a_failure_in_words(caller, receiver, settings, happen):
    port = free_port()
    settings.WEBHOOK_ALLOWED_HOSTS = [f"127.0.0.1:{port}"]
    url = vetted(f"http://127.0.0.1:{port}/", "sandbox")
    endpoint, _ = endpoints.create(caller, NewEndpoint(url, ["*"]))
    happen(caller)

    deliver()

    errors = {attempt.error for attempt in attempts_at(endpoint)}
    assert len(errors) == 1
    assert errors.pop().startswith("The connection failed: ")
    assert [a.address for a in attempts_at(endpoint)] == ["127.0.0.1", "127.0.0.1"]


def test_a_certificate_of_nobody_is_refused(caller, settings, happen):
    with receiving(tls=True) as receiver:
        settings.WEBHOOK_ALLOWED_HOSTS = [receiver.host]
        url = vetted(receiver.url("/"), "sandbox")
        endpoint, _ = endpoints.create(caller, NewEndpoint(url, ["payout.created"]))
        happen(caller)

        deliver()

        assert receiver.requests == []
    (attempt,) = attempts_at(endpoint)
    assert attempt.error.startswith("Its TLS certificate was refused: ")
    assert "self-signed" in attempt.error


def test_plain_http_where_tls_should_be_is_a_failure_in_words(caller, receiver, happen):
    url = vetted(f"https://{receiver.host}/", "sandbox")
    endpoint, _ = endpoints.create(caller, NewEndpoint(url, ["payout.created"]))
    happen(caller)

    deliver(SOON)

    (attempt,) = attempts_at(endpoint)
    assert attempt.error.startswith(("TLS could not be agreed: ", "There was no answer within"))
    assert receiver.requests == []


def test_a_name_that_nobody_has_is_a_failure_in_words(caller, settings, happen):
    url = vetted("http://nobody.example.invalid/", "sandbox")
    endpoint, _ = endpoints.create(caller, NewEndpoint(url, ["payout.created"]))
    happen(caller)

    deliver()

    (attempt,) = attempts_at(endpoint)
    assert attempt.error.startswith("Its host name did not resolve: ")
    assert attempt.address == ""


def test_where_no_webhook_goes_any_more_nothing_is_sent(
    caller, receiver, endpoint, happen, settings
):
    settings.WEBHOOK_ALLOWED_HOSTS = []
    happen(caller)

    deliver()

    (attempt,) = attempts_at(endpoint)
    assert attempt.error.startswith("Nothing was sent. ")
    assert receiver.connections == 0


def test_of_an_endless_answer_only_the_beginning_is_read(caller, receiver, endpoint, happen):
    receiver.answer("/orders", Endless())
    happen(caller)

    deliver()

    assert the_delivery(endpoint).status == "delivered"
    (attempt,) = attempts_at(endpoint)
    assert attempt.answer == "x" * 2048
    # What was sent into the void is what sockets hold, not what was read.
    assert receiver.bytes_sent < 10_000_000


def test_an_answer_that_no_text_can_hold_is_kept_legibly(caller, receiver, endpoint, happen):
    receiver.answer("/orders", Answer(500, body=b"a\x00b\xff" + b"\xc3\xa9" * 2000))
    happen(caller)

    deliver()

    (attempt,) = attempts_at(endpoint)
    assert attempt.answer == "a\ufffdb\ufffd" + "é" * 1022


def test_a_compressed_answer_is_not_unpacked(caller, receiver, endpoint, happen):
    receiver.answer("/orders", Answer(200, {"Content-Encoding": "gzip"}, b"not gzip at all"))
    happen(caller)

    deliver()

    assert attempts_at(endpoint)[0].answer == "not gzip at all"


def test_cookies_are_not_kept(caller, receiver, endpoint, happen):
    receiver.answer("/orders", Answer(200, {"Set-Cookie": "seen=1"}))
    happen(caller, 2)

    deliver()

    assert [("cookie" in each.headers) for each in receiver.requests] == [False, False]


def test_each_attempt_has_the_same_bytes_and_id_and_a_fresh_signature(
    caller, receiver, happen, endpoint_at
):
    endpoint_at(caller, "/orders")
    receiver.answer("/orders", Answer(500, after_s=1.1), Answer(200))
    happen(caller)

    deliver()
    due_now()
    deliver()

    first, second = receiver.requests
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(second.headers["webhook-timestamp"]) > int(first.headers["webhook-timestamp"])
    assert second.headers["x-billing-signature"].startswith(
        f"t={second.headers['webhook-timestamp']},v1="
    )


def test_the_schedule_ends_after_eight_attempts(caller, receiver, endpoint, happen):
    receiver.answer("/orders", Answer(500))
    happen(caller)
    waits = []

    for _ in range(7):
        deliver()
        waits.append(round(minutes_until(the_delivery(endpoint))))
        due_now()
    deliver()
    due_now()
    deliver()

    for wait, minutes in zip(waits, [5, 25, 120, 360, 720, A_DAY, A_DAY], strict=True):
        assert minutes - 1 <= wait <= minutes * 1.1
    delivery = the_delivery(endpoint)
    assert (delivery.status, delivery.attempts, delivery.next_attempt_at) == ("failed", 8, None)
    assert [each.number for each in attempts_at(endpoint)] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert len(receiver.requests) == 8


@pytest.mark.parametrize(
    ("status", "seconds", "minutes"),
    [(429, 3600, 60), (503, 7200, 120), (429, 10, 5), (503, 40 * 24 * 3600, A_DAY)],
)
def test_retry_after_moves_the_next_attempt(
    caller, receiver, endpoint, happen, status, seconds, minutes
):
    receiver.answer("/orders", Answer(status, {"Retry-After": str(seconds)}))
    happen(caller)

    deliver()

    assert minutes - 0.2 <= minutes_until(the_delivery(endpoint)) <= minutes * 1.11


def test_retry_after_may_be_a_date(caller, receiver, endpoint, happen):
    later = timezone.now() + timedelta(hours=3)
    receiver.answer("/orders", Answer(503, {"Retry-After": format_datetime(later)}))
    happen(caller)

    deliver()

    assert 179 <= minutes_until(the_delivery(endpoint)) <= 180


def test_410_disables_the_endpoint_at_once_and_what_it_is_owed_waits(
    caller, receiver, endpoint, happen, events_of
):
    receiver.answer("/orders", Answer(410), Answer(200))
    happen(caller, 3)

    deliver()

    endpoint.refresh_from_db()
    assert (endpoint.status, endpoint.disabled_because) == ("disabled", "gone")
    assert events_of(endpoint) == ["webhook.created", "webhook.disabled"]
    assert len(receiver.requests) == 1
    assert set(endpoint.deliveries.values_list("status", flat=True)) == {"pending"}

    due_now()
    assert deliver().attempts == 0

    endpoints.enable(caller, endpoint.id)
    assert deliver().delivered == 3


def test_after_three_days_without_a_delivery_a_failure_disables(
    caller, receiver, endpoint, happen, events_of
):
    receiver.answer("/orders", Answer(500))
    happen(caller)
    deliver()
    failing_for(endpoint, days=3, minutes=-1)
    due_now()
    deliver()
    endpoint.refresh_from_db()
    assert endpoint.status == "active"

    failing_for(endpoint, days=3)
    due_now()
    deliver()

    endpoint.refresh_from_db()
    assert (endpoint.status, endpoint.disabled_because) == ("disabled", "failing")
    assert endpoint.disabled_at is not None
    assert events_of(endpoint) == ["webhook.created", "webhook.disabled"]
    disabled = Event.objects.get(type="webhook.disabled")
    assert disabled.payload["data"]["disabled_because"] == "failing"
    assert disabled.actor_id == "system"


def test_one_delivery_ends_the_failing(caller, receiver, endpoint, happen):
    receiver.answer("/orders", Answer(500), Answer(200), Answer(500))
    happen(caller)
    deliver()
    failing_for(endpoint, days=5)
    due_now()

    deliver()

    endpoint.refresh_from_db()
    assert (endpoint.status, endpoint.failing_since) == ("active", None)


def test_a_deleted_endpoint_is_sent_nothing(caller, receiver, endpoint, happen):
    receiver.answer("/orders", Answer(500))
    happen(caller, 2)
    deliver()
    due_now()
    sent = len(receiver.requests)

    endpoints.delete(caller, endpoint.id)
    due_now()
    deliver()

    assert len(receiver.requests) == sent
    assert set(endpoint.deliveries.values_list("status", flat=True)) == {"canceled"}


def test_a_local_endpoint_is_told_until_its_hour_is_over(caller, receiver, settings, happen):
    settings.WEBHOOK_ALLOWED_HOSTS = []
    draft = NewEndpoint(
        local(receiver.url("/")), ["*"], local_until=timezone.now() + timedelta(hours=1)
    )
    endpoint, _ = endpoints.create(caller, draft)
    assert deliver().delivered == 1  # webhook.created

    type(endpoint).objects.filter(pk=endpoint.pk).update(expires_at=timezone.now())
    happen(caller)

    assert deliver() == Sent(owed=1)


def test_a_secret_that_cannot_be_read_fails_its_own_deliveries_alone(
    caller, receiver, endpoint_at, happen, settings
):
    key = settings.SECRET_KEY
    settings.SECRET_KEY = "the key of the installation before it was moved, and lost"
    lost = endpoint_at(caller, "/lost")
    settings.SECRET_KEY = key
    kept = endpoint_at(caller, "/kept")
    happen(caller, 2)

    sent = deliver()

    assert sent == Sent(owed=4, delivered=2, failed=2)
    assert the_delivery_states(kept) == ["delivered", "delivered"]
    assert the_delivery_states(lost) == ["pending", "pending"]
    assert receiver.at("/lost") == []
    assert "SECRET_KEY is another" in attempts_at(lost)[0].error


def test_what_happened_while_nothing_ran_is_delivered_later(caller, receiver, endpoint, happen):
    for _ in range(3):
        happen(caller, 4)

    assert deliver().delivered == 12
    assert len({each.json()["event_id"] for each in receiver.requests}) == 12


def test_with_nothing_due_it_asks_three_things_and_ends(
    caller, receiver, endpoint, happen, django_assert_max_num_queries
):
    receiver.answer("/orders", Answer(500))
    happen(caller)
    deliver()
    connections = receiver.connections

    with django_assert_max_num_queries(3):
        sent = deliver()

    assert sent == Sent()
    assert receiver.connections == connections


def test_tick_delivers_all_that_is_due_and_returns(caller, receiver, endpoint, happen):
    happen(caller, 40)
    out = io.StringIO()

    call_command("tick", "--json", "--only", "deliver", stdout=out, stderr=io.StringIO())

    (job,) = json.loads(out.getvalue())["jobs"]
    assert job["did"] == {"owed": 40, "delivered": 40, "failed": 0}
    assert len(receiver.requests) == 40
    assert not Delivery.objects.filter(status="pending").exists()


def test_a_run_ends_when_its_time_is_over_and_the_next_goes_on(caller, receiver, endpoint, happen):
    receiver.answer("/orders", Answer(200, after_s=0.02))
    happen(caller, 30)

    first = deliver(Limits(budget_s=0.2))
    left = Delivery.objects.filter(status="pending").count()
    endpoint.refresh_from_db()
    second = deliver()

    assert 0 < first.delivered < 30
    assert left == 30 - first.delivered
    assert endpoint.lease == ""
    assert second.delivered == left
    assert Attempt.objects.count() == 30


def failing_for(endpoint, **since):
    failing_since = timezone.now() - timedelta(**since)
    type(endpoint).objects.filter(pk=endpoint.pk).update(failing_since=failing_since)


def the_delivery_states(endpoint):
    return list(endpoint.deliveries.order_by("sequence").values_list("status", flat=True))
