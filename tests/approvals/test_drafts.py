"""The draft of a policy, its publication, and what the database keeps of what was published."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from approvals import drafts
from approvals.models import Approval, Policy, Rule
from approvals.publishing import Change, changes, covers, objections, publish, warnings
from approvals.reading import approvers, in_force
from approvals.services import decide
from approvals.terms import LimitTerms, RuleTerms
from approvals.words import limit_words, rule_words
from billing.callers import Caller
from billing.errors import BillingError
from events.models import Event
from organizations import services as organizations
from organizations.models import Organization, User
from tests.approvals.making import UNIT, a_group, an_approver, live, published

LIMIT = LimitTerms("a day", "organization", 1_000 * UNIT, 24)


def names(policy: Policy) -> list[tuple[int, str]]:
    return list(policy.rules.order_by("position").values_list("position", "name"))


def add(caller: Caller, terms: RuleTerms | LimitTerms) -> object:
    if isinstance(terms, RuleTerms):
        return drafts.add_rule(caller, terms)
    return drafts.add_limit(caller, terms)


@pytest.fixture
def admin(acme: Organization, ada: User) -> Caller:
    return live(ada, acme)


def test_a_draft_begins_as_what_is_published(admin: Caller) -> None:
    terms = RuleTerms("large", ("base",), ("USDC",), 5 * UNIT, 9 * UNIT, "new", ("invoice",), "key")
    published(admin, terms, limits=[LIMIT], lapse_after=timedelta(hours=5))

    draft = drafts.start(admin)

    assert (draft.version, draft.status, draft.lapse_after) == (2, "draft", timedelta(hours=5))
    assert changes(draft, in_force(admin.organization_id, "live").policy) == []
    assert rule_words(draft.rules.get()) == (
        "USDC on Base of 5.00 to 9.00 to a new recipient for invoice made by an API key asks "
        "1 approval of anybody who may approve"
    )
    assert limit_words(draft.limits.get()) == (
        "1,000.00 of any token in 24 hours, of all payouts together"
    )
    assert drafts.start(admin).id == draft.id, "there is one draft"


def test_rules_move_change_and_go(admin: Caller) -> None:
    draft = drafts.start(admin)
    one, two, three = (drafts.add_rule(admin, RuleTerms(name)) for name in ("one", "two", "three"))

    drafts.move_rule(admin, three.id, up=True)
    assert names(draft) == [(1, "one"), (2, "three"), (3, "two")]
    drafts.move_rule(admin, one.id, up=True)
    drafts.move_rule(admin, two.id, up=False)
    assert names(draft) == [(1, "one"), (2, "three"), (3, "two")]
    drafts.change_rule(admin, one.id, RuleTerms("first", outcome="block", needed=3))
    drafts.remove_rule(admin, three.id)
    assert names(draft) == [(1, "first"), (2, "two")]
    assert Rule.objects.get(id=one.id).needed == 0, "what is blocked asks nothing"


@pytest.mark.parametrize(
    ("terms", "param"),
    [
        (RuleTerms(" "), "name"),
        (RuleTerms("x" * 81), "name"),
        (RuleTerms("taken"), "name"),
        (RuleTerms("r", chains=("solana",)), "chains"),
        (RuleTerms("r", tokens=("DAI",)), "tokens"),
        (RuleTerms("r", reference_types=("gift",)), "reference_types"),
        (RuleTerms("r", recipient_is="old"), "recipient_is"),
        (RuleTerms("r", created_via="magic"), "created_via"),
        (RuleTerms("r", outcome="maybe"), "outcome"),
        (RuleTerms("r", min_atomic=2, max_atomic=1), "max_amount"),
        (RuleTerms("r", needed=0), "needed"),
        (RuleTerms("r", needed=21), "needed"),
        (RuleTerms("r", group_id="agr_nobody"), "group_id"),
        (replace(LIMIT, name="  "), "name"),
        (replace(LIMIT, scope="planet"), "scope"),
        (replace(LIMIT, amount_atomic=0), "amount"),
        (replace(LIMIT, window_h=0), "window_h"),
        (replace(LIMIT, window_h=745), "window_h"),
        (replace(LIMIT, chain="solana"), "chain"),
        (replace(LIMIT, token="DAI"), "token"),
    ],
)
def test_what_no_line_can_say_is_refused_and_nothing_changes(
    admin: Caller, terms: RuleTerms | LimitTerms, param: str
) -> None:
    draft = drafts.start(admin)
    drafts.add_rule(admin, RuleTerms("taken"))

    with pytest.raises(BillingError) as refused:
        add(admin, terms)

    assert refused.value.param == param
    assert names(draft) == [(1, "taken")]
    assert not draft.limits.exists()


def test_a_group_of_elsewhere_is_not_found(
    admin: Caller, ada: User, acme: Organization, as_person: Callable[..., Caller]
) -> None:
    elsewhere = a_group(as_person(ada, acme, "sandbox"), ada)
    drafts.start(admin)

    with pytest.raises(BillingError) as refused:
        drafts.add_rule(admin, RuleTerms("r", group_id=elsewhere.id))

    assert (refused.value.status, refused.value.code) == (404, "approver_group_not_found")


def test_publishing_retires_the_version_before_and_tells_all_of_it(admin: Caller) -> None:
    first = published(admin, RuleTerms("old"))

    second = published(admin, RuleTerms("new"), limits=[LIMIT])

    first.refresh_from_db()
    assert (first.status, second.status, second.version) == ("retired", "published", 2)
    event = Event.objects.filter(type="policy.published").latest("created_at")
    data = event.payload["data"]
    assert event.resource_id == second.id
    assert data["changes"] == ["New rule “new”", "Rule “old” goes", "New limit “a day”"]
    assert [rule["name"] for rule in data["rules"]] == ["new"]
    assert data["limits"][0]["amount_atomic"] == "1000000000"


def test_what_somebody_changed_meanwhile_is_not_published(
    admin: Caller, acme: Organization, root: User
) -> None:
    seen = drafts.start(admin).revision
    drafts.add_rule(live(root, acme), RuleTerms("sneaked in", outcome="block"))

    with pytest.raises(BillingError) as refused:
        publish(admin, seen)

    assert refused.value.code == "policy_changed"
    assert "root" in refused.value.message
    assert in_force(acme.id, "live").policy is None


def test_a_discarded_draft_is_gone_and_its_number_is_given_again(admin: Caller) -> None:
    drafts.start(admin)
    drafts.add_rule(admin, RuleTerms("r"))

    drafts.discard(admin)

    assert drafts.draft_of(admin) is None
    assert drafts.start(admin).version == 1
    drafts.discard(admin)
    with pytest.raises(BillingError) as refused:
        publish(admin, 1)
    assert refused.value.code == "policy_draft_not_found"


def test_a_rule_that_nobody_could_satisfy_is_not_published(
    admin: Caller, acme: Organization, ada: User, jon: User
) -> None:
    group = a_group(admin, jon)
    drafts.start(admin)
    drafts.add_rule(admin, RuleTerms("finance", needed=2, group_id=group.id))
    draft = drafts.draft_of(admin)
    assert draft is not None

    with pytest.raises(BillingError) as refused:
        publish(admin, draft.revision)

    assert refused.value.code == "policy_cannot_be_met"
    assert refused.value.message == (
        "Rule 1 “finance” asks 2 approvals of Finance, and only 1 may give one: Jon. Ask fewer, or "
        "let more people approve."
    )


def test_keys_make_up_the_number_where_they_count(
    admin: Caller, acme: Organization, ada: User
) -> None:
    drafts.start(admin)
    drafts.add_rule(admin, RuleTerms("two", needed=2))
    draft = drafts.draft_of(admin)
    assert draft is not None
    assert len(objections(draft, approvers(acme.id, "live"))) == 1

    organizations.issue_api_key(acme, "live", scopes=frozenset({"payouts:approve"}))
    assert objections(draft, approvers(acme.id, "live")) == []
    organizations.issue_api_key(acme, "sandbox")
    rule = draft.rules.get()
    drafts.change_rule(admin, rule.id, RuleTerms("two", needed=2, people_only=True))
    assert len(objections(draft, approvers(acme.id, "live"))) == 1


def test_what_should_be_looked_at_twice_is_said(
    admin: Caller, acme: Organization, ada: User, jon: User
) -> None:
    draft = drafts.start(admin)
    for terms in (
        RuleTerms("two", needed=2),
        RuleTerms("never", chains=("base",)),
        RuleTerms("none", outcome="block"),
    ):
        drafts.add_rule(admin, terms)
    draft.refresh_from_db()

    assert warnings(draft, approvers(acme.id, "live"), admin) == [
        "Rule 1 “two” needs every one of those who count: Ada, Jon. What one of them makes "
        "themselves, nobody can approve.",
        "Rule 2 “never” never decides: rule 1 “two” matches everything that it matches, and comes "
        "first.",
        "Rule 3 “none” never decides: rule 1 “two” matches everything that it matches, and comes "
        "first.",
        "Rule 3 “none” blocks every payout that reaches it.",
        "Nobody but you has worked on this draft. Let another admin look at it, or publish it.",
    ]
    an_approver(acme, "nina")
    said = warnings(draft, approvers(acme.id, "live"), live(jon, acme))
    assert not any("every one of those" in each or "but you" in each for each in said)


@pytest.mark.parametrize(
    ("earlier", "later", "is_covered"),
    [
        ({}, {"chains": ["base"]}, True),
        ({"chains": ["base"]}, {}, False),
        ({"chains": ["base", "tron"]}, {"chains": ["tron"]}, True),
        ({"min_atomic": 5}, {"min_atomic": 6}, True),
        ({"min_atomic": 6}, {"min_atomic": 5}, False),
        ({"max_atomic": 5}, {}, False),
        ({"max_atomic": 5}, {"max_atomic": 5}, True),
        ({"recipient_is": "known"}, {"recipient_is": "address_book"}, True),
        ({"recipient_is": "known"}, {"recipient_is": "new"}, False),
        ({"created_via": "key"}, {}, False),
    ],
)
def test_a_rule_is_covered_where_an_earlier_one_matches_all_of_it(
    earlier: dict[str, object], later: dict[str, object], is_covered: bool
) -> None:
    assert covers(Rule(**earlier), Rule(**later)) is is_covered


def test_the_differences_are_told_line_by_line(admin: Caller) -> None:
    before = published(admin, RuleTerms("a"), RuleTerms("b"), RuleTerms("c"), limits=[LIMIT])
    draft = drafts.start(admin)
    ids = dict(draft.rules.values_list("name", "id"))
    drafts.change_rule(admin, ids["a"], RuleTerms("a", tokens=("USDC",)))
    drafts.move_rule(admin, ids["c"], up=True)
    drafts.describe(admin, note="Why", lapse_after=timedelta(hours=48))
    drafts.remove_limit(admin, draft.limits.get().id)
    draft.refresh_from_db()

    found = changes(draft, before)

    asks = "asks 1 approval of anybody who may approve"
    assert found == [
        Change("changed", "Rule “a” changes", f"Every payout {asks}", f"USDC {asks}"),
        Change("moved", "The order of the rules changes", "a · b · c", "a · c · b"),
        Change("removed", "Limit “a day” goes", limit_words(before.limits.get())),
        Change("changed", "When an approval lapses", "after 7 days", "after 2 days"),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE approvals_policy SET note = 'other'",
        "UPDATE approvals_policy SET status = 'draft', published_at = NULL",
        "UPDATE approvals_policy SET lapse_after = interval '9 days'",
        "DELETE FROM approvals_policy",
        "UPDATE approvals_rule SET needed = 1",
        "UPDATE approvals_rule SET position = 9",
        "DELETE FROM approvals_rule",
        "DELETE FROM approvals_limit",
        "UPDATE approvals_limit SET amount_atomic = amount_atomic * 2",
        "INSERT INTO approvals_limit (created_at, updated_at, id, name, scope, chain, token,"
        " amount_atomic, window_h, policy_id) SELECT now(), now(), 'lim_x', 'b', scope, chain,"
        " token, 1, 1, policy_id FROM approvals_limit",
    ],
)
def test_raw_sql_cannot_change_what_was_published(admin: Caller, jon: User, statement: str) -> None:
    published(admin, RuleTerms("two", needed=2), limits=[LIMIT])

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_an_approval_stops_deciding_and_never_begins(
    admin: Caller, acme: Organization, jon: User, facts: Callable[..., object]
) -> None:
    published(admin, RuleTerms("two", needed=2))
    decide(live(jon, acme), facts())  # type: ignore[arg-type]  # the fixture makes Facts

    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.update(decides=True)
    decide(admin, facts())  # type: ignore[arg-type]  # the fixture makes Facts
    assert Approval.objects.filter(decides=True).update(decides=False) == 1
