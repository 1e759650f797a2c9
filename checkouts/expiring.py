"""Which checkouts wait for their chain alone, and it came as far as they wait for.

None expires while its chain stands still: time is over when the blocks up to its deadline were
looked at, and what they hold is recorded.
"""

from datetime import datetime

from django.db import connection
from django.db.models import F

from billing.chains import Chain, Environment
from chainwatch import services as chainwatch
from checkouts.models import Checkout, Status

# Those on their way, found by their status: few at any time. A further block confirms what is
# detected; what is final may still want more blocks than its network does.
_DEEPENED = """
SELECT c.id
  FROM checkouts_checkout c
  JOIN chainwatch_chainhead h
    ON h.chain = c.chain
   AND h.scope = CASE c.environment WHEN 'live' THEN '' ELSE c.organization_id END
 WHERE c.chain = ANY (%(chains)s) AND c.status IN ('detected', 'confirming')
   AND (c.status = 'detected' AND h.number > c.block_number
        OR h.number - c.block_number + 1 >= c.required_confirmations
        AND c.amount_atomic - c.tolerance_atomic <= (
            SELECT sum(p.amount_atomic) FROM checkouts_payment p
             WHERE p.checkout_id = c.id AND p.kind = 'on_time' AND p.reversed_at IS NULL
               AND p.final_at IS NOT NULL))
 ORDER BY c.id
"""


def deepened(chain: str | None = None) -> list[str]:
    """Return the checkouts on their way whose chain came far enough for their next step."""
    with connection.cursor() as cursor:
        cursor.execute(_DEEPENED, {"chains": _chains(chain)})
        return [row[0] for row in cursor.fetchall()]


def over(chain: str | None = None) -> list[str]:
    """Return the pending checkouts whose chain was followed past their deadline."""
    found: list[str] = []
    for each, scope in sorted(_waited_on(_chains(chain))):
        until = chainwatch.followed_until(each, scope)
        found += _over(each, scope, until) if until is not None else ()
    return found


def _chains(chain: str | None) -> list[str]:
    return [chain] if chain is not None else list(Chain.values)


def _waited_on(chains: list[str]) -> set[tuple[str, str]]:
    """The networks, live and simulated, on which anybody is waited for."""
    pending = Checkout.objects.filter(chain__in=chains, status=Status.PENDING).order_by()
    rows = pending.values_list("chain", "environment", "organization_id").distinct()
    return {(each, "" if where == Environment.LIVE else whose) for each, where, whose in rows}


def _over(chain: str, scope: str, until: datetime) -> list[str]:
    pending = Checkout.objects.filter(chain=chain, status=Status.PENDING)
    if scope:
        mine = pending.filter(environment=Environment.SANDBOX, organization_id=scope)
    else:
        mine = pending.filter(environment=Environment.LIVE)
    # By checkout_open; no chain's clock is ever behind ours.
    mine = mine.filter(expires_at__lt=until).alias(deadline=F("expires_at") + F("clock_ahead"))
    return list(mine.filter(deadline__lt=until).order_by("id").values_list("id", flat=True))
