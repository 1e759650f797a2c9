"""The e-mail that asks a customer to pay, where the organization wants that."""

from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from billing.callers import Caller
from billing.errors import InvalidRequest
from organizations.roles import ADMINISTER_ORGANIZATION
from subscriptions import mailing, renewal_settings, services
from subscriptions.models import Renewal, RenewalSettings
from tests.subscriptions.making import (
    a_customer,
    a_plan,
    last_renewal,
    pass_time,
    pay,
    subscribed,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailing_on(sandboxed: Caller) -> None:
    RenewalSettings.objects.create(
        organization_id=sandboxed.organization_id, environment="sandbox", emails_customers=True
    )


def test_the_customer_is_told_once_where_to_pay(sandboxed: Caller, mailing_on, settings) -> None:
    settings.PUBLIC_URL = "https://billing.example.com"
    customer = a_customer(sandboxed, email="ann@shop.example", name="Ann")
    subscription = subscribed(sandboxed, a_plan(sandboxed), customer)
    checkout_id = last_renewal(subscription).checkout_id

    assert (mailing.tell(), mailing.tell()) == (1, 0)

    (message,) = mail.outbox
    assert message.to == ["ann@shop.example"]
    assert message.subject == "Acme GmbH: your subscription to Pro"
    assert f"https://billing.example.com/checkout/{checkout_id}" in message.body
    own_page = f"https://billing.example.com/subscription/{subscription.page_token}"
    assert f"with all its payments: {own_page}\n" in message.body
    assert "Hello Ann," in message.body
    assert "20.00 USDC" in message.body
    assert "This is a test" in message.body


def test_every_attempt_is_told(sandboxed: Caller, mailing_on) -> None:
    subscribed(sandboxed)
    mailing.tell()

    pass_time(sandboxed, days=3.1)

    assert mailing.tell() == 1
    assert len(mail.outbox) == 2


def test_nobody_is_written_to_unless_that_was_switched_on(sandboxed: Caller) -> None:
    subscribed(sandboxed)

    assert mailing.tell() == 0
    assert mail.outbox == []


@pytest.mark.parametrize("ends", ["pay", "skip"])
def test_what_needs_no_payment_any_more_is_not_asked_for(
    sandboxed: Caller, mailing_on, ends: str
) -> None:
    subscription = subscribed(sandboxed)
    if ends == "pay":
        pay(sandboxed, subscription)
    else:
        services.cancel_immediately(sandboxed, subscription.id)

    assert mailing.tell() == 0
    assert not Renewal.objects.filter(mail_owed_at__isnull=False).exists()


def test_a_mail_server_that_is_down_costs_nothing(
    sandboxed: Caller, mailing_on, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: object, messages: object) -> int:
        raise OSError

    subscribed(sandboxed)
    with monkeypatch.context() as down:
        down.setattr(EmailBackend, "send_messages", refuse)
        assert mailing.tell() == 0

    assert mailing.tell() == 1


def test_settings_are_changed_by_who_administers(sandboxed: Caller) -> None:
    admin = Caller(
        sandboxed.organization_id,
        sandboxed.environment,
        "usr_1",
        "Ada",
        frozenset({ADMINISTER_ORGANIZATION}),
    )

    row = renewal_settings.update(admin, emails_customers=True, attempt_days=[0, 2])

    assert (row.emails_customers, row.attempt_days) == (True, [0, 2])
    refused_ones: list[dict[str, Any]] = [
        {"attempt_days": [1, 2]},
        {"attempt_days": [0, 5, 3]},
        {"attempt_days": []},
        {"time_zone": "Berlin"},
        {"ahead_days": 31},
        {"grace_days": True},
        {"emails_customers": "yes"},
        {"unknown": 1},
    ]
    for wrong in refused_ones:
        with pytest.raises(InvalidRequest) as refused:
            renewal_settings.update(admin, **wrong)
        assert refused.value.param in wrong
