"""Logging in with a second factor, and an organization that requires one."""

import re

import pytest
from django.test import Client

from events.models import Event
from organizations import services, two_factor
from organizations.models import Organization, Session, User
from tests.admin.conftest import Desk
from tests.admin.reading import QUEUE, text_of
from tests.organizations.two_factors import fresh_code, with_app

LOG_IN, CODE = "/admin/login/", "/admin/login/code/"
SET_UP = "/admin/account/two-factor/"


def with_password(user: User, next_url: str = "/admin/") -> Client:
    client = Client()
    name = user.email.partition("@")[0]
    client.post(
        f"{LOG_IN}?next={next_url}",
        {"username": user.email, "password": f"the password of {name}", "next": next_url},
    )
    return client


def is_in(client: Client) -> bool:
    return client.get(QUEUE).status_code == 200


def test_without_an_app_the_password_is_enough(jon: User) -> None:
    assert is_in(with_password(jon))


def test_with_an_app_the_password_alone_opens_nothing(jon: User) -> None:
    with_app(jon)

    client = with_password(jon)

    assert not is_in(client)
    assert client.get(CODE).status_code == 200


def test_the_code_logs_in_and_leads_where_one_wanted_to_go(jon: User) -> None:
    with_app(jon)
    client = with_password(jon, QUEUE)

    answer = client.post(CODE, {"code": fresh_code(jon)})

    assert answer["Location"] == QUEUE
    assert is_in(client)


def test_a_forged_way_leads_home(jon: User) -> None:
    with_app(jon)
    client = with_password(jon, "https://evil.example/")

    answer = client.post(CODE, {"code": fresh_code(jon)})

    assert answer["Location"] == "/admin/"


def test_a_wrong_code_is_refused_in_words_and_then_slowed_down(jon: User) -> None:
    with_app(jon)
    client = with_password(jon)

    wrong = client.post(CODE, {"code": "no"})
    too_soon = client.post(CODE, {"code": fresh_code(jon)})

    assert "This is not the code" in text_of(wrong)
    assert too_soon.status_code == 429
    assert int(too_soon["Retry-After"]) >= 1
    assert not is_in(client)


def test_a_recovery_code_logs_in_and_says_how_many_are_left(jon: User) -> None:
    codes = with_app(jon)
    client = with_password(jon)

    answer = client.post(CODE, {"code": codes[0]}, follow=True)

    assert "9 are left" in text_of(answer)


def test_a_code_without_the_password_is_nothing(jon: User) -> None:
    with_app(jon)

    answer = Client().post(CODE, {"code": fresh_code(jon)})

    assert answer["Location"] == LOG_IN


def test_a_password_that_was_changed_meanwhile_ends_the_log_in(jon: User) -> None:
    with_app(jon)
    client = with_password(jon)
    jon.set_password("quite another password")
    jon.save()

    answer = client.post(CODE, {"code": fresh_code(jon)})

    assert answer["Location"] == LOG_IN
    assert not is_in(client)


def test_a_log_in_is_told_with_address_and_browser(jon: User) -> None:
    client = Client(headers={"user-agent": "Firefox/140.0 on Linux"}, REMOTE_ADDR="203.0.113.9")

    client.post(LOG_IN, {"username": "jon@example.com", "password": "the password of jon"})

    event = Event.objects.get(type="member.logged_in")
    assert (event.actor_id, event.address, event.environment) == (jon.id, "203.0.113.9", "live")
    assert event.payload["data"]["device"] == "Firefox/140.0 on Linux"


def test_a_log_out_is_told(jon: User, desk: Desk) -> None:
    desk(jon).post("/admin/logout/")

    assert Event.objects.filter(type="member.logged_out", actor_id=jon.id).count() == 1


def test_the_session_is_another_after_the_log_in(jon: User) -> None:
    client = Client()
    session = client.session
    session["anything"] = 1
    session.save()
    before = session.session_key or ""
    client.cookies["billing_session"] = before

    client.post(LOG_IN, {"username": "jon@example.com", "password": "the password of jon"})

    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


def test_setting_up_shows_the_secret_and_turns_it_on(jon: User, desk: Desk) -> None:
    client, elsewhere = desk(jon), desk(jon)

    page = client.get(SET_UP)
    answer = client.post(SET_UP, {"code": fresh_code(jon)})

    assert "<svg" in page.content.decode()
    assert re.search(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}", text_of(page))
    assert "no-store" in page["Cache-Control"] and "no-store" in answer["Cache-Control"]
    assert len(re.findall(r"(?:[a-z2-9]{4}-){3}[a-z2-9]{4}", text_of(answer))) == 10
    assert two_factor.authenticator_of(jon) is not None
    assert is_in(client)
    assert not is_in(elsewhere)


def test_whoever_must_have_one_sees_nothing_before(
    acme: Organization, jon: User, desk: Desk
) -> None:
    services.update_organization(acme, requires_two_factor=True)
    client = desk(jon)

    for path in ("/admin/", QUEUE, "/admin/password_change/"):
        assert client.get(path)["Location"] == SET_UP, path
    assert client.post(f"{QUEUE}bulk/", {"act": "approve"})["Location"] == SET_UP
    assert "requires a second factor" in text_of(client.get(SET_UP))

    client.post(SET_UP, {"code": fresh_code(jon)})

    assert is_in(client)


def test_another_organization_of_theirs_stays_open(
    acme: Organization, zenith: Organization, jon: User, desk: Desk
) -> None:
    services.add_member(jon, zenith, "viewer")
    services.update_organization(acme, requires_two_factor=True)

    assert is_in(desk(jon, organization=zenith))
    assert not is_in(desk(jon, organization=acme))


@pytest.mark.parametrize("path", ["remove/", "recovery-codes/"])
def test_what_ends_codes_is_no_mere_link(jon: User, desk: Desk, path: str) -> None:
    with_app(jon)

    assert desk(jon).get(SET_UP + path).status_code == 405
