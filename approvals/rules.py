"""Whose approval counts, and who may not approve. Pure: facts in, words or people out."""

from collections.abc import Iterable

from approvals.errors import BlockedByPolicy, WouldNotCount
from approvals.facts import Facts
from approvals.judging import Verdict
from approvals.models import Approval
from billing.callers import Caller


def person_behind(actor_id: str, issued_by: str | None) -> str:
    """Who answers for an actor: for a key the person who issued it, else the actor itself."""
    return issued_by or actor_id


def self_approval(caller: Caller, facts: Facts) -> str | None:
    """Say why the caller's approval would be their own, None where it is another's.

    A person never approves what they created, in any environment, superusers included. Where a
    key stands on either side, the person behind it counts, so that nobody agrees with themselves
    through a key of theirs; that alone `keys_may_self_approve` and the sandbox allow.
    Rule: product.md, section 4.
    """
    if not is_own(caller, facts.created_by, facts.created_by_issuer):
        return None
    if not caller.is_key and not facts.created_by.startswith("key_"):
        return "You created this payout. Somebody else must approve it."
    if not caller.is_key:
        return "A key that you issued created this payout. Somebody else must approve it."
    if caller.actor_id == facts.created_by:
        return "This key created the payout. Another person or key must approve it."
    return "The person who issued this key made the payout. Somebody else must approve it."


def people_who_count(
    given: Iterable[Approval], verdict: Verdict, members: frozenset[str] | None
) -> frozenset[str]:
    """The people behind those approvals that count for a verdict.

    Two keys of one person, or a person and their key, are one pair of eyes. `members` are those of
    the verdict's group; None where anybody counts.
    """
    return frozenset(
        approval.person_id
        for approval in given
        if (verdict.keys_count or not approval.actor_id.startswith("key_"))
        and (members is None or approval.person_id in members)
    )


def require_counts(caller: Caller, verdict: Verdict, members: frozenset[str] | None) -> None:
    """Raise BlockedByPolicy or WouldNotCount where this caller's approval would lead nowhere."""
    said = f"{verdict.words[:1].upper()}{verdict.words[1:]}"
    if verdict.is_blocked:
        assert verdict.version is not None, "only a policy blocks"
        raise BlockedByPolicy(verdict.words, verdict.version)
    if caller.is_key and not verdict.keys_count:
        raise WouldNotCount(f"{said} asks the approval of people; a key's does not count.")
    if members is not None and person_behind(caller.actor_id, caller.issued_by) not in members:
        raise WouldNotCount(
            f"{said} asks the approval of {verdict.group}, and you are not one of them. Ask "
            "somebody of that group."
        )


def is_own(caller: Caller, made_by: str, made_by_issuer: str | None) -> bool:
    """Whether the caller would agree with themselves, for whatever needs a second person.

    Two people are never one; the rule about keys is that of `self_approval`.
    """
    if person_behind(caller.actor_id, caller.issued_by) != person_behind(made_by, made_by_issuer):
        return False
    if not caller.is_key and not made_by.startswith("key_"):
        return True
    return caller.is_live and not caller.keys_may_self_approve
