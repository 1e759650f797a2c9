"""Nobody approves what they created: not on the page, not in bulk, not as admin or superuser."""

import pytest

from billing.chains import Environment
from organizations.callers import caller_for_user
from organizations.models import Organization, User
from payouts import services
from payouts.models import PayoutIntent
from tests.admin.conftest import Desk
from tests.admin.reading import QUEUE, act_of, page_of, text_of
from tests.payouts.making import RECIPIENT, People, a_draft

OWN = "You created this payout. Somebody else must approve it."


@pytest.fixture(params=["approver", "admin", "superuser"])
def creator(
    request: pytest.FixtureRequest, people: People, jon: User, ada: User, root: User
) -> User:
    return {"approver": jon, "admin": ada, "superuser": root}[request.param]


def own_draft(organization: Organization, creator: User, environment: str = "live") -> PayoutIntent:
    caller = caller_for_user(creator, organization, Environment(environment))
    return services.create(caller, a_draft(recipient_address=RECIPIENT))


def test_on_its_page(acme: Organization, creator: User, desk: Desk) -> None:
    payout = own_draft(acme, creator)

    answer = desk(creator).post(act_of(payout, "approve"))

    assert answer.status_code == 403
    assert OWN in text_of(answer)
    assert PayoutIntent.objects.get(id=payout.id).status == "draft"


def test_in_the_sandbox_too(acme: Organization, creator: User, desk: Desk) -> None:
    payout = own_draft(acme, creator, "sandbox")

    answer = desk(creator, "sandbox").post(act_of(payout, "approve"))

    assert answer.status_code == 403
    assert PayoutIntent.objects.get(id=payout.id).status == "draft"


def test_in_bulk_where_the_rows_of_others_go_through(
    acme: Organization, people: People, creator: User, desk: Desk
) -> None:
    own = own_draft(acme, creator)
    others = services.create(people.preparer, a_draft(confirm_duplicate=True))
    client = desk(creator)

    client.post(f"{QUEUE}bulk/", {"act": "approve", "id": [own.id, others.id], "confirmed": "1"})

    assert PayoutIntent.objects.get(id=own.id).status == "draft"
    assert PayoutIntent.objects.get(id=others.id).status == "approved"
    report = text_of(client.get(QUEUE))
    assert "Approve: 1 done, 1 refused" in report
    assert OWN in report


def test_its_page_says_so_and_offers_no_button(
    acme: Organization, creator: User, desk: Desk
) -> None:
    payout = own_draft(acme, creator)

    page = desk(creator).get(page_of(payout))

    assert OWN in text_of(page)
    assert "/act/approve/" not in page.content.decode()
