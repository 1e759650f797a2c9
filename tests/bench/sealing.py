"""Sealing events beside a loop that only reads and hashes the same rows; what publishing pays."""

import hashlib

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from billing.ids import new_id
from events import sealing
from events.models import Event
from events.services import assign_sequences, event_fields, publish
from events.stored import Place, chunks
from tests.bench.arms import interleaved, ratio, seconds
from tests.bench.figures import Figure
from tests.bench.place import Tenant, new_tenant

EVENTS, ROUNDS = 50_000, 3
# As much as an event of a payout says.
SAID = {f"field_{number}": "a text of usual length" for number in range(35)}


def run() -> list[Figure]:
    tenant = new_tenant("Sealed")
    place = Place(tenant.caller.organization_id, tenant.caller.environment)
    with transaction.atomic():
        _tell(tenant, EVENTS)
    assign_sequences()
    arms = {"seal": _sealing, "bare": seconds(lambda: _bare(place))}
    answers = interleaved(arms, ROUNDS)
    workload = f"seal {EVENTS:,} events"
    rate = EVENTS / min(answers["seal"])
    beside = f"reading and hashing alone {EVENTS / min(answers['bare']):,.0f} a second"
    return [
        Figure(workload, "a second", rate, "events", beside),
        Figure(workload, "time", ratio(answers, "seal", "bare"), "×", "reading and hashing", 2.0),
        Figure("publish an event", "queries", _queries(tenant), "", "", 1, exactly=True),
    ]


def _tell(tenant: Tenant, many: int) -> None:
    said = event_fields(tenant.caller, "payout.created", "po_1", SAID)
    rows = (Event(**{**said, "id": new_id("evt")}) for _ in range(many))
    Event.objects.bulk_create(rows, batch_size=2_000)


def _sealing() -> float:
    """Unseal everything, past the triggers, so that the same events can be sealed again."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE events_seal, events_sealhead")
    return seconds(sealing.seal)()


def _bare(place: Place) -> None:
    for rows in chunks(place, 2**62):
        for row in rows:
            hashlib.sha256(str(row).encode()).digest()


def _queries(tenant: Tenant) -> int:
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        publish(tenant.caller, "payout.created", "po_1", SAID)
    return len(queries)
