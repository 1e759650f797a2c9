"""Who gets in, where they stand, and how they go elsewhere."""

from django.test import Client

from organizations import services
from organizations.models import Organization, User
from tests.admin.conftest import Desk
from tests.admin.reading import QUEUE, text_of


def test_a_stranger_is_sent_to_the_log_in(db: None) -> None:
    answer = Client().get("/admin/payouts/payoutintent/")

    assert answer.status_code == 302
    assert answer["Location"] == "/admin/login/?next=/admin/payouts/payoutintent/"


def test_a_person_logs_in_with_their_e_mail(acme: Organization, jon: User) -> None:
    client = Client()

    answer = client.post(
        "/admin/login/?next=/admin/",
        {"username": "JON@example.com", "password": "the password of jon"},
        follow=True,
    )

    assert answer.status_code == 200
    assert "Acme GmbH" in text_of(answer)
    assert "Jon approver" in text_of(answer)


def test_a_wrong_password_is_refused_in_words(jon: User) -> None:
    answer = Client().post("/admin/login/", {"username": "jon@example.com", "password": "no"})

    assert answer.status_code == 200
    assert "Please enter the correct" in text_of(answer)


def test_somebody_without_an_organization_is_told_so(root: User, desk: Desk) -> None:
    answer = desk(root).get("/admin/")

    assert "You belong to no organization yet" in text_of(answer)


def test_somebody_without_an_organization_sees_no_rows(root: User, desk: Desk) -> None:
    assert desk(root).get(QUEUE).status_code == 403


def test_the_sandbox_has_its_band_and_live_has_none(jon: User, desk: Desk) -> None:
    sandbox = desk(jon, "sandbox").get("/admin/")
    live = desk(jon, "live").get("/admin/")

    assert 'class="band"' in sandbox.content.decode()
    assert "SANDBOX simulated chains, no real money moves" in text_of(sandbox)
    assert 'class="band"' not in live.content.decode()


def test_without_a_live_node_a_person_begins_in_the_sandbox(jon: User) -> None:
    client = Client()
    client.force_login(jon)

    assert "SANDBOX" in text_of(client.get("/admin/"))


def test_the_environment_is_switched_and_remembered(jon: User, desk: Desk) -> None:
    client = desk(jon, "sandbox")

    answer = client.post(
        "/admin/organizations/organization/switch/", {"environment": "live", "next": QUEUE}
    )

    assert answer["Location"] == QUEUE
    assert 'class="band"' not in client.get("/admin/").content.decode()


def test_switching_from_a_record_leads_to_its_list(jon: User, desk: Desk) -> None:
    answer = desk(jon, "sandbox").post(
        "/admin/organizations/organization/switch/",
        {"environment": "live", "next": f"{QUEUE}po_5F25/change/"},
    )

    assert answer["Location"] == QUEUE


def test_a_forged_way_out_leads_home(jon: User, desk: Desk) -> None:
    answer = desk(jon).post(
        "/admin/organizations/organization/switch/",
        {"environment": "sandbox", "next": "https://evil.example/admin/"},
    )

    assert answer["Location"] == "/admin/"


def test_a_person_of_two_organizations_goes_from_one_to_the_other(
    acme: Organization, zenith: Organization, jon: User, desk: Desk
) -> None:
    services.add_member(jon, zenith, "viewer")
    client = desk(jon)

    client.post("/admin/organizations/organization/switch/", {"organization": zenith.id})

    page = text_of(client.get("/admin/"))
    assert "Jon viewer" in page


def test_nobody_switches_to_an_organization_that_is_not_theirs(
    acme: Organization, zenith: Organization, jon: User, desk: Desk
) -> None:
    client = desk(jon)

    client.post("/admin/organizations/organization/switch/", {"organization": zenith.id})

    page = text_of(client.get("/admin/"))
    assert "Acme GmbH" in page
    assert "Zenith" not in page


def test_a_membership_that_ended_ends_the_view_at_once(
    acme: Organization, jon: User, desk: Desk
) -> None:
    client = desk(jon)
    assert client.get(QUEUE).status_code == 200

    services.remove_member(jon, acme)

    assert client.get(QUEUE).status_code == 403


def test_the_host_alone_leads_to_the_admin() -> None:
    answer = Client().get("/")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
