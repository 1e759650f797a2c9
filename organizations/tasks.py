"""Jobs of the beat."""

import logging

from celery import shared_task

from organizations import idempotency, sessions, throttling

logger = logging.getLogger(__name__)


@shared_task
def forget_idempotency_keys() -> int:
    """Delete the stored answers that are older than 24 hours."""
    forgotten = idempotency.forget_expired()
    if forgotten:
        logger.info("idempotency keys forgotten count=%d", forgotten)
    return forgotten


@shared_task
def forget_sessions() -> int:
    """Delete the sessions that have ended by themselves."""
    forgotten = sessions.forget_ended()
    if forgotten:
        logger.info("sessions forgotten count=%d", forgotten)
    return forgotten


@shared_task
def tell_failed_log_ins() -> int:
    """Publish the wrong passwords of the last moments; returns of how many log-ins."""
    told = throttling.tell_failures()
    if told:
        logger.info("failed log-ins told count=%d", told)
    return told
