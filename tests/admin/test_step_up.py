"""Before what is delicate in live a person proves who they are, unless they just did."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from approvals.drafts import start
from approvals.models import Policy
from organizations import two_factor
from organizations.models import ApiKey, Membership, Organization, User
from payouts.models import PayoutIntent, RecipientAddress
from payouts.services import create
from tests.admin.conftest import Desk
from tests.admin.reading import QUEUE, act_of, text_of
from tests.organizations.two_factors import fresh_code, with_app
from tests.payouts.making import People, a_draft, reload
from tests.payouts.recipients.booking import proposed

NEW_KEY = "/admin/organizations/apikey/new/"
A_KEY = {"name": "shop", "environment": "live", "scopes": ["payouts:read", "payouts:write"]}
PUBLISH = "/admin/approvals/policy/draft/publish/"
ASKED = "Confirm that it is you"


def grown_stale(client: Client, minutes: int = 16) -> Client:
    """The same log-in, so much later."""
    session = client.session
    session["confirmed_at"] = (timezone.now() - timedelta(minutes=minutes)).isoformat()
    session.save()
    return client


@pytest.fixture
def draft(people: People) -> PayoutIntent:
    return create(people.preparer, a_draft())


@pytest.fixture
def drafts(people: People) -> list[PayoutIntent]:
    return [create(people.preparer, a_draft(reference_id=f"inv_{n}")) for n in range(3)]


def test_a_fresh_log_in_is_enough(draft: PayoutIntent, jon: User, desk: Desk) -> None:
    desk(jon).post(act_of(draft, "approve"))

    assert reload(draft).status == "approved"


def test_it_counts_for_fifteen_minutes(draft: PayoutIntent, jon: User, desk: Desk) -> None:
    grown_stale(desk(jon), minutes=14).post(act_of(draft, "approve"))

    assert reload(draft).status == "approved"


def test_later_the_password_is_asked_and_nothing_is_done(
    draft: PayoutIntent, jon: User, desk: Desk
) -> None:
    page = grown_stale(desk(jon)).post(act_of(draft, "approve"))

    assert ASKED in text_of(page)
    assert "Your password" in text_of(page)
    assert reload(draft).status == "draft"


def test_the_right_password_does_it_and_counts_for_the_next(
    drafts: list[PayoutIntent], jon: User, desk: Desk
) -> None:
    client = grown_stale(desk(jon))
    proof = {"confirming": "POST", "password": "the password of jon"}

    client.post(act_of(drafts[0], "approve"), proof)
    client.post(act_of(drafts[1], "approve"))

    assert [reload(each).status for each in drafts] == ["approved", "approved", "draft"]


def test_a_wrong_password_does_nothing(draft: PayoutIntent, jon: User, desk: Desk) -> None:
    client = grown_stale(desk(jon))

    page = client.post(act_of(draft, "approve"), {"confirming": "POST", "password": "no"})

    assert page.status_code == 400
    assert "This is not your password" in text_of(page)
    assert reload(draft).status == "draft"
    assert client.post(act_of(draft, "approve")).status_code == 200


def test_the_password_of_another_is_no_proof(
    draft: PayoutIntent, jon: User, ada: User, desk: Desk
) -> None:
    proof = {"confirming": "POST", "password": "the password of ada"}

    grown_stale(desk(jon)).post(act_of(draft, "approve"), proof)

    assert reload(draft).status == "draft"


def test_guessing_at_the_page_is_counted_like_a_log_in(
    draft: PayoutIntent, jon: User, desk: Desk
) -> None:
    client = grown_stale(desk(jon))
    for _ in range(5):
        answer = client.post(act_of(draft, "approve"), {"confirming": "POST", "password": "no"})

    assert answer.status_code == 429
    right = {"confirming": "POST", "password": "the password of jon"}
    assert client.post(act_of(draft, "approve"), right).status_code == 429
    assert reload(draft).status == "draft"


def test_who_has_an_app_is_asked_for_its_code_and_no_password_will_do(
    draft: PayoutIntent, jon: User, desk: Desk
) -> None:
    with_app(jon)
    client = grown_stale(desk(jon))
    path = act_of(draft, "approve")

    assert "Code of your authenticator app" in text_of(client.post(path))
    client.post(path, {"confirming": "POST", "password": "the password of jon", "code": ""})
    assert reload(draft).status == "draft"


def test_the_code_does_it(draft: PayoutIntent, jon: User, desk: Desk) -> None:
    with_app(jon)

    grown_stale(desk(jon)).post(
        act_of(draft, "approve"), {"confirming": "POST", "code": fresh_code(jon)}
    )

    assert reload(draft).status == "approved"


def test_the_sandbox_never_asks(
    acme: Organization, mara: User, jon: User, otto: User, ada: User, desk: Desk
) -> None:
    people = People.of(acme, "sandbox", mara, jon, otto, ada)
    draft = create(people.preparer, a_draft())

    grown_stale(desk(jon, "sandbox"), minutes=500).post(act_of(draft, "approve"))

    assert reload(draft).status == "approved"


def test_the_selection_of_many_is_kept(drafts: list[PayoutIntent], jon: User, desk: Desk) -> None:
    client = grown_stale(desk(jon))
    chosen = [drafts[0].pk, drafts[2].pk]
    sent = {"act": "approve", "id": chosen, "confirmed": "1"}

    page = client.post(f"{QUEUE}bulk/", sent)
    html = page.content.decode()
    client.post(f"{QUEUE}bulk/", {**sent, "confirming": "POST", "password": "the password of jon"})

    assert "Approve 2 payouts" in text_of(page)
    assert all(f'name="id" value="{pk}"' in html for pk in chosen)
    assert f'value="{drafts[1].pk}"' not in html
    assert [reload(each).status for each in drafts] == ["approved", "draft", "approved"]


def test_a_live_key_asks_and_keeps_what_was_typed(
    acme: Organization, ada: User, desk: Desk
) -> None:
    client = grown_stale(desk(ada, "sandbox"))

    page = client.post(NEW_KEY, A_KEY)
    html = page.content.decode()

    assert ASKED in text_of(page)
    assert 'name="name" value="shop"' in html
    assert html.count('name="scopes"') == 2
    assert not ApiKey.objects.exists()
    client.post(NEW_KEY, {**A_KEY, "confirming": "POST", "password": "the password of ada"})
    assert ApiKey.objects.get().environment == "live"


def test_a_sandbox_key_asks_nothing(acme: Organization, ada: User, desk: Desk) -> None:
    grown_stale(desk(ada, "live")).post(NEW_KEY, {**A_KEY, "environment": "sandbox"})

    assert ApiKey.objects.get().environment == "sandbox"


@pytest.mark.parametrize("environment", ["live", "sandbox"])
def test_what_would_let_another_approve_is_as_delicate(
    acme: Organization, mara: User, ada: User, desk: Desk, environment: str
) -> None:
    client = grown_stale(desk(ada, environment))
    members = "/admin/organizations/membership"
    mine = Membership.objects.get(user=mara)

    new = client.post(f"{members}/new/", {"email": "eve@example.com", "role": "approver"})
    role = client.post(f"{members}/{mine.pk}/act/change_role/", {"role": "approver"})
    organization = client.post(
        f"/admin/organizations/organization/{acme.pk.replace('_', '_5F')}/act/update/",
        {"name": "Acme", "plan": "enterprise", "keys_may_self_approve": "on"},
    )

    assert all(ASKED in text_of(page) for page in (new, role, organization))
    assert not User.objects.filter(email="eve@example.com").exists()
    mine.refresh_from_db()
    acme.refresh_from_db()
    assert (mine.role, acme.keys_may_self_approve) == ("preparer", False)


def test_setting_up_a_second_factor_asks_and_comes_back(jon: User, desk: Desk) -> None:
    client = grown_stale(desk(jon))
    path = "/admin/account/two-factor/"

    page = client.get(path)
    answer = client.post(path, {"confirming": "GET", "password": "the password of jon"})

    assert ASKED in text_of(page)
    assert answer["Location"] == path
    assert "<svg" in client.get(path).content.decode()


def test_nothing_that_is_sent_along_leads_elsewhere(jon: User, desk: Desk) -> None:
    proof = {
        "confirming": "GET",
        "password": "the password of jon",
        "next": "https://evil.example/",
        "back_url": "https://evil.example/",
    }

    answer = grown_stale(desk(jon)).post("/admin/account/two-factor/", proof)

    assert answer["Location"] == "/admin/account/two-factor/"


def test_a_time_that_lies_ahead_is_not_fresh(draft: PayoutIntent, jon: User, desk: Desk) -> None:
    assert ASKED in text_of(grown_stale(desk(jon), -60).post(act_of(draft, "approve")))


def test_whoever_may_not_is_refused_before_they_are_asked(
    draft: PayoutIntent, vera: User, desk: Desk
) -> None:
    assert grown_stale(desk(vera)).post(act_of(draft, "approve")).status_code == 403


def test_removing_the_app_asks_for_its_code(jon: User, desk: Desk) -> None:
    with_app(jon)
    client = grown_stale(desk(jon, "sandbox"))

    assert ASKED in text_of(client.post("/admin/account/two-factor/remove/"))
    assert two_factor.authenticator_of(jon) is not None


def test_who_publishes_a_policy_is_asked_too(people: People, ada: User, desk: Desk) -> None:
    draft = start(people.admin)
    client, answers = grown_stale(desk(ada)), {"revision": draft.revision}

    page = client.post(PUBLISH, answers)
    assert ASKED in text_of(page)
    assert Policy.objects.get().status == "draft"

    client.post(PUBLISH, {**answers, "confirming": "POST", "password": "the password of ada"})
    assert Policy.objects.get().status == "published"


def test_who_approves_an_address_is_asked_too(people: People, jon: User, desk: Desk) -> None:
    address = proposed(people)

    page = grown_stale(desk(jon)).post(act_of(address, "approve"))

    assert ASKED in text_of(page)
    assert RecipientAddress.objects.get(pk=address.pk).status == "proposed"
