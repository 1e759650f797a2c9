"""The Celery app and the whole beat schedule. `manage.py tick` runs the same table without Celery.

The database is the truth and the broker only hurries it: a lost message costs one period, since
the next beat finds from the rows whatever is due. So results are not kept, nothing is retried,
and an entry expires with its period: a stopped worker finds one pending run per job, no backlog.
"""

import os
import warnings
from dataclasses import dataclass

from celery import Celery
from celery.platforms import SecurityWarning  # type: ignore[attr-defined]  # not in its stubs
from celery.signals import setup_logging
from django.conf import settings

from billing import file_broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing.settings")


@dataclass(frozen=True, slots=True)
class Job:
    """One line of the schedule: `task` by name, every so many seconds, and why."""

    name: str
    task: str
    every_s: float
    why: str
    arguments: tuple[str, ...] = ()


# After the chains were asked, in this order: what was seen first, then what follows.
_AFTER_THE_CHAINS = (
    Job("payments", "checkouts.tasks.payments", 1, "records payments, moves checkouts on"),
    Job(
        "payments catch up",
        "checkouts.tasks.catch_up_payments",
        300,
        "records what was found while nothing was recorded",
    ),
    Job(
        "renew",
        "subscriptions.tasks.renew",
        5,
        "makes renewals and their checkouts, and moves subscriptions on by time and payments",
    ),
    Job("verify", "payouts.tasks.verify", 1, "turns what the chains said into payouts' states"),
    Job(
        "outflows",
        "payouts.tasks.outflows",
        1,
        "finds payouts by the money that left, and money that left with no payout",
    ),
    Job("lapse", "payouts.tasks.lapse", 60, "takes approvals back that have become too old"),
    Job(
        "balances",
        "payouts.tasks.ask_balances",
        60,
        "asks what source wallets hold; where none is registered nothing is asked",
    ),
    Job(
        "contracts",
        "payouts.tasks.ask_contracts",
        60,
        "asks whether recipients are contracts; each once a day while it is to be paid",
    ),
    Job(
        "imports",
        "payouts.tasks.imports",
        1,
        "checks files of payouts that were uploaded, and creates what was confirmed",
    ),
    Job("sequence", "events.tasks.sequence", 1, "numbers the events that were committed"),
    Job("seal", "events.tasks.seal", 5, "seals numbered events, so that no change stays unseen"),
    Job(
        "tell heads",
        "events.tasks.tell_heads",
        300,
        "notes outside the database how far events are sealed",
    ),
    Job("deliver", "webhooks.tasks.deliver", 1, "sends webhooks: new events, and what is due"),
    Job(
        "tell owners",
        "webhooks.tasks.tell_owners",
        60,
        "writes to those whose webhook was disabled after failing",
    ),
    Job(
        "tell customers",
        "subscriptions.tasks.tell_customers",
        60,
        "writes to customers whose renewal is to be paid, where the organization wants that",
    ),
    Job(
        "reconcile",
        "reconciliation.tasks.reconcile",
        300,
        "writes down where the two sides disagree",
    ),
    Job(
        "fill ledger",
        "reconciliation.tasks.fill_ledger",
        60,
        "writes revenue lines of what was paid before there was a ledger; then nothing",
    ),
    Job(
        "forget runs",
        "reconciliation.tasks.forget_runs",
        3600,
        "keeps of reconciliation runs older than a month the last of each day",
    ),
    Job(
        "rest addresses",
        "checkouts.tasks.rest_addresses",
        3600,
        "lets addresses rest that are not expected to be paid any more",
    ),
    Job(
        "tell failed log-ins",
        "organizations.tasks.tell_failed_log_ins",
        10,
        "tells organizations of wrong passwords for their people",
    ),
    Job(
        "notices",
        "reconciliation.tasks.notices",
        60,
        "writes to people what waits for them",
    ),
    Job(
        "forget",
        "organizations.tasks.forget_idempotency_keys",
        3600,
        "removes idempotency keys a day after their first call",
    ),
    Job(
        "sessions",
        "organizations.tasks.forget_sessions",
        3600,
        "removes sessions that have ended",
    ),
    Job(
        "forget deliveries",
        "webhooks.tasks.forget_deliveries",
        3600,
        "removes webhook deliveries a month after they ended",
    ),
)


def schedule() -> list[Job]:
    """Every job, in the order in which `tick` runs them."""
    follows = [
        Job(
            f"follow {chain}",
            "chainwatch.tasks.follow",
            network.poll_interval_s,
            "asks the nodes for what is in flight; nothing in flight costs no call",
            (chain,),
        )
        for chain, network in settings.NETWORKS.items()
    ]
    return [*follows, *_AFTER_THE_CHAINS]


def _broker() -> dict[str, object]:
    """Redis where REDIS_URL is set; else files under DATA_DIR, for the one machine there is."""
    if settings.REDIS_URL:
        # A message a worker took and lost comes back after this; every job is safe to run twice.
        return {
            "broker_url": settings.REDIS_URL,
            "broker_transport_options": {"visibility_timeout": 600},
        }
    return file_broker.options(settings.DATA_DIR / "broker")


# Celery warns whoever runs it as root of messages that execute code: ours are JSON alone.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("billing")
app.conf.update(
    **_broker(),
    beat_schedule={
        job.name: {
            "task": job.task,
            "schedule": job.every_s,
            "args": job.arguments,
            "options": {"expires": job.every_s},
        }
        for job in schedule()
    },
    beat_schedule_filename=str(settings.DATA_DIR / "beat-schedule"),
    beat_max_loop_interval=1,
    broker_connection_retry_on_startup=True,
    enable_utc=True,
    event_queue_expires=60,
    result_backend=None,
    task_ignore_result=True,
    task_store_errors_even_if_ignored=False,
    task_serializer="json",
    accept_content=["json"],
    task_time_limit=300,
    worker_enable_remote_control=False,
    worker_prefetch_multiplier=1,
    worker_send_task_events=False,
)
app.autodiscover_tasks()


@setup_logging.connect
def _keep_our_logging(**_: object) -> None:
    """Django's LOGGING is set up already; connected, this keeps Celery from replacing it."""
