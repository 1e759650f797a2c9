"""The e-mail that says we disabled an endpoint."""

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from organizations import services
from organizations.roles import Role
from tests.webhooks.receiver import Answer
from webhooks import endpoints, owners
from webhooks.models import DisabledBecause
from webhooks.sending import deliver


@pytest.fixture
def endpoint(endpoint_at, caller):
    return endpoint_at(caller, "/orders")


@pytest.fixture
def disabled(caller, endpoint):
    return endpoints.disable(caller, endpoint.id, DisabledBecause.FAILING)


def told_to():
    return sorted(address for each in mail.outbox for address in each.recipients())


def test_the_admins_of_the_organization_are_told_once(ada, mara, zoe, disabled, settings):
    settings.PUBLIC_URL = "https://billing.example.com"

    assert (owners.tell(), owners.tell()) == (1, 0)

    (message,) = mail.outbox
    assert told_to() == ["ada@example.com"]
    assert message.to == []  # nobody sees who else administers
    assert message.subject == "A webhook of Acme GmbH was disabled"
    assert disabled.url in message.body
    assert "nothing could be delivered to it for three days" in message.body
    assert (
        f"https://billing.example.com/admin/webhooks/endpoint/{disabled.id}/change/" in message.body
    )
    disabled.refresh_from_db()
    assert disabled.owners_told_at is not None


def test_one_that_is_gone_says_so(ada, caller, receiver, endpoint, happen):
    receiver.answer("/orders", Answer(410))
    happen(caller)
    deliver()

    owners.tell()

    assert "it answered 410 Gone" in mail.outbox[0].body


def test_what_somebody_switched_off_or_deleted_is_not_told(ada, caller, endpoint, endpoint_at):
    endpoints.disable(caller, endpoint.id)
    other = endpoint_at(caller, "/other")
    endpoints.disable(caller, other.id, DisabledBecause.GONE)
    endpoints.delete(caller, other.id)

    assert owners.tell() == 0
    assert mail.outbox == []


def test_disabled_again_is_told_again(ada, caller, disabled):
    owners.tell()
    endpoints.enable(caller, disabled.id)
    endpoints.disable(caller, disabled.id, DisabledBecause.GONE)

    assert owners.tell() == 1
    assert len(mail.outbox) == 2


def test_every_admin_is_told_and_nobody_who_has_left(acme, ada, otto, disabled):
    eve = services.create_staff("eve@example.com", organization=acme, role=Role.ADMIN)
    services.add_member(otto, acme, Role.ADMIN)
    eve.is_active = False
    eve.save()

    owners.tell()

    assert told_to() == ["ada@example.com", "otto@example.com"]


def test_where_nobody_administers_it_is_not_asked_for_ever(mara, disabled, caplog):
    assert owners.tell() == 0

    disabled.refresh_from_db()
    assert disabled.owners_told_at is not None
    assert f"nobody to tell webhook={disabled.id}" in caplog.text


class NoServer(EmailBackend):
    """A mail server that is down."""

    def send_messages(self, messages):
        raise ConnectionRefusedError("nobody listens")


def test_a_mail_server_that_is_down_is_tried_again(ada, disabled, settings):
    works = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.NoServer"
    assert owners.tell() == 0
    disabled.refresh_from_db()
    assert disabled.owners_told_at is None

    settings.EMAIL_BACKEND = works
    assert owners.tell() == 1


def test_the_console_is_stderr(ada, disabled, settings, capsys):
    """A command's answer on stdout stays what it is."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

    owners.tell()

    out, err = capsys.readouterr()
    assert out == ""
    assert "A webhook of Acme GmbH was disabled" in err
