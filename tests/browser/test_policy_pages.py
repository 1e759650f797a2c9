"""The pages of the approval policy and of the pause: desk and phone, by day and by night."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect
from pytest_django import Settings

from approvals import drafts
from approvals.models import Policy
from approvals.terms import LimitTerms, RuleTerms
from organizations.models import Organization, User
from organizations.services import pause
from tests.admin.reading import QUEUE, page_of
from tests.approvals.making import UNIT, a_group, published
from tests.browser.conftest import Reader
from tests.browser.looks import all_looked_at
from tests.payouts.making import People, make_payout

pytestmark = pytest.mark.django_db(transaction=True)

POLICY = "/admin/approvals/policy/"


@pytest.fixture
def people(
    settings: Settings, acme: Organization, mara: User, jon: User, otto: User, ada: User
) -> People:
    """Acme's people in live; each chain has a node that nobody asks."""
    settings.NETWORKS = {
        name: replace(row, rpc_urls=("http://127.0.0.1:9",))
        for name, row in settings.NETWORKS.items()
    }
    return People.of(acme, "live", mara, jon, otto, ada)


@pytest.fixture
def paths(people: People, ada: User, jon: User) -> dict[str, str]:
    """A published policy, a draft that differs from it, and payouts that wait."""
    admin = people.admin
    group = a_group(admin, ada, jon)
    published(
        admin,
        RuleTerms("nothing on Tron by keys", chains=("tron",), created_via="key", outcome="block"),
        RuleTerms(
            "over 1,000 to a new recipient", tokens=("USDC", "USDT"), min_atomic=1_000 * UNIT,
            recipient_is="new", needed=2, group_id=group.id, people_only=True,
        ),
        RuleTerms("small invoices", max_atomic=100 * UNIT, reference_types=("invoice",)),
        limits=[
            LimitTerms("a day", "organization", 50_000 * UNIT, 24),
            LimitTerms("one approver in a week", "approver", 20_000 * UNIT, 168, "base", "USDC"),
        ],
        note="Agreed with the auditors in March.",
    )  # fmt: skip
    draft_payout = make_payout(people, "draft")
    draft = drafts.start(admin)
    drafts.add_rule(admin, RuleTerms("everything of 500 or more", min_atomic=500 * UNIT, needed=2))
    rules = list(draft.rules.order_by("position"))
    drafts.remove_rule(admin, rules[0].id)
    drafts.add_limit(admin, LimitTerms("to one recipient", "recipient", 5_000 * UNIT, 744))
    return {
        "policy": POLICY,
        "draft": f"{POLICY}draft/",
        "rule": f"{POLICY}draft/rules/{rules[1].id}/",
        "new-limit": f"{POLICY}draft/limits/new/",
        "describe": f"{POLICY}draft/describe/",
        "publish": f"{POLICY}draft/publish/",
        "discard": f"{POLICY}draft/discard/",
        "trial": f"{POLICY}trial/?amount=2500&token=USDC&chain=base&recipient_is=new"
        "&reference_type=invoice&created_via=person",
        "versions": f"{POLICY}versions/",
        "version": page_of(Policy.objects.get(status="published")),
        "groups": "/admin/approvals/approvergroup/",
        "group": page_of(group),
        "new-group": "/admin/approvals/approvergroup/new/",
        "pause": "/admin/organizations/organization/pause/",
        "payout": page_of(draft_payout),
    }


def test_no_page_is_wider_than_its_window_and_everybody_can_read_it(
    reader: Reader, paths: dict[str, str], ada: User, people: People
) -> None:
    page = reader(ada, "live")
    named = {f"p-{name}": path for name, path in paths.items()}

    assert all_looked_at(page, named) == []
    pause(people.admin, "A phone was stolen and nobody knows what is on it.")
    assert all_looked_at(page, {"p-paused": QUEUE}) == []


def test_a_policy_is_made_and_published_without_a_script(
    reader: Reader, acme: Organization, ada: User, jon: User
) -> None:
    page = reader(ada, javascript=False)
    page.goto(POLICY)
    page.get_by_role("button", name="Start a draft").click()
    page.get_by_role("link", name="Add a rule").click()
    page.get_by_label("Name").fill("over 1,000")
    page.get_by_label("From this amount on").fill("1000.50")
    page.get_by_label("Approvals", exact=True).fill("2")
    page.get_by_role("button", name="Add the rule").click()
    page.get_by_role("link", name="Publish").click()
    page.get_by_role("button", name="Publish version 1").click()

    expect(page.get_by_text("Version 1 decides from now on.")).to_be_visible()
    expect(page.get_by_text("Any token of 1,000.50 or more")).to_be_visible()
    assert Policy.objects.get().status == "published"
