"""What the beat runs. One advisory lock per chain, so that a slow node meets no second pass."""

from celery import shared_task

from billing.locks import advisory_lock
from chainwatch import following, passes


@shared_task
def follow(chain: str) -> dict[str, object]:
    """Make one pass over a chain's simulated networks, then over the live one; say what it cost."""
    with advisory_lock(f"follow {chain} sandbox") as is_ours:
        done = following.follow_sandboxes(chain) if is_ours else []
    with advisory_lock(f"follow {chain}") as is_ours:
        done += [following.follow(chain)] if is_ours else []
    return passes.summary(chain, done)
