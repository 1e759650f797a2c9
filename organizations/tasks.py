"""Jobs of the beat."""

import logging

from celery import shared_task

from organizations import idempotency

logger = logging.getLogger(__name__)


@shared_task
def forget_idempotency_keys() -> int:
    """Delete the stored answers that are older than 24 hours."""
    forgotten = idempotency.forget_expired()
    if forgotten:
        logger.info("idempotency keys forgotten count=%d", forgotten)
    return forgotten
