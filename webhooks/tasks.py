"""What the beat runs."""

import logging
from dataclasses import asdict

from celery import shared_task

from webhooks import forgetting, owners, sending

logger = logging.getLogger(__name__)


@shared_task
def deliver() -> dict[str, int]:
    """Tell every endpoint what is due; returns what was done."""
    sent = sending.deliver()
    if sent.attempts:
        logger.info("webhooks sent delivered=%d failed=%d", sent.delivered, sent.failed)
    return asdict(sent)


@shared_task
def tell_owners() -> int:
    """E-mail those whose endpoints were disabled by us; returns how many endpoints."""
    return owners.tell()


@shared_task
def forget_deliveries() -> int:
    """Delete what ended a month ago, and local endpoints whose hour is over."""
    forgotten = forgetting.forget()
    if forgotten:
        logger.info("deliveries forgotten count=%d", forgotten)
    return forgotten
