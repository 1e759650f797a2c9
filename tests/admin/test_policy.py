"""The approval policy, its groups and the pause in the admin: who sees what, and what each does."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from approvals import drafts
from approvals.models import ApproverGroup, Policy
from approvals.terms import LimitTerms, RuleTerms
from billing.callers import Caller
from organizations.models import Organization, User
from organizations.services import pause
from payouts.models import PayoutIntent
from tests.admin.conftest import Desk
from tests.admin.reading import QUEUE, act_of, filled_buttons, page_of, text_of
from tests.approvals.making import UNIT, a_group, published
from tests.payouts.making import People, make_payout

POLICY = "/admin/approvals/policy/"
GROUPS = "/admin/approvals/approvergroup/"
PAUSE = "/admin/organizations/organization/pause/"
ROLES = ["viewer", "preparer", "approver", "operator", "admin", "superuser"]
RULE = {
    "name": "large", "min_amount": "1000.50", "recipient_is": "any", "created_via": "any",
    "outcome": "approvals", "needed": "2",
}  # fmt: skip
LIMIT = {"name": "a day", "amount": "5000", "window_h": "24", "scope": "organization"}


@pytest.fixture
def staff(
    people: People, vera: User, mara: User, jon: User, otto: User, ada: User, root: User
) -> dict[str, User]:
    return dict(zip(ROLES, (vera, mara, jon, otto, ada, root), strict=True))


@pytest.mark.parametrize("role", ROLES)
def test_everybody_reads_the_rules_and_admins_edit_them(
    people: People, staff: dict[str, User], desk: Desk, role: str
) -> None:
    published(people.admin, RuleTerms("large"), limits=[LimitTerms("d", "approver", UNIT, 1)])
    rule = drafts.start(people.admin).rules.get()
    client, may = desk(staff[role]), role in ("admin", "superuser")

    for path in (POLICY, f"{POLICY}trial/", f"{POLICY}versions/", GROUPS):
        assert client.get(path).status_code == 200, path
    for path in (
        f"{POLICY}draft/", f"{POLICY}draft/rules/new/", f"{POLICY}draft/rules/{rule.id}/",
        f"{POLICY}draft/limits/new/", f"{POLICY}draft/describe/", f"{POLICY}draft/publish/",
        f"{POLICY}draft/discard/", f"{GROUPS}new/",
    ):  # fmt: skip
        assert client.get(path).status_code == (200 if may else 403), path
    for path in (
        f"{POLICY}start/", f"{POLICY}draft/rules/{rule.id}/remove/", f"{POLICY}draft/discard/",
    ):  # fmt: skip
        assert client.post(path).status_code == (302 if may else 403), path
    assert (drafts.draft_of(people.admin) is None) is may


def test_a_policy_is_written_and_published(people: People, ada: User, desk: Desk) -> None:
    client = desk(ada)
    assert "one approval is enough" in text_of(client.get(POLICY))
    client.post(f"{POLICY}start/")

    assert client.post(f"{POLICY}draft/rules/new/", RULE).status_code == 302
    assert client.post(f"{POLICY}draft/limits/new/", LIMIT).status_code == 302
    client.post(f"{POLICY}draft/describe/", {"note": "March", "lapse_after_h": "48"})
    said = text_of(client.get(f"{POLICY}draft/publish/"))
    assert "New rule “large” Any token of 1,000.50 or more asks 2 approvals" in said
    draft = Policy.objects.get()
    answer = client.post(f"{POLICY}draft/publish/", {"revision": draft.revision})

    assert answer.status_code == 302
    shown = text_of(client.get(POLICY))
    assert "Version 1 decides in live. Ada published it" in shown
    assert "An approval lapses after 2 days." in shown
    assert "March" in shown
    draft.refresh_from_db()
    assert draft.status == "published"
    assert client.get(page_of(draft)).status_code == 200


@pytest.mark.parametrize(
    ("change", "field_says"),
    [
        ({"min_amount": "1,000"}, "Write the amount in digits"),
        ({"min_amount": "5", "max_amount": "4"}, "The least amount is above the most."),
        ({"min_amount": "0.0000001"}, "more than the 6 decimals"),
        ({"needed": "0"}, "greater than or equal to 1"),
        ({"name": "taken"}, "another line named taken"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    people: People, ada: User, desk: Desk, change: dict[str, str], field_says: str
) -> None:
    drafts.start(people.admin)
    drafts.add_rule(people.admin, RuleTerms("taken"))

    answer = desk(ada).post(f"{POLICY}draft/rules/new/", {**RULE, **change})

    assert answer.status_code in (200, 400)
    assert field_says in text_of(answer)


def test_what_nobody_has_seen_is_not_published(people: People, ada: User, desk: Desk) -> None:
    drafts.start(people.admin)
    drafts.add_rule(people.admin, RuleTerms("r"))

    for seen in ("1", "", "x"):
        answer = desk(ada).post(f"{POLICY}draft/publish/", {"revision": seen})
        assert answer.status_code == 400
        assert "changed the draft meanwhile" in text_of(answer)
    assert Policy.objects.get().status == "draft"


def test_what_would_lock_everybody_out_has_no_button(people: People, ada: User, desk: Desk) -> None:
    drafts.start(people.admin)
    drafts.add_rule(people.admin, RuleTerms("three", needed=3))

    page = desk(ada).get(f"{POLICY}draft/publish/")

    assert "only 2 may give one: Ada, Jon" in text_of(page)
    assert filled_buttons(page) == []


def test_a_rule_in_force_that_can_no_longer_be_met_is_an_alarm(
    people: People, jon: User, ada: User, desk: Desk
) -> None:
    published(people.admin, RuleTerms("two", needed=2))
    jon.is_active = False
    jon.save()

    assert "only 1 may give one: Ada" in text_of(desk(ada).get(POLICY))


def test_a_trial_says_what_would_happen_and_to_what_waits(
    people: People, ada: User, desk: Desk
) -> None:
    payout = make_payout(people, "draft")
    limits = [LimitTerms("a day", "organization", 100 * UNIT, 24)]
    published(people.admin, RuleTerms("large", min_atomic=1_000 * UNIT, needed=2), limits=limits)
    drafts.start(people.admin)
    drafts.add_rule(people.admin, RuleTerms("stop", outcome="block"))
    asked = {
        "amount": "1000", "token": "USDC", "chain": "base", "recipient_is": "new",
        "reference_type": "manual", "created_via": "person",
    }  # fmt: skip

    page = desk(ada).get(f"{POLICY}trial/", asked)

    said = text_of(page)
    assert "2 approvals, by rule 1 “large” Who counts Ada, Jon" in said
    assert "0.00 approved in this time · this exceeds it" in said
    assert "1 approval, by the default rule blocked, by rule 2 “stop”" in said
    assert page_of(payout) in page.content.decode()
    assert PayoutIntent.objects.get(id=payout.id).status == "draft"


def test_another_organizations_policy_and_groups_are_not_found(
    people: People, strangers: People, zoe: User, ada: User, desk: Desk
) -> None:
    theirs = published(strangers.admin, RuleTerms("theirs"))
    group = a_group(strangers.admin, zoe, name="Theirs")
    rule = drafts.start(strangers.admin).rules.get()
    drafts.start(people.admin)
    client = desk(ada)

    assert client.get(page_of(theirs)).status_code == 404
    assert client.get(page_of(group)).status_code == 404
    assert client.post(act_of(group, "update"), {"name": "Mine"}).status_code == 404
    assert client.get(f"{POLICY}draft/rules/{rule.id}/").status_code == 404
    client.post(f"{POLICY}draft/rules/{rule.id}/remove/")
    assert "theirs" not in text_of(client.get(POLICY)).lower()
    assert rule.policy.rules.count() == 1


def test_a_group_is_made_and_changed(people: People, ada: User, jon: User, desk: Desk) -> None:
    client = desk(ada)

    made = client.post(f"{GROUPS}new/", {"name": "Finance", "members": [jon.id, ada.id]})
    group = ApproverGroup.objects.get()
    assert made["Location"] == page_of(group)
    changed = client.post(act_of(group, "update"), {"name": "Finance", "members": [ada.id]})

    assert changed.status_code == 302
    assert [user.name for user in group.members.all()] == ["Ada"]
    assert "Finance" in text_of(client.get(GROUPS))


@pytest.mark.parametrize("role", ROLES)
def test_the_pause_is_a_button_for_those_who_may(
    people: People, acme: Organization, staff: dict[str, User], desk: Desk, role: str
) -> None:
    client, why = desk(staff[role]), {"act": "pause", "reason": "A phone was stolen"}
    may = role in ("approver", "admin", "superuser")

    assert client.get(PAUSE).status_code == (200 if may else 403)
    assert client.post(PAUSE, why).status_code == (302 if may else 403)

    acme.refresh_from_db()
    assert (acme.paused_at is not None) is may
    strip = "All payments are paused."
    assert (strip in text_of(client.get(QUEUE))) is may
    client.post(PAUSE, {"act": "resume"})
    acme.refresh_from_db()
    assert (acme.paused_at is not None) is (role == "approver")


def test_everybody_sees_that_payments_are_paused_and_the_button_refuses(
    people: People, vera: User, jon: User, desk: Desk
) -> None:
    payout = make_payout(people, "draft")
    pause(people.admin, "A phone was stolen")

    for path in ("/admin/", QUEUE, POLICY, page_of(payout)):
        shown = text_of(desk(vera).get(path))
        assert "All payments are paused. Ada: A phone was stolen." in shown
    answer = desk(jon).post(act_of(payout, "approve"))
    assert answer.status_code == 403
    assert "Ada paused all payments" in text_of(answer)


def test_an_approver_withdraws_on_the_page_and_others_have_no_button(
    people: People, jon: User, ada: User, desk: Desk
) -> None:
    payout = make_payout(people, "approved")
    assert "/act/withdraw_approval/" not in desk(ada).get(page_of(payout)).content.decode()
    client = desk(jon)
    assert "Withdraw my approval…" in text_of(client.get(page_of(payout)))

    client.post(act_of(payout, "withdraw_approval"), {"reason": "The invoice is wrong."})

    assert PayoutIntent.objects.get(id=payout.id).status == "draft"
    shown = text_of(client.get(page_of(payout)))
    assert "Jon took their approval back: The invoice is wrong." in shown


def test_who_cannot_help_is_told_why_and_offered_no_button(
    people: People, jon: User, ada: User, desk: Desk
) -> None:
    group = a_group(people.admin, ada)
    published(people.admin, RuleTerms("finance", group_id=group.id))
    payout = make_payout(people, "draft")

    page = desk(jon).get(page_of(payout))

    assert "asks the approval of Finance, and you are not one of them" in text_of(page)
    assert "/act/approve/" not in page.content.decode()
    assert "/act/approve/" in desk(ada).get(page_of(payout)).content.decode()


@pytest.mark.parametrize("path", [QUEUE, f"{QUEUE}?tab=all", GROUPS, f"{POLICY}versions/"])
def test_a_list_takes_at_most_eight_queries_under_a_policy(
    people: People, ada: User, jon: User, desk: Desk, path: str
) -> None:
    for name in ("Finance", "Treasury", "Board"):
        group = a_group(people.admin, ada, jon, name=name)
    published(people.admin, RuleTerms("finance", needed=2, group_id=group.id))
    for _ in range(3):
        make_payout(people, "draft")
    client = desk(jon)

    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200

    assert len(queries) <= 8, "\n".join(each["sql"][:200] for each in queries)


def test_the_names_of_the_pages_are_quoted(
    people: People, as_person: Callable[..., Caller]
) -> None:
    """A URL of the draft takes the id as it is; the admin's own would read `_25` as a `%`."""
    url = reverse("admin:approvals_policy_rule", args=["rul_25aa"])

    assert url == f"{POLICY}draft/rules/rul_25aa/"


def test_the_menu_marks_one_place_at_a_time(people: People, ada: User, desk: Desk) -> None:
    client = desk(ada)

    for path, place in (
        (PAUSE, "Pause"),
        (POLICY, "Approval policy"),
        ("/admin/organizations/organization/", "Organization"),
        (GROUPS, "Groups"),
    ):
        body = client.get(path, follow=True).content.decode()
        menu = body[body.index('aria-label="Sections"') : body.index("</nav>")]
        assert menu.count('aria-current="page"') == 1
        marked = menu[menu.index('aria-current="page"') :]
        assert place in marked[: marked.index("</a>")]
