"""Jobs of the beat."""

from celery import shared_task

from subscriptions import renewing


@shared_task
def renew() -> dict[str, int]:
    """Take whatever step is due of any subscription."""
    return renewing.renew()
