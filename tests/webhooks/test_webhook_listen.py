"""manage.py webhook_listen as an operator runs it: a process of its own, and what it leaves."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import requests
from billingio import verify_webhook_signature
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone
from standardwebhooks import Webhook

from billing.callers import Caller
from events.models import Event
from organizations.models import Organization
from tests.conftest import MakeApi
from tests.services import ROOT, database_url
from tests.webhooks.conftest import Happen
from tests.webhooks.receiver import Answer, receiving
from webhooks import forgetting, listening, signing
from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.sending import deliver

pytestmark = pytest.mark.django_db(transaction=True)
LIMIT_S = 60


class Listening:
    """The command as a process. Its lines are read as they come, so that it never waits for us."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "webhook_listen", *words],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": database_url()},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._readers = [
            threading.Thread(target=self._read, args=(pipe,), daemon=True)
            for pipe in (self.process.stdout, self.process.stderr)
        ]
        for reader in self._readers:
            reader.start()

    def said(self, part: str) -> str:
        """Wait for the line that holds `part`, and return it."""

        def found() -> str:
            return next((line for line in self.lines if part in line), "")

        with self._news:
            assert self._news.wait_for(found, timeout=LIMIT_S), (part, self.lines)
            return found()

    def ended(self) -> int:
        status = self.process.wait(timeout=LIMIT_S)
        for reader in self._readers:
            reader.join(timeout=LIMIT_S)
        return status

    @property
    def secret(self) -> str:
        return self.said("listens on").rpartition(" ")[2]

    @property
    def url(self) -> str:
        return self.said("listens on").split()[3]

    def _read(self, pipe: Any) -> None:
        for line in pipe:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()


Listen = Callable[..., Listening]


@pytest.fixture
def listen(acme: Organization) -> Iterator[Listen]:
    """`listen("--port", "0")`: the command, running; ended with the test."""
    begun: list[Listening] = []

    def begin(*words: str) -> Listening:
        begun.append(Listening(*words))
        return begun[-1]

    yield begin
    for each in begun:
        each.process.kill()
        each.ended()


def test_it_prints_each_event_with_both_signatures_and_removes_itself(
    listen: Listen, caller: Caller, happen: Happen, acme: Organization
) -> None:
    here = listen("--organization", acme.id, "--events", "payout.created, payout.settled")
    here.said("It ends on Ctrl-C")
    endpoint = Endpoint.objects.get(deleted_at=None)
    first, second = happen(caller, 2)
    happen(caller, 1, "payout.approved")

    tick = subprocess.run(
        [sys.executable, "manage.py", "tick", "--only", "sequence,deliver", "--json"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url()},
        capture_output=True,
        timeout=LIMIT_S,
        check=True,
    )

    jobs = {job["job"]: job["did"] for job in json.loads(tick.stdout)["jobs"]}
    assert (jobs["deliver"]["delivered"], jobs["deliver"]["failed"]) == (2, 0)
    for event, n in ((first, 0), (second, 1)):
        line = here.said(event.id)
        assert f" payout.created po_{n} " in line
        assert "X-Billing-Signature good, webhook-signature good; answered 200" in line
    assert not any("payout.approved" in line for line in here.lines)
    assert (endpoint.is_local, endpoint.environment) == (True, "sandbox")
    assert endpoint.url == here.url and endpoint.organization_id == acme.id
    assert endpoint.expires_at is not None
    assert endpoint.expires_at - endpoint.created_at <= timedelta(hours=1)

    here.process.send_signal(signal.SIGINT)

    assert here.ended() == 0
    assert here.lines[-1] == "2 deliveries, 0 with a signature that did not fit"
    assert not Endpoint.objects.filter(deleted_at=None).exists()
    assert Event.objects.filter(type="webhook.deleted", resource_id=endpoint.id).count() == 1
    with pytest.raises(requests.ConnectionError):
        requests.post(here.url, timeout=2)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_it_removes_itself_however_it_is_ended(number: signal.Signals, listen: Listen) -> None:
    here = listen()
    here.said("It ends on Ctrl-C")
    assert Endpoint.objects.filter(deleted_at=None).count() == 1

    here.process.send_signal(number)

    assert here.ended() == 0
    assert not Endpoint.objects.filter(deleted_at=None).exists()


def test_it_ends_by_itself(listen: Listen) -> None:
    here = listen("--for", "1", "--json")

    assert here.ended() == 0
    assert not Endpoint.objects.filter(deleted_at=None).exists()
    assert json.loads(here.lines[-1])["deliveries"] == []


def test_of_a_killed_one_nothing_is_left_after_its_hour(
    listen: Listen, caller: Caller, happen: Happen
) -> None:
    here = listen()
    here.said("It ends on Ctrl-C")
    here.process.kill()
    here.ended()
    endpoint = Endpoint.objects.get(deleted_at=None)
    Endpoint.objects.update(expires_at=timezone.now())
    happen(caller)

    assert deliver().attempts == 0
    forgetting.forget()

    endpoint.refresh_from_db()
    assert endpoint.deleted_at is not None
    assert not Delivery.objects.filter(status="pending").exists()


def test_it_passes_deliveries_on_and_answers_what_is_answered(
    listen: Listen, caller: Caller, happen: Happen
) -> None:
    with receiving() as app:
        app.answer("/hooks", Answer(503, body=b"not yet"), Answer(204))
        here = listen("--forward-to", app.url("/hooks"), "--events", "payout.created", "--bodies")
        here.said("It ends on Ctrl-C")
        first, _ = happen(caller, 2)
        deliver()
        here.said("answered 503 in")
        here.said("answered 204 in")
        here.said('"type":"payout.created"')

        failed = Attempt.objects.get(status_code=503)
        assert (failed.answer, failed.delivery.event_id) == ("not yet", first.id)
        assert Attempt.objects.get(status_code=204).address == "127.0.0.1"
        for passed in app.requests:
            secret, body = here.secret, passed.body.decode()
            assert verify_webhook_signature(body, passed.headers["x-billing-signature"], secret)
            assert Webhook(secret).verify(body, dict(passed.headers))
    happen(caller)
    deliver()
    here.said("not passed on: nobody listens there")


def test_what_is_not_signed_is_not_passed_on_and_ends_with_status_1(listen: Listen) -> None:
    with receiving() as app:
        here = listen("--forward-to", app.url(), "--json")
        now = int(time.time())
        wrong = signing.billing_signature(now, b"{}", ["whsec_AAAA"])
        old = signing.billing_signature(now - 301, b"{}", [here.secret])

        assert requests.post(here.url, data=b"{}", timeout=9).status_code == 400
        for signature in (wrong, old, "t=,v1=", "nonsense", "t=1,v1=\xe9"):
            headers = {"X-Billing-Signature": signature, "webhook-signature": "v1,\xe9"}
            assert requests.post(here.url, b"\xff{", headers=headers, timeout=9).status_code == 400
        assert requests.post(here.url, data=b"x" * (2**20 + 1), timeout=9).status_code == 413
        assert app.requests == []
    here.process.send_signal(signal.SIGTERM)

    assert here.ended() == 1
    told = json.loads(next(line for line in here.lines if line.startswith("{")))
    assert [row["x_billing_signature"] for row in told["deliveries"]] == [
        "missing",
        "does not fit",
        "is older or newer than 5 minutes",
        "has no time",
        "has no time",
        "is older or newer than 5 minutes",
    ]
    assert not any(row["is_verified"] for row in told["deliveries"])


def refusal(*words: str) -> str:
    """Run it here, since it does not get as far as to listen; return what it says."""
    said = StringIO()
    with pytest.raises(SystemExit) as ended:
        # Were it to listen after all, it would not for long: of two limits the last one counts.
        call_command("webhook_listen", "--for", "2", *words, stdout=StringIO(), stderr=said)
    assert ended.value.code == 2
    return said.getvalue()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--organization", "nobody"), "No such organization: nobody."),
        (("--events", "payout.eaten"), "No such event type: payout.eaten."),
        (("--forward-to", "http://example.com/"), "within this machine alone"),
        (("--forward-to", "http://127.0.0.1@example.com/"), "within this machine alone"),
        (("--for", "3601"), "--for takes 1 to 3600 seconds."),
        (("--port", "PORT"), "cannot be listened on"),
    ],
)
def test_what_cannot_be_listened_to_is_refused(
    words: tuple[str, ...], says: str, acme: Organization
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        assert says in refusal(*(port if word == "PORT" else word for word in words))

    assert not Endpoint.objects.exists()


def test_among_several_organizations_one_is_named(acme: Organization, zenith: Organization) -> None:
    assert "Say whose events" in refusal()


def test_no_other_door_makes_a_local_endpoint(acme: Organization, api: MakeApi) -> None:
    for environment in ("sandbox", "live"):
        for url in ("http://127.0.0.1:8080/", "https://127.0.0.1/", "https://localhost/"):
            body = {"url": url, "events": ["*"], "is_local": True}
            assert api(acme, environment).post("/v1/webhooks", body).status_code == 400
            del body["is_local"]
            assert api(acme, environment).post("/v1/webhooks", body).status_code == 400
    assert not Endpoint.objects.exists()

    with (
        pytest.raises(IntegrityError, match="local_endpoint_is_in_the_sandbox"),
        transaction.atomic(),
    ):
        Endpoint.objects.create(
            organization=acme,
            environment="live",
            url="http://127.0.0.1/",
            events=["*"],
            secret=b"",
            is_local=True,
            expires_at=timezone.now(),
        )


def test_while_rotating_either_secret_will_do() -> None:
    now = time.time()
    both = signing.headers(
        "evt_1", b"{}", ["whsec_AAAA", "whsec_BBBB"], timezone.now(), event_type="webhook.test"
    )
    headers = {name.lower(): value for name, value in both.items()}

    for judge in (listening.billing_wrong, listening.standard_wrong):
        assert judge(headers, b"{}", "whsec_AAAA", now) == ""
        assert judge(headers, b"{}", "whsec_BBBB", now) == ""
        assert judge(headers, b"{}", "whsec_CCCC", now) == "does not fit"
        assert judge(headers, b"{} ", "whsec_AAAA", now) == "does not fit"
        assert judge(headers, b"{}", "whsec_AAAA", now + 302) == "is older or newer than 5 minutes"
