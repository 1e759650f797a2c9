"""Writes to customers that a payment is asked for, where the organization wants that.

Sent, then marked: who is killed between the two sends it again. No row is locked meanwhile, since a
mail server is a network. A payment that came in the meantime, a skip or a failure takes the debt
away; then nothing is sent.
"""

import logging
from datetime import datetime
from zoneinfo import ZoneInfo

from billing.chains import Chain
from billing.display import amount_words
from billing.locks import advisory_lock
from checkouts import branding
from organizations import mail
from subscriptions.answers import hosted_url, page_url
from subscriptions.models import Renewal, RenewalStatus

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 200

TEXT = """\
Hello{name},

the next payment of your subscription to {plan} at {merchant} is due.

  {amount}
  for {start} to {end}
  please pay by {by}

Pay here: {url}

The page shows the address and follows your payment. Send it on {chain} and in {token} alone.

Your subscription, with all its payments: {own_url}
Whoever has that link can do what you can: keep it to yourself.
{test}{support}"""
SANDBOX = "\nThis is a test: nothing is to be paid, and no money moves.\n"


def tell() -> int:
    """E-mail the customers whose payment is asked for and who do not know; return how many.

    A mail that could not be sent is tried again the next time.
    """
    with advisory_lock("tell customers of renewals") as is_ours:
        if not is_ours:
            return 0
        owed = Renewal.objects.filter(
            mail_owed_at__isnull=False, status=RenewalStatus.CHECKOUT_CREATED
        ).select_related("subscription__customer", "subscription__plan")
        return sum(_tell(each) for each in owed.order_by("mail_owed_at", "id")[:MOST_AT_ONCE])


def _tell(renewal: Renewal) -> bool:
    looks = branding.of(renewal.organization_id, renewal.environment)
    subscription = renewal.subscription
    subject = f"{looks.merchant_name}: your subscription to {subscription.plan.name}"
    support = f"\nQuestions? {looks.support_url.removeprefix('mailto:')}\n"
    text = _text(renewal, looks.merchant_name, support if looks.support_url else "")
    if not mail.send(subscription.customer.email, subject, text):
        return False
    # Asked for again meanwhile: that is another thing to tell.
    Renewal.objects.filter(id=renewal.id, mail_owed_at=renewal.mail_owed_at).update(
        mail_owed_at=None
    )
    logger.info("customer told of a renewal renewal=%s", renewal.id)
    return True


def _text(renewal: Renewal, merchant: str, support: str) -> str:
    subscription, zone = renewal.subscription, ZoneInfo(renewal.subscription.time_zone)
    assert renewal.closes_at is not None, "its checkout is open"
    name = subscription.customer.name
    return TEXT.format(
        name=f" {name}" if name else "",
        plan=subscription.plan.name,
        merchant=merchant,
        amount=amount_words(renewal.amount_atomic, renewal.token, renewal.chain),
        start=_day(renewal.period_start, zone),
        end=_day(renewal.period_end, zone),
        by=f"{renewal.closes_at.astimezone(zone):%Y-%m-%d %H:%M} ({subscription.time_zone})",
        url=hosted_url(renewal.checkout_id),
        own_url=page_url(subscription),
        chain=Chain(renewal.chain).label,
        token=renewal.token,
        test="" if renewal.environment == "live" else SANDBOX,
        support=support,
    )


def _day(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d}"
