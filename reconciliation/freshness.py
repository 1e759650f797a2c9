"""Whether the books can be trusted: is every configured chain still being read?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from billing.chains import Chain, network
from chainwatch import services as chainwatch
from chainwatch.models import WatchedTransaction

STALE_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A configured chain without a recent good read. `read_at` None: it was never read."""

    chain: str
    read_at: datetime | None
    why: str


def unreadable_chains(*, at: datetime | None = None) -> list[Unreadable]:
    """Return the configured chains whose last good read is too old.

    A chain on which nothing is in flight is not read at all, on purpose: such a one is asked now,
    and counts as read if any of its nodes answers. So this is for commands, not for the web.
    """
    at = at or timezone.now()
    stale = list(_stale(at))
    idle = {one.chain for one in stale if not _is_in_flight(one.chain, at)}
    alive = _answering() if idle else frozenset()
    return [one for one in stale if one.chain not in idle or one.chain not in alive]


def _stale(at: datetime) -> Iterable[Unreadable]:
    heads = chainwatch.heads()
    for chain in Chain:
        if not network(chain).is_configured:
            continue
        head = heads.get(chain)
        read_at = head.read_at if head else None
        if read_at is None or read_at < at - STALE_AFTER:
            yield Unreadable(chain.value, read_at, head.last_error if head else "")


def _is_in_flight(chain: str, at: datetime) -> bool:
    watched = WatchedTransaction.objects.filter(chain=chain, scope="", final_at=None)
    return watched.filter(watch_until__gt=at).exists()


def _answering() -> frozenset[str]:
    return frozenset(str(node.chain) for node in chainwatch.check_nodes() if not node.error)
