"""When the balances of source wallets are asked: often while payouts wait to be signed.

Nothing is asked where no source wallet is registered, nor of a chain without a node; the sandbox's
chains keep no balances.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from billing.chains import Environment
from chainwatch import services as chainwatch
from chainwatch.services import AskedBalances
from payouts.models import PayoutIntent, Status
from wallets import services as wallets

# A little less than the beat's minute, which never comes to the very second.
OFTEN = timedelta(seconds=50)
SELDOM = timedelta(hours=1)


def ask_due(*, at: datetime | None = None) -> list[AskedBalances]:
    """Ask each live chain for the addresses that are due; one round per chain.

    An organization of which payouts wait to be signed on the chain has its wallets asked each
    minute, any other hourly. What was not answered is asked again in the next minute.
    """
    at = at or timezone.now()
    chains = [row.chain for row in settings.NETWORKS.values() if row.is_configured]
    due = {chain: due_addresses(chain, at) for chain in chains}
    return [chainwatch.ask_balances(chain, found, at=at) for chain, found in due.items() if found]


def due_addresses(chain: str, at: datetime) -> list[str]:
    """The source wallets of a chain that are to be asked now, the longest unasked first."""
    sources = wallets.live_sources(chain)
    if not sources:
        return []
    waiting = PayoutIntent.objects.filter(
        environment=Environment.LIVE, status=Status.PENDING_EXECUTION, chain=chain
    )
    hurried = set(waiting.order_by().values_list("organization_id", flat=True).distinct())
    known = chainwatch.balances(chain, {address for _, address in sources})
    asked_at = {address: row.asked_at for (address, _), row in known.items()}
    due: dict[str, datetime | None] = {}
    for organization_id, address in sources:
        last = asked_at.get(address)
        if last is None or last <= at - (OFTEN if organization_id in hurried else SELDOM):
            due[address] = last
    never = datetime.min.replace(tzinfo=at.tzinfo)
    return sorted(due, key=lambda address: (due[address] or never, address))


def summary(rounds: Iterable[AskedBalances]) -> dict[str, str | int]:
    """The sums of the rounds, and what went wrong."""
    done = list(rounds)
    return {
        "chains": len(done),
        "addresses": sum(each.addresses for each in done),
        "http_requests": sum(each.http_requests for each in done),
        "calls": sum(each.calls for each in done),
        "errors": "; ".join(f"{each.chain}: {each.error}" for each in done if each.error),
    }
