"""Who agreed to what, and the rules of who must."""

from approvals.models.given import Approval
from approvals.models.groups import ApproverGroup
from approvals.models.policies import (
    CreatedVia,
    Limit,
    LimitScope,
    Outcome,
    Policy,
    PolicyStatus,
    RecipientIs,
    Rule,
)

__all__ = [
    "Approval",
    "ApproverGroup",
    "CreatedVia",
    "Limit",
    "LimitScope",
    "Outcome",
    "Policy",
    "PolicyStatus",
    "RecipientIs",
    "Rule",
]
