"""Celery once for real: a beat and a worker run a scheduled job, on Redis and on files."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from django.db import transaction

from billing import processes
from billing.callers import system
from billing.chains import Environment
from events import services
from events.models import Event
from events.types import EventType
from organizations.models import Organization
from tests.ground.processes import environment, eventually
from tests.services import database_url

pytestmark = pytest.mark.django_db(transaction=True)

BIN = Path(sys.executable).parent


@contextmanager
def running(*arguments: str, settings: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    command = [str(BIN / "celery"), "--app", "billing.celery", "--quiet", *arguments]
    process = processes.start(command, dict(settings))
    try:
        yield process
    finally:
        processes.stop([process], limit_s=15)


def settings_on(redis_url: str, data_dir: Path) -> Mapping[str, str]:
    return environment(
        DATABASE_URL=database_url(),
        REDIS_URL=redis_url,
        DATA_DIR=str(data_dir),
        POLL_INTERVAL_S="1",
    )


def publish(organization: Organization) -> Event:
    caller = system(organization.id, Environment.SANDBOX)
    with transaction.atomic():
        return services.publish(caller, EventType.WALLET_CREATED, "wal_1", {})


def test_a_scheduled_job_runs_on_redis(acme: Organization, redis_url: str, data_dir: Path) -> None:
    settings = settings_on(redis_url, data_dir)
    event = publish(acme)
    assert event.sequence is None

    with (
        running("worker", "--pool", "threads", "--concurrency", "2", settings=settings),
        running("beat", "--pidfile=", settings=settings),
    ):
        eventually(lambda: Event.objects.get(pk=event.pk).sequence is not None)


def test_a_scheduled_job_runs_on_files(acme: Organization, data_dir: Path) -> None:
    settings = settings_on("", data_dir)
    event = publish(acme)

    with (
        running("worker", "--pool", "threads", "--concurrency", "2", settings=settings),
        running("beat", "--pidfile=", settings=settings),
    ):
        eventually(lambda: Event.objects.get(pk=event.pk).sequence is not None)

    assert (data_dir / "broker" / "control" / "celery.exchange").read_text() == (
        '[["celery", "", "celery"]]'
    )


def test_a_stopped_worker_finds_no_backlog(
    acme: Organization, redis_url: str, data_dir: Path
) -> None:
    settings = settings_on(redis_url, data_dir)
    client = redis.Redis.from_url(redis_url)
    with running("beat", "--pidfile=", settings=settings):
        eventually(lambda: client.llen("celery") > 6)
    client.close()
    event = publish(acme)

    with running("worker", "--pool", "threads", "--concurrency", "2", settings=settings):
        eventually(lambda: client.llen("celery") == 0)

    # Every message had expired: the worker threw them away, and the event waits for the next beat.
    assert Event.objects.get(pk=event.pk).sequence is None
