"""Where somebody is logged in, and how that ends."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from organizations import services
from organizations.models import Membership, Organization, Session, User
from organizations.tasks import forget_sessions
from tests.admin.conftest import Desk
from tests.admin.reading import QUEUE, text_of

ACCOUNT, END = "/admin/account/", "/admin/account/sessions/end/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def log_in(user: User, address: str = "203.0.113.1", agent: str = FIREFOX) -> Client:
    client = Client(REMOTE_ADDR=address, headers={"user-agent": agent})
    name = user.email.partition("@")[0]
    client.post("/admin/login/", {"username": user.email, "password": f"the password of {name}"})
    return client


def is_in(client: Client) -> bool:
    return client.get(QUEUE).status_code == 200


def session_of(client: Client) -> Session:
    return Session.objects.get(session_key=client.cookies["billing_session"].value)


def test_ones_own_sessions_are_listed_with_browser_and_address(jon: User, mara: User) -> None:
    here = log_in(jon)
    log_in(jon, "198.51.100.7", "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Safari/604.1")
    log_in(mara, "192.0.2.44")

    page = text_of(here.get(ACCOUNT))

    assert "Firefox on Linux this one" in page
    assert "Safari on iPhone" in page and "198.51.100.7" in page
    assert "192.0.2.44" not in page


def test_one_is_ended(jon: User) -> None:
    here, there, elsewhere = log_in(jon), log_in(jon), log_in(jon)

    here.post(END, {"session": session_of(there).public_id})

    assert [is_in(client) for client in (here, there, elsewhere)] == [True, False, True]


def test_all_others_are_ended(jon: User, mara: User) -> None:
    here, there, elsewhere, maras = log_in(jon), log_in(jon), log_in(jon), log_in(mara)

    here.post(END)

    assert [is_in(each) for each in (here, there, elsewhere)] == [True, False, False]
    assert is_in(maras)


def test_nobody_ends_the_session_of_another(jon: User, mara: User) -> None:
    jons, maras = log_in(jon), log_in(mara)

    jons.post(END, {"session": session_of(maras).public_id})

    assert is_in(maras)


@pytest.mark.parametrize("session", ["ses_none", "\x00", "x" * 500])
def test_a_session_that_is_none_ends_nothing(jon: User, session: str) -> None:
    here, there = log_in(jon), log_in(jon)

    assert here.post(END, {"session": session}).status_code == 302
    assert is_in(there)


def test_no_key_of_a_session_stands_on_the_page(jon: User) -> None:
    here, there = log_in(jon), log_in(jon)

    html = here.get(ACCOUNT).content.decode()

    for client in (here, there):
        assert client.cookies["billing_session"].value not in html


def test_a_browser_left_alone_is_logged_out(jon: User) -> None:
    client = log_in(jon)
    Session.objects.update(seen_at=timezone.now() - timedelta(minutes=61))

    answer = client.get(QUEUE, follow=True)

    assert "You were logged out" in text_of(answer)
    assert not Session.objects.filter(user=jon).exists()


def test_using_it_keeps_it_but_not_beyond_a_working_day(jon: User) -> None:
    client = log_in(jon)
    Session.objects.update(seen_at=timezone.now() - timedelta(minutes=50))
    assert is_in(client)
    assert session_of(client).seen_at > timezone.now() - timedelta(minutes=1)

    Session.objects.update(began_at=timezone.now() - timedelta(hours=12, minutes=1))

    assert not is_in(client)


def test_seeing_it_is_written_once_a_minute(jon: User, django_assert_num_queries: object) -> None:
    client = log_in(jon)
    Session.objects.update(seen_at=timezone.now() - timedelta(seconds=30))
    before = session_of(client).seen_at

    client.get(QUEUE)

    assert session_of(client).seen_at == before


def test_switched_off_is_out_at_once(jon: User) -> None:
    client = log_in(jon)

    User.objects.filter(id=jon.id).update(is_active=False)

    assert not is_in(client)


def test_another_role_holds_at_once(acme: Organization, ada: User) -> None:
    client = log_in(ada)
    assert client.get("/admin/organizations/membership/").status_code == 200

    services.add_member(ada, acme, "viewer")

    assert client.get("/admin/organizations/membership/").status_code == 403
    assert client.get(f"{QUEUE}new/").status_code == 403


def test_a_changed_password_ends_the_others_and_they_are_listed_no_more(jon: User) -> None:
    here, there = log_in(jon), log_in(jon, "198.51.100.7")

    here.post(
        "/admin/password_change/",
        {
            "old_password": "the password of jon",
            "new_password1": "correct horse battery",
            "new_password2": "correct horse battery",
        },
    )

    assert is_in(here)
    assert not is_in(there)
    assert "198.51.100.7" not in text_of(here.get(ACCOUNT))


def test_an_admin_logs_a_member_out_everywhere(
    acme: Organization, jon: User, ada: User, desk: Desk
) -> None:
    jons = log_in(jon)
    page = f"/admin/organizations/membership/{Membership.objects.get(user=jon).pk}"

    desk(ada).post(f"{page}/act/end_sessions/")

    assert not is_in(jons)


def test_an_admin_does_not_log_out_whoever_belongs_elsewhere_too(
    acme: Organization, zenith: Organization, jon: User, ada: User, desk: Desk
) -> None:
    services.add_member(jon, zenith, "viewer")
    jons = log_in(jon)
    mine = Membership.objects.get(user=jon, organization=acme)
    page = f"/admin/organizations/membership/{mine.pk}"

    answer = desk(ada).post(f"{page}/act/end_sessions/")

    assert answer.status_code == 400
    assert "Ask the operator" in text_of(answer)
    assert is_in(jons)


def test_what_has_ended_is_forgotten(jon: User, mara: User, ada: User) -> None:
    log_in(jon), log_in(mara)
    kept = log_in(ada)
    Session.objects.filter(user=jon).update(seen_at=timezone.now() - timedelta(hours=2))
    Session.objects.filter(user=mara).update(expire_date=timezone.now() - timedelta(days=1))

    assert forget_sessions() == 2
    assert is_in(kept)


def test_a_stranger_has_no_account_page(db: None) -> None:
    assert Client().get(ACCOUNT)["Location"] == f"/admin/login/?next={ACCOUNT}"


def test_a_superuser_without_a_place_has_one(root: User, desk: Desk) -> None:
    assert "Your account" in text_of(desk(root).get(ACCOUNT))


def test_the_account_page_costs_few_queries(
    jon: User, desk: Desk, django_assert_max_num_queries: object
) -> None:
    client = desk(jon)
    for _ in range(5):
        desk(jon)

    with django_assert_max_num_queries(9):  # type: ignore[operator]  # pytest-django's fixture
        client.get(ACCOUNT)
