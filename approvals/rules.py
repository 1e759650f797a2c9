"""Who may not approve, and how many must. Pure: facts in, words or a number out."""

from approvals.facts import Facts
from billing.callers import Caller


def default_rule(facts: Facts) -> int:
    """How many approvals a payment needs where no policy says otherwise: one."""
    return 1


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
    approver = person_behind(caller.actor_id, caller.issued_by)
    creator = person_behind(facts.created_by, facts.created_by_issuer)
    if approver != creator:
        return None
    if not caller.is_key and not facts.created_by.startswith("key_"):
        return "You created this payout. Somebody else must approve it."
    if not caller.is_live or caller.keys_may_self_approve:
        return None
    if not caller.is_key:
        return "A key that you issued created this payout. Somebody else must approve it."
    if caller.actor_id == facts.created_by:
        return "This key created the payout. Another person or key must approve it."
    return "The person who issued this key made the payout. Somebody else must approve it."
