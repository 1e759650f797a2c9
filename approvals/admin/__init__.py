"""Approving in the admin: the policy and its draft, the groups, and every approval ever given."""

from approvals.admin.given import ApprovalAdmin
from approvals.admin.groups import ApproverGroupAdmin
from approvals.admin.policy import PolicyAdmin

__all__ = ["ApprovalAdmin", "ApproverGroupAdmin", "PolicyAdmin"]
