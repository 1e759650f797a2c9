"""Rolling limits: what they add up, when they refuse, and when they let go again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from approvals.errors import LimitExceeded
from approvals.facts import Facts
from approvals.models import Approval
from approvals.services import decide, void, withdraw
from approvals.terms import LimitTerms, RuleTerms
from billing.errors import BillingError
from organizations.models import Organization, User
from tests.approvals.making import UNIT, an_approver, live, published

MakeFacts = Callable[..., Facts]
NOON = datetime(2025, 1, 15, 12, tzinfo=UTC)
OTHER = "0x52908400098527886E0F7030069857D2E4169EE7"


def a_limit(scope: str, tokens: int = 1_000, **changes: object) -> LimitTerms:
    """1,000 tokens in 24 hours."""
    return replace(LimitTerms("a day", scope, tokens * UNIT, 24), **changes)  # type: ignore[arg-type]


@pytest.fixture
def ask(facts: MakeFacts) -> Callable[..., Facts]:
    """`ask("po_b", 600)`: facts of another payout of so many USDC."""
    return lambda subject_id, tokens, **changes: facts(
        subject_id=subject_id, amount_atomic=tokens * UNIT, token="USDC", **changes
    )


@pytest.mark.parametrize("scope", ["organization", "recipient", "approver"])
def test_exactly_the_limit_fits_and_one_unit_more_does_not(
    acme: Organization, ada: User, jon: User, ask: MakeFacts, scope: str
) -> None:
    published(live(ada, acme), limits=[a_limit(scope)])
    decide(live(jon, acme), ask("po_a", 400), at=NOON)
    decide(live(jon, acme), ask("po_b", 600), at=NOON)

    with pytest.raises(LimitExceeded) as refused:
        decide(live(jon, acme), replace(ask("po_c", 0), amount_atomic=1), at=NOON)

    assert (refused.value.status, refused.value.code) == (403, "limit_exceeded")
    assert (refused.value.used_atomic, refused.value.asked_atomic) == (1_000 * UNIT, 1)
    assert refused.value.frees_at == NOON + timedelta(hours=24)
    assert Approval.objects.count() == 2


def test_it_says_the_limit_what_is_used_what_is_asked_and_when_it_frees(
    acme: Organization, ada: User, jon: User, ask: MakeFacts
) -> None:
    published(live(ada, acme), limits=[a_limit("organization", chain="base", token="USDC")])
    decide(live(jon, acme), ask("po_a", 900), at=NOON)

    with pytest.raises(LimitExceeded) as refused:
        decide(live(jon, acme), ask("po_b", 200), at=NOON + timedelta(hours=1))

    assert refused.value.message == (
        "The limit “a day” allows 1,000.00 USDC on Base in 24 hours, of all payouts together. "
        "900.00 are approved already and this asks 200.00. It fits again at 2025-01-16T12:00:00Z, "
        "if nothing else is approved before."
    )


def test_what_is_more_than_the_limit_by_itself_never_fits(
    acme: Organization, ada: User, jon: User, ask: MakeFacts
) -> None:
    published(live(ada, acme), limits=[a_limit("organization")])

    with pytest.raises(LimitExceeded) as refused:
        decide(live(jon, acme), ask("po_a", 1_001), at=NOON)

    assert refused.value.frees_at is None
    assert "more than the limit by itself" in refused.value.message


def test_it_frees_when_enough_of_it_is_old(
    acme: Organization, ada: User, jon: User, ask: MakeFacts
) -> None:
    published(live(ada, acme), limits=[a_limit("organization")])
    for hours, subject in enumerate(("po_a", "po_b", "po_c")):
        decide(live(jon, acme), ask(subject, 300), at=NOON + timedelta(hours=hours))

    with pytest.raises(LimitExceeded) as refused:
        decide(live(jon, acme), ask("po_d", 500), at=NOON + timedelta(hours=3))

    assert refused.value.frees_at == NOON + timedelta(hours=25), "when the second leaves too"
    just_before = NOON + timedelta(hours=25, microseconds=-1)
    with pytest.raises(LimitExceeded):
        decide(live(jon, acme), ask("po_d", 500), at=just_before)
    assert decide(live(jon, acme), ask("po_d", 500), at=refused.value.frees_at).approved


def test_each_recipient_and_each_approver_has_a_sum_of_their_own(
    acme: Organization, ada: User, jon: User, ask: MakeFacts
) -> None:
    nina = an_approver(acme, "nina")
    limits = [a_limit("recipient"), a_limit("approver", name="person")]
    published(live(ada, acme), limits=limits)
    decide(live(jon, acme), ask("po_a", 1_000), at=NOON)

    with pytest.raises(LimitExceeded, match="to each recipient"):
        decide(live(nina, acme), ask("po_b", 1), at=NOON)
    with pytest.raises(LimitExceeded, match="by each approver"):
        decide(live(jon, acme), ask("po_c", 1, recipient=OTHER), at=NOON)
    assert decide(live(nina, acme), ask("po_d", 1_000, recipient=OTHER), at=NOON).approved


def test_a_persons_keys_share_their_limit(
    acme: Organization, ada: User, jon: User, ask: MakeFacts
) -> None:
    published(live(ada, acme), limits=[a_limit("approver")])
    decide(live(jon, acme), ask("po_a", 1_000), at=NOON)
    key = replace(live(jon, acme), actor_id="key_1", issued_by=jon.id)

    with pytest.raises(LimitExceeded):
        decide(key, ask("po_b", 1), at=NOON)


def test_a_limit_concerns_its_chain_and_token_alone(
    acme: Organization, ada: User, jon: User, ask: MakeFacts
) -> None:
    published(live(ada, acme), limits=[a_limit("organization", chain="base", token="USDC")])
    decide(live(jon, acme), ask("po_a", 1_000), at=NOON)

    assert decide(live(jon, acme), ask("po_b", 5_000, chain="tron"), at=NOON).approved
    other_token = replace(ask("po_c", 5_000), token="USDT")
    assert decide(live(jon, acme), other_token, at=NOON).approved
    with pytest.raises(LimitExceeded):
        decide(live(jon, acme), ask("po_d", 1), at=NOON)


def test_an_approval_that_does_not_decide_is_counted_against_its_approver_alone(
    acme: Organization, ada: User, jon: User, ask: MakeFacts
) -> None:
    nina = an_approver(acme, "nina")
    limits = [a_limit("organization"), a_limit("approver", name="person")]
    published(live(ada, acme), RuleTerms("two", needed=2), limits=limits)

    assert not decide(live(jon, acme), ask("po_a", 800), at=NOON).approved
    assert not decide(live(nina, acme), ask("po_b", 800), at=NOON).approved
    with pytest.raises(LimitExceeded, match="by each approver"):
        decide(live(jon, acme), ask("po_c", 300), at=NOON)
    assert decide(live(ada, acme), ask("po_a", 800), at=NOON).approved
    published(live(ada, acme), RuleTerms("two", needed=2), limits=[a_limit("organization")])
    with pytest.raises(LimitExceeded, match="of all payouts together"):
        decide(live(ada, acme), ask("po_b", 800), at=NOON)


@pytest.mark.parametrize("how", ["void", "withdraw"])
def test_what_is_void_or_withdrawn_counts_no_longer(
    acme: Organization, ada: User, jon: User, ask: MakeFacts, how: str
) -> None:
    published(live(ada, acme), limits=[a_limit("organization")])
    decide(live(jon, acme), ask("po_a", 1_000), at=NOON)

    if how == "void":
        void("po_a", "Canceled.", NOON)
    else:
        withdraw(live(jon, acme), "po_a", "A mistake.", NOON)

    assert decide(live(jon, acme), ask("po_b", 1_000), at=NOON).approved


def test_when_one_of_two_withdraws_nothing_is_decided_and_the_other_still_counts(
    acme: Organization, ada: User, jon: User, ask: MakeFacts
) -> None:
    nina = an_approver(acme, "nina")
    published(live(ada, acme), RuleTerms("two", needed=2), limits=[a_limit("organization")])
    decide(live(jon, acme), ask("po_a", 1_000), at=NOON)
    assert decide(live(nina, acme), ask("po_a", 1_000), at=NOON).approved

    left = withdraw(live(jon, acme), "po_a", "A mistake.", NOON)

    assert [(a.actor_name, a.decides) for a in left] == [("Nina", False)]
    assert not decide(live(jon, acme), ask("po_b", 1_000), at=NOON).approved
    assert decide(live(ada, acme), ask("po_b", 1_000), at=NOON).approved
    with pytest.raises(LimitExceeded):
        decide(live(jon, acme), ask("po_a", 1_000), at=NOON)


def test_nobody_withdraws_what_they_did_not_approve(
    acme: Organization, ada: User, jon: User, ask: MakeFacts
) -> None:
    decide(live(jon, acme), ask("po_a", 1), at=NOON)

    with pytest.raises(BillingError) as refused:
        withdraw(live(ada, acme), "po_a", "Not mine.", NOON)

    assert refused.value.code == "nothing_to_withdraw"
    assert Approval.objects.get().voided_at is None


def test_another_organizations_approvals_are_not_counted(
    acme: Organization, zenith: Organization, ada: User, jon: User, zoe: User, ask: MakeFacts
) -> None:
    published(live(ada, acme), limits=[a_limit("organization")])
    decide(live(zoe, zenith), ask("po_z", 5_000), at=NOON)

    assert decide(live(jon, acme), ask("po_a", 1_000), at=NOON).approved
