"""Every scheduled job once, here and now."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.module_loading import import_string

from billing.celery import Job, schedule
from billing.chains import Chain
from billing.commands import DONE, FAILED, FOUND, JsonCommand, Outcome

logger = logging.getLogger(__name__)

COUNTED = ("http_requests", "rpc_calls")


class Command(JsonCommand):
    help = (
        "Runs every scheduled job once, in the order of the schedule, in this process and without "
        "Celery, and prints what each did. It changes what the beat would change: payouts move on, "
        "events get their numbers. A job that another process is running is passed over."
    )

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("--chain", choices=Chain.values, help="follow this chain alone")
        parser.add_argument("--only", help="these jobs alone, such as follow,verify")
        parser.add_argument("--loops", type=int, default=1, help="so many rounds, without a pause")

    def run(self, **options: Any) -> Outcome:
        jobs = _chosen(options["chain"], options["only"])
        if options["loops"] < 1:
            raise CommandError("--loops takes a whole number above 0.")
        done: list[dict[str, Any]] = []
        for number in range(1, options["loops"] + 1):
            if options["loops"] > 1:
                self.progress(f"round {number} of {options['loops']}")
            done += [_run(job, number) for job in jobs]
        requests = _requests(done)
        lines = [_line(each) for each in done]
        lines += [f"requests to {chain}: {_pairs(spent)}" for chain, spent in requests.items()]
        return Outcome({"jobs": done, "requests": requests}, lines, max(map(_status, done)))


def _chosen(chain: str | None, only: str | None) -> list[Job]:
    jobs = schedule()
    words = {job.name.split()[0] for job in jobs}
    wanted = {word.strip() for word in only.split(",")} if only else words
    if unknown := sorted(wanted - words):
        raise CommandError(
            f"No such job: {', '.join(unknown)}. There are {', '.join(sorted(words))}."
        )
    return [
        job
        for job in jobs
        if job.name.split()[0] in wanted and (chain is None or job.arguments in ((), (chain,)))
    ]


def _run(job: Job, number: int) -> dict[str, Any]:
    """Run one job. What it raises is told and logged, and the next jobs run all the same."""
    began = time.perf_counter()
    row: dict[str, Any] = {"job": job.name, "round": number}
    try:
        row["did"] = import_string(job.task)(*job.arguments)
    except Exception as error:
        logger.exception("job failed job=%s", job.name.replace(" ", "_"))
        row["error"] = f"{type(error).__name__}: {error}"
    row["seconds"] = round(time.perf_counter() - began, 3)
    return row


def _requests(done: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """What the chains were asked, per chain; jobs that ask none say nothing of it."""
    spent: dict[str, dict[str, int]] = {}
    for each in done:
        did = each.get("did")
        if isinstance(did, Mapping) and "chain" in did:
            row = spent.setdefault(did["chain"], dict.fromkeys(COUNTED, 0))
            for name in COUNTED:
                row[name] += did.get(name, 0)
    return spent


def _status(row: dict[str, Any]) -> int:
    if "error" in row:
        return FAILED
    did = row["did"]
    return FOUND if isinstance(did, Mapping) and did.get("errors") else DONE


def _line(row: dict[str, Any]) -> str:
    did = row.get("did")
    if "error" in row:
        says = f"failed: {row['error']}"
    elif isinstance(did, Mapping):
        says = _pairs({k: v for k, v in did.items() if v not in (0, [], "", None)} or {"done": 0})
    else:
        says = "nothing to do" if did in (None, 0) else str(did)
    return f"{row['job']:<18} {row['seconds']:>7.3f} s  {says}"


def _pairs(values: Mapping[str, Any]) -> str:
    return " ".join(f"{key}={value}" for key, value in values.items())
