"""How often a log-in may be tried, from where, and what is said of it."""

from datetime import timedelta
from typing import cast

import pytest
from axes.models import AccessAttempt, AccessFailureLog
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.management import call_command
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from events.models import Event
from organizations.models import Membership, Organization, User
from organizations.tasks import tell_failed_log_ins
from organizations.throttling import address_of
from tests.admin.conftest import Desk
from tests.admin.reading import text_of

LOG_IN = "/admin/login/"


def attempt(email: str, password: str = "no", address: str = "203.0.113.1") -> HttpResponse:
    body = {"username": email, "password": password}
    return cast("HttpResponse", Client(REMOTE_ADDR=address).post(LOG_IN, body))


def guess(email: str, times: int, address: str = "203.0.113.1") -> HttpResponse:
    for _ in range(times):
        answer = attempt(email, address=address)
    return answer


def test_the_fifth_wrong_password_closes_the_door_in_words(jon: User) -> None:
    fourth = guess("jon@example.com", 4)
    fifth = guess("jon@example.com", 1)

    assert fourth.status_code == 200
    assert fifth.status_code == 429
    assert 890 <= int(fifth["Retry-After"]) <= 901
    assert "Too many wrong log-ins" in text_of(fifth)
    assert "15 minutes" in text_of(fifth)


def test_behind_the_closed_door_the_right_password_is_refused_too(jon: User) -> None:
    guess("jon@example.com", 5)

    assert attempt("jon@example.com", "the password of jon").status_code == 429


def test_what_is_tried_meanwhile_does_not_make_it_longer(jon: User) -> None:
    guess("jon@example.com", 5)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=10))

    answer = guess("jon@example.com", 3)

    assert int(answer["Retry-After"]) <= 301


def test_after_a_quarter_of_an_hour_it_opens_by_itself(jon: User) -> None:
    guess("jon@example.com", 5)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))

    assert attempt("jon@example.com", "the password of jon").status_code == 302


def test_from_elsewhere_the_account_stays_open(jon: User) -> None:
    guess("jon@example.com", 5)

    elsewhere = attempt("jon@example.com", "the password of jon", address="198.51.100.7")

    assert elsewhere.status_code == 302


def test_a_colleague_at_the_same_address_gets_in(jon: User, mara: User) -> None:
    guess("jon@example.com", 5)

    assert attempt("mara@example.com", "the password of mara").status_code == 302


def test_another_spelling_is_no_further_try(jon: User) -> None:
    for email in ("jon@example.com", "JON@example.com", " jon@Example.com"):
        guess(email, 2)

    assert attempt("jon@example.com", "the password of jon").status_code == 429


def test_many_addresses_together_close_an_account(jon: User) -> None:
    for last in range(1, 26):
        guess("jon@example.com", 4, address=f"198.51.100.{last}")

    assert attempt("jon@example.com", "the password of jon").status_code == 429


def test_one_address_does_not_try_many_accounts(jon: User) -> None:
    for n in range(100):
        attempt(f"somebody{n}@example.com")

    assert attempt("jon@example.com", "the password of jon").status_code == 429
    elsewhere = attempt("jon@example.com", "the password of jon", address="198.51.100.7")
    assert elsewhere.status_code == 302


def test_ones_own_log_in_does_not_wipe_out_what_one_guessed_at_another(
    jon: User, mara: User
) -> None:
    guess("jon@example.com", 4)
    attempt("mara@example.com", "the password of mara")

    assert guess("jon@example.com", 1).status_code == 429


def test_a_log_in_forgets_ones_own_mistakes(jon: User) -> None:
    guess("jon@example.com", 4)
    attempt("jon@example.com", "the password of jon")

    assert guess("jon@example.com", 4).status_code == 200


def test_an_account_that_does_not_exist_is_refused_in_the_same_words(jon: User) -> None:
    first, stranger = attempt("jon@example.com"), attempt("nobody@example.com")
    closed, closed_stranger = guess("jon@example.com", 4), guess("nobody@example.com", 4)

    def words(answer: HttpResponse, email: str) -> str:
        return text_of(answer).replace(email, "")

    assert words(first, "jon@example.com") == words(stranger, "nobody@example.com")
    assert (closed.status_code, closed_stranger.status_code) == (429, 429)
    assert text_of(closed) == text_of(closed_stranger)


def test_somebody_switched_off_is_refused_in_the_same_words(jon: User) -> None:
    User.objects.filter(id=jon.id).update(is_active=False)

    answer = attempt("jon@example.com", "the password of jon")

    assert text_of(answer) == text_of(attempt("nobody@example.com", "the password of jon"))


def test_an_account_that_does_not_exist_costs_the_same_work(
    jon: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    jon.set_password("the password of jon")
    jon.save()
    hashed: list[int] = []
    encode = PBKDF2PasswordHasher.encode

    def counted(self: PBKDF2PasswordHasher, *args: object, **more: object) -> str:
        hashed.append(1)
        return encode(self, *args, **more)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", counted)

    def work(email: str) -> tuple[int, list[str]]:
        hashed.clear()
        with CaptureQueriesContext(connection) as queries:
            attempt(email)
        return len(hashed), [query["sql"].split(" ")[0] for query in queries]

    assert work("jon@example.com") == work("nobody@example.com")
    assert len(hashed) == 1


def test_nothing_is_written_of_an_account_before_the_answer(jon: User) -> None:
    guess("jon@example.com", 3)

    assert not Event.objects.filter(type="member.log_in_failed").exists()


def test_failures_are_told_together_and_once(jon: User, zoe: User) -> None:
    guess("jon@example.com", 3)
    guess("jon@example.com", 1, address="198.51.100.7")
    guess("nobody@example.com", 2)

    assert tell_failed_log_ins() == 6
    assert tell_failed_log_ins() == 0

    events = Event.objects.filter(type="member.log_in_failed").order_by("address")
    told = [(e.resource_id, e.actor_id, e.address, e.payload["data"]["attempts"]) for e in events]
    assert told == [
        (jon.id, "system", "198.51.100.7", 1),
        (jon.id, "system", "203.0.113.1", 3),
    ]
    assert not AccessFailureLog.objects.exists()


def test_no_password_is_kept_of_a_failure(jon: User) -> None:
    attempt("jon@example.com", "almost the password")

    assert "almost" not in AccessAttempt.objects.get().post_data


def test_the_operator_unlocks_it(jon: User) -> None:
    guess("jon@example.com", 5)

    call_command("unlock_log_in", "Jon@example.com")

    assert attempt("jon@example.com", "the password of jon").status_code == 302


def test_an_admin_unlocks_it(acme: Organization, jon: User, ada: User, desk: Desk) -> None:
    guess("jon@example.com", 5)
    page = f"/admin/organizations/membership/{Membership.objects.get(user=jon).pk}"

    assert "Unlock the log-in" in text_of(desk(ada).get(f"{page}/change/"))
    desk(ada).post(f"{page}/act/unlock/")

    assert attempt("jon@example.com", "the password of jon").status_code == 302
    assert "Unlock the log-in" not in text_of(desk(ada).get(f"{page}/change/"))


def test_an_admin_unlocks_nobody_elses(
    acme: Organization, zenith: Organization, zoe: User, jon: User, desk: Desk
) -> None:
    guess("jon@example.com", 5)
    page = f"/admin/organizations/membership/{Membership.objects.get(user=jon).pk}"

    assert desk(zoe).post(f"{page}/act/unlock/").status_code == 404
    assert attempt("jon@example.com", "the password of jon").status_code == 429


@pytest.mark.parametrize(
    ("remote", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("", None),
        ("unix:", None),
    ],
)
def test_which_address_is_counted(remote: str, counted: str | None) -> None:
    request = Client().get("/healthz", REMOTE_ADDR=remote).wsgi_request

    assert address_of(request) == counted


def test_one_network_of_ipv6_is_one_address(jon: User) -> None:
    for last in range(5):
        attempt("jon@example.com", address=f"2001:db8:1:2::{last}")

    late = attempt("jon@example.com", "the password of jon", address="2001:db8:1:2::ffff")
    assert late.status_code == 429


def test_a_header_that_nobody_vouches_for_changes_nothing(jon: User) -> None:
    for n in range(5):
        Client(REMOTE_ADDR="203.0.113.1", HTTP_X_FORWARDED_FOR=f"198.51.100.{n}").post(
            LOG_IN, {"username": "jon@example.com", "password": "no"}
        )

    assert attempt("jon@example.com", "the password of jon").status_code == 429


def test_a_log_in_without_an_address_is_counted_too(jon: User) -> None:
    assert guess("jon@example.com", 5, address="").status_code == 429


def test_an_answer_can_be_given_without_a_member_to_tell(root: User) -> None:
    guess("root@example.com", 2)

    assert tell_failed_log_ins() == 2
    assert not Event.objects.exists()
