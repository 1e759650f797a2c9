"""What the beat runs."""

import logging

from celery import shared_task

from billing.locks import advisory_lock
from reconciliation import notices as mails
from reconciliation import services

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
def notices() -> int:
    """E-mail to those who must act; returns how many mails."""
    return mails.send()


@shared_task
def forget_runs() -> int:
    """Keep of old runs the last of each day; returns how many were removed."""
    return services.forget_runs()
