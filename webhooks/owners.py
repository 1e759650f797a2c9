"""Telling people that we disabled their endpoint: an e-mail to the admins of the organization.

Sent, then marked: who is killed between the two sends it again. The endpoint's row is not locked
meanwhile, since a mail server is a network.
"""

import logging
import sys
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.urls import reverse
from django.utils import timezone

from billing.locks import advisory_lock
from billing.times import iso
from organizations.models import Membership
from organizations.roles import Role
from webhooks.models import DisabledBecause, Endpoint, EndpointStatus

logger = logging.getLogger(__name__)

WHY = {
    DisabledBecause.FAILING: "nothing could be delivered to it for three days",
    DisabledBecause.GONE: "it answered 410 Gone, which asks to be sent nothing more",
}

TEXT = """\
{organization}, {environment}: this webhook was disabled, because {why}.

  {url}
  {webhook_id}, disabled at {disabled_at}

Nothing is sent to it now. What was still to be sent is kept; what happens until it is enabled is
not. Once your receiver answers again:

  1. Enable the webhook: {page}
     or PATCH /v1/webhooks/{webhook_id} with {{"status": "active"}}.
  2. Redeliver what it missed, on the same page,
     or POST /v1/webhooks/{webhook_id}/redeliver with {{"since": "{since}"}}.
"""


def tell() -> int:
    """E-mail the owners of each endpoint that we disabled and they do not know of; return of how

    many endpoints. A mail that could not be sent is tried again the next time.
    """
    with advisory_lock("tell owners of webhooks") as is_ours:
        if not is_ours:
            return 0
        untold = Endpoint.objects.filter(
            status=EndpointStatus.DISABLED,
            disabled_because__in=list(WHY),
            owners_told_at=None,
            deleted_at=None,
        )
        return sum(_tell(each) for each in untold.select_related("organization").order_by("id"))


def _tell(endpoint: Endpoint) -> bool:
    addresses = _addresses(endpoint)
    if not addresses:
        logger.warning("webhook disabled and nobody to tell webhook=%s", endpoint.id)
    else:
        try:
            _message(endpoint, addresses).send()
        except (SMTPException, OSError) as error:  # The next run tries again; the others go on.
            logger.warning("webhook owners not told webhook=%s error=%s", endpoint.id, error)
            return False
        logger.info("webhook owners told webhook=%s people=%d", endpoint.id, len(addresses))
    # Enabled and disabled again meanwhile: that is another thing to tell.
    mine = Endpoint.objects.filter(id=endpoint.id, disabled_at=endpoint.disabled_at)
    mine.update(owners_told_at=timezone.now())
    return bool(addresses)


def _addresses(endpoint: Endpoint) -> list[str]:
    admins = Membership.objects.filter(
        organization=endpoint.organization_id, role=Role.ADMIN, user__is_active=True
    )
    return list(admins.order_by("user__email").values_list("user__email", flat=True))


def _message(endpoint: Endpoint, addresses: list[str]) -> EmailMessage:
    assert endpoint.disabled_at is not None, "only disabled ones are told of"
    page = reverse("admin:webhooks_endpoint_change", args=[endpoint.id])
    text = TEXT.format(
        organization=endpoint.organization.name,
        environment=endpoint.environment,
        why=WHY[DisabledBecause(endpoint.disabled_because)],
        url=endpoint.url,
        webhook_id=endpoint.id,
        disabled_at=iso(endpoint.disabled_at),
        page=f"{settings.PUBLIC_URL}{page}",
        since=iso(endpoint.failing_since or endpoint.disabled_at),
    )
    # Each is written to alone: nobody sees who else administers. The console, where no mail server
    # is configured, is stderr: stdout belongs to the answers of commands.
    return EmailMessage(
        f"A webhook of {endpoint.organization.name} was disabled",
        text,
        bcc=addresses,
        connection=get_connection(stream=sys.stderr),
    )
