"""Groups of approvers: who may belong to one, and that none is emptied under a rule in force."""

from dataclasses import replace

import pytest

from approvals import groups
from approvals.models import ApproverGroup
from approvals.terms import RuleTerms
from billing.callers import Caller
from billing.errors import BillingError
from events.models import Event
from organizations.models import Organization, User
from tests.approvals.making import a_group, live, published


@pytest.fixture
def admin(acme: Organization, ada: User) -> Caller:
    return live(ada, acme)


def test_a_group_is_told_with_its_members(admin: Caller, jon: User) -> None:
    group = a_group(admin, jon)

    groups.update(admin, group.id, name="Treasury", member_ids=[], keys_count=True)

    told = Event.objects.filter(resource_id=group.id).order_by("created_at", "id")
    assert [(e.type, e.payload["data"]["name"]) for e in told] == [
        ("approver_group.updated", "Finance"),
        ("approver_group.updated", "Treasury"),
    ]
    assert told[0].payload["data"]["members"] == [{"user_id": jon.id, "name": "Jon"}]


@pytest.mark.parametrize("who", ["mara", "zoe"])
def test_only_who_may_approve_here_can_belong(
    admin: Caller, mara: User, zoe: User, who: str
) -> None:
    person = {"mara": mara, "zoe": zoe}[who]

    with pytest.raises(BillingError) as refused:
        a_group(admin, person)

    assert refused.value.param == "members"
    assert not ApproverGroup.objects.exists()


@pytest.mark.parametrize("name", ["", "finance", "x" * 81])
def test_a_group_has_a_name_of_its_own(admin: Caller, jon: User, name: str) -> None:
    a_group(admin, jon, name="Finance")

    with pytest.raises(BillingError) as refused:
        a_group(admin, jon, name=name)

    assert refused.value.param == "name"
    assert ApproverGroup.objects.count() == 1


def test_a_group_is_not_emptied_under_a_rule_in_force(admin: Caller, ada: User, jon: User) -> None:
    group = a_group(admin, ada, jon)
    published(admin, RuleTerms("two", needed=2, group_id=group.id))

    with pytest.raises(BillingError) as refused:
        groups.update(admin, group.id, name="Finance", member_ids=[jon.id], keys_count=False)

    assert refused.value.code == "policy_cannot_be_met"
    assert group.members.count() == 2
    published(admin, RuleTerms("one", group_id=group.id))
    groups.update(admin, group.id, name="Finance", member_ids=[jon.id], keys_count=False)
    assert group.members.count() == 1


def test_a_group_of_elsewhere_is_not_found(
    admin: Caller, zenith: Organization, zoe: User, jon: User
) -> None:
    group = a_group(admin, jon)

    for stranger in (live(zoe, zenith), replace(admin, environment="sandbox")):  # type: ignore[arg-type]
        with pytest.raises(BillingError) as refused:
            groups.update(stranger, group.id, name="Mine", member_ids=[], keys_count=False)
        assert refused.value.status == 404
    group.refresh_from_db()
    assert group.name == "Finance"
