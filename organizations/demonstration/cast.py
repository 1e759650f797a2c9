"""Who acts in the demonstration's stories."""

from dataclasses import dataclass

from billing.callers import Caller


@dataclass(frozen=True, slots=True)
class Cast:
    """Who acts, in the sandbox: one prepares, another approves, a third may do all."""

    preparer: Caller
    approver: Caller
    admin: Caller
