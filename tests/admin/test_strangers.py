"""What belongs to another organization or environment looks as if it did not exist."""

from collections.abc import Callable

import pytest
from django.db.models import Model

from events.models import Event
from organizations import services as organizations
from organizations.models import Organization, User
from payouts.models import PayoutIntent
from tests.admin.conftest import Desk
from tests.admin.reading import QUEUE, act_of, page_of, text_of
from tests.payouts.making import People, make_payout
from wallets import services as wallets


def a_payout(organization: Organization, people: People) -> Model:
    return make_payout(people, "settled")


def a_settlement(organization: Organization, people: People) -> Model:
    settlement = make_payout(people, "settled").settlement
    assert settlement is not None
    return settlement


def a_wallet(organization: Organization, people: People) -> Model:
    draft = wallets.NewWallet("base", "0x8617E340B3D01FA5F11F306F4090FD50E238070D", "Theirs")
    return wallets.create(people.admin, draft)


def a_key(organization: Organization, people: People) -> Model:
    return organizations.issue_api_key(organization, "live")[0]


def a_member(organization: Organization, people: People) -> Model:
    membership = organization.memberships.first()
    assert membership is not None
    return membership


def an_event(organization: Organization, people: People) -> Model:
    make_payout(people, "draft")
    return Event.objects.filter(organization=organization).latest("created_at")


def the_organization(organization: Organization, people: People) -> Model:
    return organization


ROWS = [a_payout, a_settlement, a_wallet, a_key, a_member, an_event, the_organization]


@pytest.mark.parametrize("make", ROWS)
def test_a_row_of_another_organization_is_not_found(
    people: People, strangers: People, zenith: Organization, ada: User, zoe: User, desk: Desk,
    make: Callable[[Organization, People], Model],
) -> None:  # fmt: skip
    row = make(zenith, strangers)

    assert desk(ada).get(page_of(row)).status_code == 404
    assert desk(zoe).get(page_of(row)).status_code == 200


@pytest.mark.parametrize("make", [a_payout, a_settlement, a_wallet, a_key, an_event])
def test_a_row_of_the_other_environment_is_not_found(
    people: People, acme: Organization, ada: User, desk: Desk,
    make: Callable[[Organization, People], Model],
) -> None:  # fmt: skip
    row = make(acme, people)

    assert desk(ada, "sandbox").get(page_of(row)).status_code == 404
    assert desk(ada, "live").get(page_of(row)).status_code == 200


@pytest.mark.parametrize("act", ["approve", "cancel", "reject", "update"])
def test_no_act_reaches_anothers_payout(
    people: People, strangers: People, ada: User, desk: Desk, act: str
) -> None:
    payout = make_payout(strangers, "draft")

    answer = desk(ada).post(act_of(payout, act), {"reason": "Mine."})

    assert answer.status_code == 404
    assert PayoutIntent.objects.get(id=payout.id).status == "draft"


def test_a_bulk_act_leaves_out_anothers_payout(
    people: People, strangers: People, jon: User, desk: Desk
) -> None:
    theirs, ours = make_payout(strangers, "draft"), make_payout(people, "draft")

    desk(jon).post(
        f"{QUEUE}bulk/", {"act": "approve", "id": [theirs.id, ours.id], "confirmed": "1"}
    )

    assert PayoutIntent.objects.get(id=theirs.id).status == "draft"
    assert PayoutIntent.objects.get(id=ours.id).status == "approved"


@pytest.mark.parametrize(
    "path", [QUEUE + "?tab=all", "/admin/payouts/settlement/", "/admin/events/event/", "/admin/"]
)
def test_no_list_shows_anothers_rows(
    people: People, strangers: People, jon: User, desk: Desk, path: str
) -> None:
    theirs = make_payout(strangers, "settled", reference_id="theirs-only")

    page = desk(jon).get(path)

    assert "theirs-only" not in text_of(page)
    assert theirs.id not in page.content.decode()
    assert theirs.id[-6:] not in page.content.decode()
