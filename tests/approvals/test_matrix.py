"""Who may do what to whose: every role and kind of key, every act about approving, own and other's.

In live, with no policy published. Each cell is written out: `yes`, or the code of the refusal.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from django.db import transaction
from pytest_django import Settings

from approvals import drafts, groups
from approvals.publishing import publish
from billing.callers import ALL_SCOPES, Caller
from billing.errors import BillingError
from organizations.callers import caller_for_key, caller_for_user
from organizations.models import Organization, User
from organizations.roles import PEOPLE_ONLY
from organizations.services import issue_api_key, pause, resume
from payouts import services
from payouts.models import PayoutIntent
from tests.payouts.making import RECIPIENT, a_draft

# `key` may approve and nobody issued it; `plain key` may not approve; `own key` may approve and was
# issued by Mara, whose payouts are its own too.
ACTORS = (
    "viewer", "preparer", "approver", "operator", "admin", "superuser", "key", "plain key",
    "own key",
)  # fmt: skip
YES, SELF, SCOPE = "yes", "self_approval", "insufficient_scope"

# act: what each of ACTORS is answered, first about their own, then about another's.
CELLS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "approve": (
        (SCOPE, SCOPE, SELF, SCOPE, SELF, SELF, SELF, SCOPE, SELF),
        (SCOPE, SCOPE, YES, SCOPE, YES, YES, YES, SCOPE, YES),
    ),
    "approve by PATCH": (
        (SCOPE, SCOPE, SELF, SCOPE, SELF, SELF, SELF, SCOPE, SELF),
        (SCOPE, SCOPE, YES, SCOPE, YES, YES, YES, SCOPE, YES),
    ),
    "reject": (
        (SCOPE, SCOPE, YES, SCOPE, YES, YES, YES, SCOPE, YES),
        (SCOPE, SCOPE, YES, SCOPE, YES, YES, YES, SCOPE, YES),
    ),
    # Own is here the approval, not the payout.
    "withdraw": (
        (SCOPE, SCOPE, YES, SCOPE, YES, YES, YES, SCOPE, YES),
        (
            SCOPE, SCOPE, "nothing_to_withdraw", SCOPE, "nothing_to_withdraw",
            "nothing_to_withdraw", "nothing_to_withdraw", SCOPE, "nothing_to_withdraw",
        ),
    ),
    "hand over": (
        (SCOPE, SCOPE, SCOPE, YES, YES, YES, YES, YES, YES),
        (SCOPE, SCOPE, SCOPE, YES, YES, YES, YES, YES, YES),
    ),
    "cancel": (
        (SCOPE, YES, YES, YES, YES, YES, YES, YES, YES),
        (SCOPE, YES, YES, YES, YES, YES, YES, YES, YES),
    ),
    "cancel what is approved": (
        (SCOPE, SCOPE, SCOPE, YES, YES, YES, YES, YES, YES),
        (SCOPE, SCOPE, SCOPE, YES, YES, YES, YES, YES, YES),
    ),
    # Own is here one's own draft of the policy.
    "publish a policy": (
        (SCOPE, SCOPE, SCOPE, SCOPE, YES, YES, SCOPE, SCOPE, SCOPE),
        (SCOPE, SCOPE, SCOPE, SCOPE, YES, YES, SCOPE, SCOPE, SCOPE),
    ),
    "edit a policy": (
        (SCOPE, SCOPE, SCOPE, SCOPE, YES, YES, SCOPE, SCOPE, SCOPE),
        (SCOPE, SCOPE, SCOPE, SCOPE, YES, YES, SCOPE, SCOPE, SCOPE),
    ),
    "make a group": (
        (SCOPE, SCOPE, SCOPE, SCOPE, YES, YES, SCOPE, SCOPE, SCOPE),
        (SCOPE, SCOPE, SCOPE, SCOPE, YES, YES, SCOPE, SCOPE, SCOPE),
    ),
    "pause": (
        (SCOPE, SCOPE, YES, SCOPE, YES, YES, YES, SCOPE, YES),
        (SCOPE, SCOPE, YES, SCOPE, YES, YES, YES, SCOPE, YES),
    ),
    # Own is here what one paused oneself.
    "resume": (
        (SCOPE, SCOPE, SCOPE, SCOPE, YES, YES, SCOPE, SCOPE, SCOPE),
        (SCOPE, SCOPE, SCOPE, SCOPE, YES, YES, SCOPE, SCOPE, SCOPE),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Cast:
    """Everybody, and two who prepare what an act needs: `maker` and `other` may do all."""

    actors: dict[str, Caller]
    maker: Caller
    other: Caller

    def owner(self, name: str, *, is_own: bool) -> Caller:
        """Who made what the actor acts on; of an issued key that is the person who issued it."""
        if not is_own:
            return self.other
        caller = self.actors["preparer" if name == "own key" else name]
        return replace(caller, scopes=ALL_SCOPES | PEOPLE_ONLY)


@pytest.fixture(autouse=True)
def live(settings: Settings) -> None:
    """Every chain has a node, which nobody asks."""
    settings.NETWORKS = {
        name: replace(row, rpc_urls=("http://127.0.0.1:9",))
        for name, row in settings.NETWORKS.items()
    }


@pytest.fixture
def cast(
    acme: Organization, vera: User, mara: User, jon: User, otto: User, ada: User, root: User
) -> Cast:
    users = dict(zip(ACTORS, (vera, mara, jon, otto, ada, root), strict=False))
    actors = {name: caller_for_user(user, acme, "live") for name, user in users.items()}
    issued = {"key": (ALL_SCOPES, None), "plain key": (None, None), "own key": (ALL_SCOPES, mara)}
    for name, (scopes, issuer) in issued.items():
        key, _ = issue_api_key(acme, "live", scopes=scopes, name=name, issued_by=issuer)
        actors[name] = caller_for_key(key)
    everything = ALL_SCOPES | PEOPLE_ONLY
    other = replace(actors["admin"], actor_id="usr_other", actor_name="Olga", scopes=everything)
    return Cast(actors, replace(other, actor_id="usr_maker", actor_name="Max"), other)


def a_payout(maker: Caller) -> PayoutIntent:
    return services.create(maker, a_draft(recipient_address=RECIPIENT, confirm_duplicate=True))


def an_approved(maker: Caller, approver: Caller) -> PayoutIntent:
    return services.approve(approver, a_payout(maker).id)


def done(cast: Cast, act: str, name: str, *, is_own: bool) -> object:
    """Prepare what the act needs, then let the actor do it."""
    caller, owner = cast.actors[name], cast.owner(name, is_own=is_own)
    if act in ("approve", "approve by PATCH", "reject", "cancel"):
        return on_a_draft(caller, act, a_payout(owner).id)
    if act == "withdraw":
        own_approver = replace(caller, scopes=ALL_SCOPES)
        payout = an_approved(cast.maker, own_approver if is_own else cast.other)
        return services.withdraw_approval(caller, payout.id, "A mistake.")
    if act == "hand over":
        return services.hand_over(caller, [an_approved(owner, cast.maker).id])
    if act == "cancel what is approved":
        payout = an_approved(owner, cast.maker)
        return services.cancel(caller, payout.id, reason="Stop.", from_admin=True)
    return on_the_house(cast, act, caller, owner)


def on_a_draft(caller: Caller, act: str, payout_id: str) -> object:
    if act == "approve":
        return services.approve(caller, payout_id)
    if act == "approve by PATCH":
        return services.update(caller, payout_id, {"status": "approved"})
    if act == "reject":
        return services.reject(caller, payout_id, "No.")
    return services.cancel(caller, payout_id)


def on_the_house(cast: Cast, act: str, caller: Caller, owner: Caller) -> object:
    if act == "publish a policy":
        return publish(caller, drafts.start(owner).revision)
    if act == "edit a policy":
        drafts.start(owner)
        return drafts.discard(caller)
    if act == "make a group":
        return groups.create(caller, name="Finance", member_ids=[])
    if act == "pause":
        return pause(caller, "Stop.")
    pause(owner, "Stop.")
    return resume(caller)


def answer(act: Callable[[], object]) -> str:
    """What it came to; whatever it did is undone."""
    try:
        with transaction.atomic():
            act()
            transaction.set_rollback(True)
    except BillingError as refusal:
        return refusal.code
    return YES


@pytest.mark.parametrize("is_own", [True, False], ids=["own", "others"])
@pytest.mark.parametrize("act", CELLS)
def test_each_may_do_what_is_written_and_nothing_else(cast: Cast, act: str, is_own: bool) -> None:
    answers = {
        name: answer(lambda name=name: done(cast, act, name, is_own=is_own))  # type: ignore[misc]  # bound now
        for name in ACTORS
    }

    assert answers == dict(zip(ACTORS, CELLS[act][0 if is_own else 1], strict=True))


@pytest.mark.parametrize("name", ACTORS)
@pytest.mark.parametrize("act", ["approve", "reject", "withdraw", "hand over", "cancel"])
def test_to_a_stranger_there_is_no_such_payout(
    cast: Cast, zenith: Organization, act: str, name: str
) -> None:
    """With every scope there is, and yet of another organization."""
    stranger = replace(
        cast.actors[name], organization_id=zenith.id, scopes=ALL_SCOPES | PEOPLE_ONLY
    )
    payout = a_payout(cast.maker)
    acts: dict[str, Callable[[], object]] = {
        "withdraw": lambda: services.withdraw_approval(stranger, payout.id, "Mine."),
        "hand over": lambda: services.hand_over(stranger, [payout.id]),
    }

    with pytest.raises(BillingError) as refused:
        acts.get(act, lambda: on_a_draft(stranger, act, payout.id))()

    assert (refused.value.status, refused.value.code) == (404, "payout_not_found")
