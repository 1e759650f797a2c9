import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError, transaction

from billing.callers import ALL_SCOPES
from billing.errors import Forbidden, InsufficientScope, InvalidRequest
from organizations import services
from organizations.models import Membership, User
from organizations.roles import Role, scopes_of


def test_a_person_logs_in_with_their_address_in_any_case(mara):
    assert authenticate(username="Mara@Example.com", password="the password of mara") == mara
    assert authenticate(username="mara@example.com", password="wrong") is None


def test_one_address_is_one_person_in_several_organizations(acme, zenith, mara):
    again = services.create_staff("MARA@example.com", organization=zenith, role="viewer")

    assert again == mara
    assert User.objects.filter(email="mara@example.com").count() == 1
    assert {m.organization_id: m.role for m in mara.memberships.all()} == {
        acme.id: "preparer",
        zenith.id: "viewer",
    }


def test_a_second_invitation_does_not_change_a_password(acme, zenith, mara):
    services.create_staff(
        "mara@example.com", organization=zenith, role="viewer", password="another password"
    )

    assert authenticate(username="mara@example.com", password="the password of mara") == mara


def test_coming_changing_and_leaving_are_told(acme, mara, events_of):
    services.add_member(mara, acme, "approver")
    services.add_member(mara, acme, "approver")
    services.remove_member(mara, acme)
    services.remove_member(mara, acme)

    assert events_of(mara) == ["member.added", "member.changed", "member.removed"]


def test_only_an_admin_changes_members(acme, mara, jon, as_person):
    with pytest.raises(InsufficientScope):
        services.add_member(mara, acme, "admin", caller=as_person(mara, acme))
    with pytest.raises(InsufficientScope):
        services.remove_member(mara, acme, caller=as_person(jon, acme))


def test_an_unknown_role_is_refused_by_the_service_and_by_the_database(acme, mara):
    with pytest.raises(InvalidRequest):
        services.add_member(mara, acme, "boss")
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.update(role="boss")


def test_who_left_or_is_switched_off_is_no_caller(acme, mara, jon, as_person):
    services.remove_member(mara, acme)
    User.objects.filter(id=jon.id).update(is_active=False)
    jon.refresh_from_db()

    for person in (mara, jon):
        with pytest.raises(Forbidden) as refusal:
            as_person(person, acme)
        assert refusal.value.code == "not_a_member"


def test_a_stranger_is_no_caller(acme, zoe, as_person):
    with pytest.raises(Forbidden):
        as_person(zoe, acme)


def test_a_superuser_may_everything_everywhere_and_is_still_themselves(acme, root, as_person):
    caller = as_person(root, acme)

    assert caller.scopes == scopes_of("admin")
    assert caller.actor_id == root.id


@pytest.mark.parametrize(
    ("role", "scope", "may"),
    [
        ("viewer", "payouts:read", True),
        ("viewer", "payouts:write", False),
        ("preparer", "payouts:write", True),
        ("preparer", "payouts:approve", False),
        ("preparer", "payouts:execute", False),
        ("approver", "payouts:approve", True),
        ("approver", "payouts:execute", False),
        ("operator", "payouts:execute", True),
        ("operator", "wallets:write", True),
        ("operator", "payouts:approve", False),
        ("operator", "members:administer", False),
        ("admin", "payouts:approve", True),
        ("admin", "api_keys:administer", True),
        ("admin", "members:administer", True),
    ],
)
def test_what_a_role_may(role, scope, may):
    assert (scope in scopes_of(role)) is may


def test_every_role_reads_everything():
    for role in Role:
        assert {scope for scope in ALL_SCOPES if scope.endswith(":read")} <= scopes_of(role)


def test_changing_an_organization_is_told_once(acme, events_of):
    services.update_organization(acme, plan="growth")
    services.update_organization(acme, plan="growth")

    acme.refresh_from_db()
    assert acme.plan == "growth"
    assert events_of(acme) == ["organization.created", "organization.updated"]


def test_an_organization_needs_a_name_and_a_known_plan(db):
    with pytest.raises(InvalidRequest):
        services.create_organization("  ")
    with pytest.raises(InvalidRequest):
        services.create_organization("Acme", plan="gold")
