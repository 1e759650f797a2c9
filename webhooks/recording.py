"""What came of attempts, written many at a time in one statement.

The endpoints whose rows change are locked first, in the order of their ids, then the deliveries: as
every act on an endpoint does. One more arrival in a row of them changes no endpoint: its row is
written once a lane has come to the end of what was read ahead, and when a third of the lease is
over. An outcome counts where the delivery had as many attempts as when it was claimed.
So a sender that lost its lease, and another that made the same attempt, do not count it twice.
A delivery that was canceled or redelivered while it was under way stays that; its attempt is
logged.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from billing import exact_json
from billing.callers import system
from billing.chains import Environment
from webhooks import endpoints, schedule
from webhooks.claiming import Due
from webhooks.models import DeliveryStatus, DisabledBecause


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt, begun `at`: an answer, or in `error` why there was none.

    `status_code` is None where none came; `retry_after` is the header's text.
    """

    due: Due
    at: datetime
    duration_ms: int
    address: str = ""
    status_code: int | None = None
    retry_after: str | None = None
    error: str = ""
    answer: str = ""

    @property
    def is_delivered(self) -> bool:
        return self.status_code is not None and 200 <= self.status_code <= 299

    @property
    def ended_at(self) -> datetime:
        return self.at + timedelta(milliseconds=self.duration_ms)


@dataclass(frozen=True, slots=True)
class _Told:
    """What the statement says of an endpoint."""

    endpoint_id: str
    organization_id: str
    environment: str
    is_told: bool
    failing_since: datetime | None
    is_ours: bool


RENEWED = 2 / 3  # of a lease: with less than that left it begins anew

# Nobody waits for the disk: an outcome that a crash of the database takes along is an attempt made
# twice, which receivers are told to expect. The setting ends with this transaction.
# `endpoint` has those whose rows change. The others are read as the statement found them: their
# leases have so long to run that nobody takes them over before the next outcome.
# The ids stand in arrays for the planner's sake: of any JSON it expects a hundred rows, for which
# it would read whole tables. The count has every endpoint locked before the first delivery.
_RECORD = """
WITH quick AS MATERIALIZED (
    SELECT set_config('synchronous_commit', 'off', TRUE)
), told AS (
    SELECT * FROM json_to_recordset(%(told)s::json) AS told (
        endpoint_id varchar, version timestamptz, goes_on boolean, is_plain boolean,
        delivery_id varchar, number int, tries int, status varchar, next_attempt_at timestamptz,
        is_delivered boolean, at timestamptz, ended_at timestamptz, duration_ms int,
        address varchar, status_code smallint, error varchar, answer text
    )
), endpoint AS (
    SELECT id FROM webhooks_endpoint
    WHERE id = ANY(ARRAY(SELECT endpoint_id FROM told)) AND (
        id IN (SELECT endpoint_id FROM told WHERE NOT is_plain) OR failing_since IS NOT NULL
        OR leased_until < statement_timestamp() + %(renewed_s)s * interval '1 second'
    )
    ORDER BY id FOR NO KEY UPDATE
), delivery AS (
    SELECT delivery.id, delivery.status = 'pending' AND delivery.tries = told.tries AS stands
    FROM quick CROSS JOIN (SELECT count(*) FROM endpoint) AS first
    CROSS JOIN told
    JOIN webhooks_delivery AS delivery
        ON delivery.id = told.delivery_id AND delivery.attempts = told.number - 1
    WHERE delivery.id = ANY(ARRAY(SELECT delivery_id FROM told))
    ORDER BY delivery.id FOR NO KEY UPDATE OF delivery
), counted AS (
    UPDATE webhooks_delivery AS row
    SET attempts = told.number,
        tries = row.tries + delivery.stands::int,
        status = CASE WHEN delivery.stands THEN told.status ELSE row.status END,
        next_attempt_at =
            CASE WHEN delivery.stands THEN told.next_attempt_at ELSE row.next_attempt_at END,
        delivered_at = CASE WHEN delivery.stands AND told.is_delivered THEN told.ended_at
            ELSE row.delivered_at END,
        updated_at = statement_timestamp()
    FROM delivery JOIN told ON told.delivery_id = delivery.id
    WHERE row.id = delivery.id AND row.id = ANY(ARRAY(SELECT delivery_id FROM told))
    RETURNING row.id
), logged AS (
    INSERT INTO webhooks_attempt (
        delivery_id, number, at, duration_ms, address, status_code, error, answer
    )
    SELECT told.delivery_id, told.number, told.at, told.duration_ms, told.address,
        told.status_code, told.error, told.answer
    FROM told JOIN counted ON counted.id = told.delivery_id
), changed AS (
    UPDATE webhooks_endpoint AS row
    SET failing_since = CASE WHEN told.is_delivered THEN NULL
            ELSE coalesce(row.failing_since, told.ended_at) END,
        last_delivered_at = CASE WHEN told.is_delivered THEN told.ended_at
            ELSE row.last_delivered_at END,
        lease = CASE WHEN row.lease = %(lease)s AND NOT told.goes_on THEN '' ELSE row.lease END,
        leased_until = CASE
            WHEN row.lease <> %(lease)s THEN row.leased_until
            WHEN told.goes_on THEN statement_timestamp() + %(lease_s)s * interval '1 second'
            ELSE statement_timestamp()
        END
    FROM endpoint JOIN told ON told.endpoint_id = endpoint.id
    WHERE row.id = endpoint.id AND row.id = ANY(ARRAY(SELECT endpoint_id FROM told))
    RETURNING row.*, told.version
), seen AS (
    SELECT * FROM changed
    UNION ALL
    SELECT row.*, told.version FROM webhooks_endpoint AS row
    JOIN told ON told.endpoint_id = row.id
    WHERE row.id = ANY(ARRAY(SELECT endpoint_id FROM told))
        AND row.id NOT IN (SELECT id FROM endpoint)
        AND row.leased_until >= statement_timestamp() + %(renewed_s)s * interval '1 second'
)
SELECT id, organization_id, environment, status = 'active' AND deleted_at IS NULL,
    failing_since, lease = %(lease)s AND updated_at = version
FROM seen
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """An outcome and its lane: as which `version` the endpoint was claimed, whether it goes on.

    `has_next` where it goes on with what was read ahead.
    """

    outcome: Outcome
    version: datetime
    goes_on: bool
    has_next: bool


def record(lease: str, entries: Sequence[Entry], *, lease_s: float) -> set[str]:
    """Write the outcomes, at most one for each endpoint; return which endpoints are still ours.

    Those and no others may be told the next: one that was disabled, deleted or changed meanwhile,
    or whose lease has run out, is not. An endpoint that is gone, or failed for three days, is
    disabled here; webhook.disabled says so.
    """
    if all(entry.outcome.is_delivered for entry in entries):
        told = _write(lease, entries, lease_s)  # One statement is a transaction of its own.
        return {each.endpoint_id for each in told if each.is_told and each.is_ours}
    with transaction.atomic():
        told = _write(lease, entries, lease_s)
        disabled = {each.endpoint_id for each in told if _disable_if_hopeless(each, entries)}
    return {each.endpoint_id for each in told if each.is_told and each.is_ours} - disabled


def _write(lease: str, entries: Sequence[Entry], lease_s: float) -> list[_Told]:
    parameters: dict[str, str | float] = {
        "told": exact_json.dumps([_row(entry) for entry in entries]).decode(),
        "lease": lease,
        "lease_s": lease_s,
        "renewed_s": lease_s * RENEWED,
    }
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, parameters)
        return [_Told(*row) for row in cursor.fetchall()]


def _row(entry: Entry) -> dict[str, object]:
    outcome, due = entry.outcome, entry.outcome.due
    status, next_attempt_at = _verdict(outcome)
    return {
        "endpoint_id": due.endpoint_id,
        "version": entry.version,
        "goes_on": entry.goes_on,
        "is_plain": entry.has_next and outcome.is_delivered,
        "delivery_id": due.delivery_id,
        "number": due.attempts + 1,
        "tries": due.tries,
        "status": status.value,
        "next_attempt_at": next_attempt_at,
        "is_delivered": outcome.is_delivered,
        "at": outcome.at,
        "ended_at": outcome.ended_at,
        "duration_ms": outcome.duration_ms,
        "address": outcome.address,
        "status_code": outcome.status_code,
        "error": outcome.error,
        "answer": outcome.answer,
    }


def _verdict(outcome: Outcome) -> tuple[DeliveryStatus, datetime | None]:
    if outcome.is_delivered:
        return DeliveryStatus.DELIVERED, None
    again_at = schedule.next_attempt(
        outcome.due.tries + 1,
        outcome.ended_at,
        luck=random.random(),  # noqa: S311  # spreads the load; nobody gains by guessing it
        wish=schedule.wish(outcome.status_code, outcome.retry_after, outcome.ended_at),
    )
    if again_at is None:
        return DeliveryStatus.FAILED, None
    return DeliveryStatus.PENDING, again_at


def _disable_if_hopeless(told: _Told, entries: Sequence[Entry]) -> bool:
    """Disable an endpoint to which nothing more should be sent; return whether it was."""
    outcome = next(e.outcome for e in entries if e.outcome.due.endpoint_id == told.endpoint_id)
    because = _why_hopeless(told, outcome)
    if because is None or not told.is_told:
        return False
    sender = system(told.organization_id, Environment(told.environment), "The sender of webhooks")
    endpoints.disable(sender, told.endpoint_id, because)
    return True


def _why_hopeless(told: _Told, outcome: Outcome) -> DisabledBecause | None:
    if outcome.status_code == schedule.GONE:
        return DisabledBecause.GONE
    if told.failing_since and schedule.is_given_up(told.failing_since, outcome.ended_at):
        return DisabledBecause.FAILING
    return None
