"""Which rule decides, whose approvals it counts, and what follows where nobody's would."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from approvals.facts import Facts
from approvals.judging import matches
from approvals.models import Approval, Rule
from approvals.services import decide, standing
from approvals.terms import REFERENCE_TYPES, RuleTerms
from billing.callers import Caller
from billing.errors import BillingError
from organizations.models import Organization, User
from payouts.models import ReferenceType
from tests.approvals.making import UNIT, a_group, an_approver, live, published

MakeFacts = Callable[..., Facts]

# A rule's conditions, a payment, and whether they fit. Facts are 49.99 USDC on Base, new, manual.
CONDITIONS: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({}, {}, True),
    ({"chains": ["base"]}, {}, True),
    ({"chains": ["tron", "base"]}, {}, True),
    ({"chains": ["tron"]}, {}, False),
    ({"tokens": ["USDC"]}, {}, True),
    ({"tokens": ["USDT"]}, {}, False),
    ({"min_atomic": 49_990_000}, {}, True),
    ({"min_atomic": 49_990_001}, {}, False),
    ({"max_atomic": 49_990_000}, {}, True),
    ({"max_atomic": 49_989_999}, {}, False),
    ({"min_atomic": 1, "max_atomic": 2}, {"amount_atomic": 2}, True),
    ({"recipient_is": "new"}, {}, True),
    ({"recipient_is": "new"}, {"recipient_is": "known"}, False),
    ({"recipient_is": "new"}, {"recipient_is": "address_book"}, False),
    ({"recipient_is": "known"}, {}, False),
    ({"recipient_is": "known"}, {"recipient_is": "known"}, True),
    ({"recipient_is": "known"}, {"recipient_is": "address_book"}, True),
    ({"recipient_is": "address_book"}, {"recipient_is": "address_book"}, True),
    ({"recipient_is": "address_book"}, {"recipient_is": "known"}, False),
    ({"reference_types": ["invoice"]}, {}, False),
    ({"reference_types": ["invoice", "manual"]}, {}, True),
    ({"created_via": "person"}, {}, True),
    ({"created_via": "key"}, {}, False),
    ({"created_via": "key"}, {"created_via": "key"}, True),
    ({"created_via": "import"}, {"created_via": "import"}, True),
    ({"created_via": "person"}, {"created_via": "system"}, False),
    ({"chains": ["base"], "min_atomic": 50 * UNIT}, {}, False),
]


@pytest.mark.parametrize(("conditions", "changes", "fits"), CONDITIONS)
def test_a_rule_matches_where_each_condition_holds(
    facts: MakeFacts, conditions: dict[str, Any], changes: dict[str, Any], fits: bool
) -> None:
    asked = facts(**{"token": "USDC", **changes})

    assert matches(Rule(**conditions), asked) is fits


def test_the_words_of_references_are_those_of_payouts() -> None:
    assert sorted(REFERENCE_TYPES) == sorted(ReferenceType.values)


def test_the_first_rule_that_matches_decides(
    acme: Organization, ada: User, jon: User, facts: MakeFacts
) -> None:
    published(
        live(ada, acme),
        RuleTerms("large", min_atomic=1_000 * UNIT, needed=2),
        RuleTerms("small", max_atomic=1_000 * UNIT),
    )

    at_the_edge = decide(live(jon, acme), facts(amount_atomic=1_000 * UNIT))
    below = decide(live(jon, acme), facts(subject_id="po_b", amount_atomic=1_000 * UNIT - 1))

    assert (at_the_edge.approved, at_the_edge.have, at_the_edge.needed) == (False, 1, 2)
    assert str(at_the_edge.verdict.rule) == "rule 1 “large”"
    assert (below.approved, str(below.verdict.rule)) == (True, "rule 2 “small”")
    kept = Approval.objects.order_by("approved_at").values_list(
        "decides", "policy_version", "rule", "amount_atomic", "chain", "recipient"
    )
    here = ("base", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")
    assert list(kept) == [
        (False, 1, "rule 1 “large”", 1_000 * UNIT, *here),
        (True, 1, "rule 2 “small”", 1_000 * UNIT - 1, *here),
    ]


def test_past_the_last_rule_one_approval_is_enough(
    acme: Organization, ada: User, jon: User, facts: MakeFacts
) -> None:
    published(live(ada, acme), RuleTerms("tron", chains=("tron",), needed=2))

    decision = decide(live(jon, acme), facts())

    assert (decision.approved, decision.needed, decision.verdict.rule) == (True, 1, None)
    assert decision.verdict.version == 1


def test_a_policy_of_the_sandbox_says_nothing_about_live(
    acme: Organization, ada: User, jon: User, facts: MakeFacts, as_person: Callable[..., Caller]
) -> None:
    published(as_person(ada, acme, "sandbox"), RuleTerms("none", outcome="block"))

    assert decide(live(jon, acme), facts()).verdict.version is None


def test_what_is_blocked_nobody_approves(
    acme: Organization, ada: User, jon: User, facts: MakeFacts
) -> None:
    published(live(ada, acme), RuleTerms("not on Base", chains=("base",), outcome="block"))

    with pytest.raises(BillingError) as refused:
        decide(live(jon, acme), facts())

    assert (refused.value.status, refused.value.code) == (403, "blocked_by_policy")
    assert refused.value.message == (
        "Rule 1 “not on Base” of policy version 1 blocks this payout. Cancel it, or ask whoever "
        "administers the policies."
    )
    assert not Approval.objects.exists()


def test_two_approvals_are_two_people(
    acme: Organization, ada: User, jon: User, facts: MakeFacts
) -> None:
    published(live(ada, acme), RuleTerms("all", needed=2))
    his_key = replace(live(jon, acme), actor_id="key_1", issued_by=jon.id)

    assert not decide(live(jon, acme), facts()).approved
    with_his_key = decide(his_key, facts())
    assert (with_his_key.approved, with_his_key.have) == (False, 1)
    assert decide(live(ada, acme), facts()).approved


def test_whoever_is_in_no_group_is_told_whom_to_ask(
    acme: Organization, ada: User, jon: User, facts: MakeFacts
) -> None:
    group = a_group(live(ada, acme), ada)
    published(live(ada, acme), RuleTerms("finance", group_id=group.id))

    with pytest.raises(BillingError) as refused:
        decide(live(jon, acme), facts())

    assert (refused.value.status, refused.value.code) == (403, "approval_would_not_count")
    assert "asks the approval of Finance" in refused.value.message
    assert not Approval.objects.exists()
    assert decide(live(ada, acme), facts()).approved


@pytest.mark.parametrize(
    ("people_only", "in_a_group", "keys_count", "counts"),
    [
        (False, False, False, True),
        (True, False, False, False),
        (False, True, False, False),
        (False, True, True, True),
        (True, True, True, False),
    ],
)
def test_a_key_counts_where_rule_and_group_let_it(
    acme: Organization, ada: User, jon: User, facts: MakeFacts,
    people_only: bool, in_a_group: bool, keys_count: bool, counts: bool,
) -> None:  # fmt: skip
    group = a_group(live(ada, acme), jon, keys_count=keys_count) if in_a_group else None
    terms = RuleTerms("r", group_id=group.id if group else None, people_only=people_only)
    published(live(ada, acme), terms)
    key = replace(live(jon, acme), actor_id="key_1", issued_by=jon.id)

    if counts:
        assert decide(key, facts()).approved
        return
    with pytest.raises(BillingError) as refused:
        decide(key, facts())
    assert refused.value.code == "approval_would_not_count"


def test_a_key_that_nobody_issued_counts_for_no_group(
    acme: Organization, ada: User, jon: User, facts: MakeFacts
) -> None:
    group = a_group(live(ada, acme), jon, keys_count=True)
    published(live(ada, acme), RuleTerms("finance", group_id=group.id))
    key = replace(live(jon, acme), actor_id="key_1", issued_by=None)

    with pytest.raises(BillingError) as refused:
        decide(key, facts())

    assert refused.value.code == "approval_would_not_count"


def test_the_newer_policy_decides_with_the_approvals_that_still_count(
    acme: Organization, ada: User, jon: User, facts: MakeFacts
) -> None:
    nina, admin = an_approver(acme, "nina"), live(ada, acme)
    published(admin, RuleTerms("all", needed=2))
    assert not decide(live(jon, acme), facts()).approved

    group = a_group(admin, ada, nina)
    published(admin, RuleTerms("finance", needed=2, group_id=group.id))
    assert standing(facts(), acme.id).have == 0, "Jon is none of them"
    first = decide(live(nina, acme), facts())

    assert (first.approved, first.have, first.verdict.version) == (False, 1, 2)
    assert [a.actor_name for a in first.approvals] == ["Jon", "Nina"]
    assert decide(admin, facts()).approved


def test_a_newer_policy_that_asks_less_is_met_by_the_next_approval(
    acme: Organization, ada: User, jon: User, facts: MakeFacts
) -> None:
    nina, admin = an_approver(acme, "nina"), live(ada, acme)
    published(admin, RuleTerms("all", needed=3))
    decide(live(jon, acme), facts())

    published(admin, RuleTerms("all", needed=2))

    assert decide(live(nina, acme), facts()).approved
