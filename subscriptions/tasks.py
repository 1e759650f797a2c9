"""Jobs of the beat."""

from celery import shared_task

from subscriptions import mailing, renewing


@shared_task
def renew() -> dict[str, int]:
    """Take whatever step is due of any subscription."""
    return renewing.renew()


@shared_task
def tell_customers() -> dict[str, int]:
    """Write to the customers whose payment is asked for, where the organization wants that."""
    return {"told": mailing.tell()}
