"""Jobs of the beat."""

import logging

from celery import shared_task

from events import services

logger = logging.getLogger(__name__)


@shared_task
def sequence() -> int:
    """Give every new event its number."""
    numbered = services.assign_sequences()
    if numbered:
        logger.info("events numbered count=%d", numbered)
    return numbered
