"""Which recipients an organization knows: those it ever paid."""

from collections.abc import Sequence

from payouts.models import PayoutIntent, Status


def known_recipients(payouts: Sequence[PayoutIntent]) -> dict[str, str]:
    """What each known recipient of these payouts is (`known`), by address; others are new.

    The payouts are of one organization and environment. One query.
    """
    if not payouts:
        return {}
    settled = PayoutIntent.objects.filter(
        organization_id=payouts[0].organization_id,
        environment=payouts[0].environment,
        recipient_address__in={payout.recipient_address for payout in payouts},
        status=Status.SETTLED,
    )
    addresses = settled.order_by().values_list("recipient_address", flat=True).distinct()
    return dict.fromkeys(addresses, "known")
