"""Who is written to, of what, and when; and that two workers send one mail."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.db.models import F
from django.utils import timezone

from organizations import services
from organizations.models import Membership, NoticeChoice
from organizations.noticing import Notices
from payouts.services import approve, create
from reconciliation import notices
from tests.payouts.making import People, a_draft

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


class DeadServer(BaseEmailBackend):
    """A mail server that does not answer."""

    def send_messages(self, email_messages: object) -> int:
        raise ConnectionRefusedError


@pytest.fixture(autouse=True)
def _mail_server(settings) -> None:
    settings.EMAIL_URL = "smtp://mail.example"


@pytest.fixture
def people(settings, acme, mara, jon, otto, ada) -> People:
    settings.NETWORKS = {
        name: replace(row, rpc_urls=("http://127.0.0.1:9",))
        for name, row in settings.NETWORKS.items()
    }
    return People.of(acme, "live", mara, jon, otto, ada)


def choose(user, how=Notices.AT_ONCE, **more):
    membership = Membership.objects.get(user=user)
    NoticeChoice.objects.update_or_create(membership=membership, defaults={"how": how, **more})


@pytest.fixture
def nobody_else(people, mara, jon, otto, ada):
    """Only those are written to of whom a test says so."""
    for user in (mara, jon, otto, ada):
        choose(user, Notices.NONE)


def told() -> list[tuple[str, str]]:
    return [(letter.to[0].partition("@")[0], str(letter.subject)) for letter in mail.outbox]


def later(minutes: int) -> None:
    """Everything that was told is so many minutes older."""
    NoticeChoice.objects.update(told_at=F("told_at") - timedelta(minutes=minutes))


def test_only_who_may_act_is_written_to(nobody_else, people, mara, jon, otto):
    create(people.preparer, a_draft())
    create(people.preparer, a_draft(reference_id="inv_2"))
    for user in (mara, jon, otto):
        choose(user)

    assert notices.send() == 1

    assert told() == [("jon", "Acme GmbH: 2 to approve")]


def test_what_is_approved_waits_for_whoever_hands_over(nobody_else, people, jon, otto):
    payout = create(people.preparer, a_draft())
    approve(people.approver, payout.pk)
    choose(jon), choose(otto)

    notices.send()

    assert told() == [("otto", "Acme GmbH: 1 to hand over")]


def test_what_one_made_oneself_waits_for_others(nobody_else, people, jon, ada):
    create(people.admin, a_draft())
    choose(jon), choose(ada)

    notices.send()

    assert told() == [("jon", "Acme GmbH: 1 to approve")]


def test_what_was_told_is_not_told_again_until_something_new_waits(nobody_else, people, jon):
    create(people.preparer, a_draft())
    choose(jon)
    notices.send()
    later(10)
    assert notices.send() == 0

    create(people.preparer, a_draft(reference_id="inv_2"))

    assert notices.send() == 1
    assert told()[-1] == ("jon", "Acme GmbH: 2 to approve")


def test_what_comes_within_five_minutes_comes_together(nobody_else, people, jon):
    choose(jon)
    for n in range(4):
        create(people.preparer, a_draft(reference_id=f"inv_{n}"))
        notices.send()
    assert told() == [("jon", "Acme GmbH: 1 to approve")]

    later(6)
    notices.send()

    assert told()[-1] == ("jon", "Acme GmbH: 4 to approve")


def test_neither_amount_nor_address_stands_in_a_mail(nobody_else, people, jon):
    payout = create(people.preparer, a_draft())
    choose(jon)

    notices.send()

    (letter,) = mail.outbox
    assert "500" not in f"{letter.subject}{letter.body}"
    assert payout.recipient_address not in letter.body
    assert "/admin/payouts/payoutintent/?tab=to_approve" in letter.body


def test_the_sandbox_is_not_written_about(nobody_else, acme, mara, jon, otto, ada):
    sandboxed = People.of(acme, "sandbox", mara, jon, otto, ada)
    create(sandboxed.preparer, a_draft())
    choose(jon)

    assert notices.send() == 0


def test_another_organization_is_not_told_of(nobody_else, people, zenith, jon, zoe):
    create(people.preparer, a_draft())
    choose(zoe), choose(jon, Notices.NONE)

    assert notices.send() == 0


@pytest.mark.parametrize("how", [Notices.NONE])
def test_who_wants_none_gets_none(nobody_else, people, jon, how):
    create(people.preparer, a_draft())
    choose(jon, how)

    assert notices.send() == 0


def test_somebody_switched_off_is_not_written_to(nobody_else, people, jon):
    create(people.preparer, a_draft())
    choose(jon)
    jon.is_active = False
    jon.save()

    assert notices.send() == 0


def test_without_a_mail_server_nothing_is_done(nobody_else, people, jon, settings):
    create(people.preparer, a_draft())
    choose(jon)
    settings.EMAIL_URL = ""

    assert notices.send() == 0
    assert NoticeChoice.objects.get(membership__user=jon).told_at is None


def test_a_mail_that_was_not_taken_is_sent_the_next_time(nobody_else, people, jon, settings):
    create(people.preparer, a_draft())
    choose(jon)
    settings.EMAIL_BACKEND = "tests.reconciliation.test_notices.DeadServer"
    assert notices.send() == 0

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    assert notices.send() == 1


@pytest.mark.parametrize(
    ("told_at", "now", "time_zone", "is_due"),
    [
        (NOON - timedelta(days=1), NOON.replace(hour=7), "UTC", False),
        (NOON - timedelta(days=1), NOON.replace(hour=8), "UTC", True),
        (NOON - timedelta(days=1), NOON.replace(hour=7), "Europe/Berlin", True),
        (NOON.replace(hour=8), NOON, "UTC", False),
        (NOON.replace(hour=8), NOON + timedelta(hours=19), "UTC", False),
        (NOON.replace(hour=8), NOON + timedelta(hours=20), "UTC", True),
        (NOON - timedelta(days=9), NOON.replace(hour=23), "UTC", True),
    ],
)
def test_a_daily_mail_comes_after_its_hour_once_a_day(acme, jon, told_at, now, time_zone, is_due):
    membership = Membership.objects.get(user=jon)
    choice = NoticeChoice(
        membership=membership, how="daily", hour=8, time_zone=time_zone, told_at=told_at
    )

    assert notices.is_due(choice, now) is is_due


def test_who_never_chose_hears_once_a_day_from_tomorrow_on(people, jon):
    create(people.preparer, a_draft())
    assert notices.send() == 0
    NoticeChoice.objects.update(created_at=timezone.now() - timedelta(days=2), hour=0)

    notices.send()

    # Otto, an operator, may not approve; Mara made it.
    assert sorted(told()) == [
        ("ada", "Acme GmbH: 1 to approve"),
        ("jon", "Acme GmbH: 1 to approve"),
    ]
    assert notices.send() == 0


def test_each_organization_is_told_of_by_itself(nobody_else, people, zenith, jon):
    create(people.preparer, a_draft())
    services.add_member(jon, zenith, "approver")
    for membership in Membership.objects.filter(user=jon):
        NoticeChoice.objects.update_or_create(membership=membership, defaults={"how": "at_once"})

    notices.send()

    assert told() == [("jon", "Acme GmbH: 1 to approve")]


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_one_mail(nobody_else, people, jon):
    create(people.preparer, a_draft())
    choose(jon)

    def run(_: int) -> int:
        try:
            return notices.send()
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        sent = list(pool.map(run, range(6)))

    assert sum(sent) == len(mail.outbox) == 1


def test_a_claim_that_nobody_ended_is_over_after_a_while(nobody_else, people, jon):
    create(people.preparer, a_draft())
    choose(jon, claimed_until=timezone.now() + timedelta(minutes=1))
    assert notices.send() == 0

    choose(jon, claimed_until=timezone.now() - timedelta(seconds=1))

    assert notices.send() == 1


def test_who_saw_it_free_a_moment_ago_finds_it_claimed(nobody_else, people, jon):
    create(people.preparer, a_draft())
    choose(jon, claimed_until=timezone.now() + timedelta(minutes=1))

    assert notices.tell(NoticeChoice.objects.get(membership__user=jon).pk) is False
    assert mail.outbox == []
