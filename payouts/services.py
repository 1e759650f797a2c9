"""The acts on payouts. Every door (API, admin, commands, beat) comes through here.

Each act locks the payout's row, checks, makes the transition, saves and publishes its event, in
one transaction. What the chain says is written by payouts.verifying, in the same way.
"""

from payouts.acts.approve import (
    approve,
    facts_of,
    facts_of_many,
    lapse,
    reject,
    withdraw_approval,
)
from payouts.acts.cancel import cancel
from payouts.acts.create import Created, NewPayout, create, create_many, create_once
from payouts.acts.execute import execute, fail_by_hand, replace_hash
from payouts.acts.execute_many import Executed, Execution, execute_each
from payouts.acts.hand_over import hand_over, take_back, take_back_batch
from payouts.acts.match_by_hand import match_by_hand
from payouts.acts.proposals import decline_proposed_hash, use_proposed_hash
from payouts.acts.update import update

__all__ = [
    "Created",
    "Executed",
    "Execution",
    "NewPayout",
    "approve",
    "cancel",
    "create",
    "create_many",
    "create_once",
    "decline_proposed_hash",
    "execute",
    "execute_each",
    "facts_of",
    "facts_of_many",
    "fail_by_hand",
    "hand_over",
    "lapse",
    "match_by_hand",
    "reject",
    "replace_hash",
    "take_back",
    "take_back_batch",
    "update",
    "use_proposed_hash",
    "withdraw_approval",
]
