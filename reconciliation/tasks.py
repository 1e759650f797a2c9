"""What the beat runs."""

import logging

from celery import shared_task

from billing.locks import advisory_lock
from reconciliation import ledger, services
from reconciliation import notices as mails

logger = logging.getLogger(__name__)


@shared_task
def reconcile() -> int | None:
    """Run over all books; returns how many were not clean, None where another run is at it."""
    with advisory_lock("reconcile") as is_ours:
        if not is_ours:
            return None
        unclean = services.reconcile()
    logger.info("all books reconciled unclean=%d", unclean)
    return unclean


@shared_task
def fill_ledger() -> int | None:
    """Go on filling the ledger; returns how many lines, None where another pass is at it."""
    with advisory_lock("fill ledger") as is_ours:
        return ledger.fill() if is_ours else None


@shared_task
def notices() -> int:
    """E-mail to those who must act; returns how many mails."""
    return mails.send()


@shared_task
def forget_runs() -> int:
    """Keep of old runs the last of each day; returns how many were removed."""
    return services.forget_runs()
