"""Jobs of the beat."""

import logging

from celery import shared_task

from events import heads, sealing, services

logger = logging.getLogger(__name__)


@shared_task
def sequence() -> int:
    """Give every new event its number."""
    numbered = services.assign_sequences()
    if numbered:
        logger.info("events numbered count=%d", numbered)
    return numbered


@shared_task
def seal() -> int:
    """Seal every event that has its number."""
    sealed = sealing.seal()
    if sealed:
        logger.info("events sealed count=%d", sealed)
    return sealed


@shared_task
def tell_heads() -> int:
    """Write the heads of the sealed chains where the database cannot reach them."""
    return heads.tell()
