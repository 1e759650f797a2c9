"""Sealing what was told: numbered events become links of a chain, in the background.

The act's own transaction pays nothing. Races. Two passes: the head is locked, and the second passes
that organization and environment over. Killed between two steps: links and head are written in one
transaction, so the next pass goes on behind the last one that committed.
"""

import logging
from collections.abc import Sequence

from django.db import connection, transaction
from django.utils import timezone

from billing.errors import InvalidRequest
from events import chain
from events.models import Seal, SealHead
from events.stored import Place

logger = logging.getLogger(__name__)

SEALED_AT_ONCE = 5_000

# max() is one step down the index of the numbers, whatever the history.
_TENANTS_WITH_NEWS = """
SELECT tenant.id, tenant.environment
FROM (
    SELECT id, unnest(ARRAY['live', 'sandbox']) AS environment FROM organizations_organization
) AS tenant
LEFT JOIN events_sealhead AS head
    ON head.organization_id = tenant.id AND head.environment = tenant.environment
CROSS JOIN LATERAL (
    SELECT max(sequence) AS sequence FROM events_event AS event
    WHERE event.organization_id = tenant.id AND event.environment = tenant.environment
) AS numbered
WHERE numbered.sequence > coalesce(head.sequence, 0)
ORDER BY 1, 2
"""
_NEXT = f"""
SELECT {chain.COLUMNS} FROM events_event
WHERE organization_id = %s AND environment = %s AND sequence > %s
ORDER BY sequence LIMIT %s
"""  # noqa: S608  # constants


def seal() -> int:
    """Seal every event that has its number; returns how many were sealed.

    An organization and environment that another pass is sealing is left to that one. One whose
    chain does not fit together is left as it is, and an error in the log says why: sealing on
    would make true what somebody changed.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TENANTS_WITH_NEWS)
        tenants = cursor.fetchall()
    return sum(_seal_all(organization_id, environment) for organization_id, environment in tenants)


@transaction.atomic
def sign_anew(place: Place, *, sequence: int, digest: str) -> None:
    """Bind a head to today's SECRET_KEY, once its chain was recomputed up to `sequence`.

    Raises InvalidRequest where the head moved meanwhile.
    """
    head = SealHead.objects.select_for_update().filter(**place.parameters).first()
    if head is None or (head.sequence, head.digest) != (sequence, digest):
        raise InvalidRequest("The head moved while the chain was recomputed. Run it again.")
    chain.sign(head)
    head.save(update_fields=["key_mark", "mac", "updated_at"])
    logger.warning(
        "audit head signed anew organization=%s environment=%s sequence=%d", *place.key, sequence
    )


def _seal_all(organization_id: str, environment: str) -> int:
    sealed = 0
    while True:
        batch = _seal_batch(organization_id, environment)
        sealed += batch
        if batch < SEALED_AT_ONCE:
            return sealed


@transaction.atomic
def _seal_batch(organization_id: str, environment: str) -> int:
    _begin(organization_id, environment)
    place = {"organization_id": organization_id, "environment": environment}
    head = SealHead.objects.select_for_update(skip_locked=True).filter(**place).first()
    if head is None:
        return _unlocked(organization_id, environment)
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [organization_id, environment, head.sequence, SEALED_AT_ONCE])
        rows = cursor.fetchall()
    if wrong := _obstacle(head, rows):
        logger.error(
            "audit not sealed organization=%s environment=%s sequence=%d why=%s",
            *(organization_id, environment, head.sequence, wrong),
        )
        return 0
    if rows:
        _write(head, rows)
    return len(rows)


def _begin(organization_id: str, environment: str) -> None:
    """Have a head where nothing was ever sealed. Where only the head is missing, it was removed."""
    place = {"organization_id": organization_id, "environment": environment}
    if SealHead.objects.filter(**place).exists() or Seal.objects.filter(**place).exists():
        return
    head = SealHead(**place, sequence=0, begun_at=timezone.now())
    head.digest = chain.genesis(organization_id, environment).hex()
    chain.sign(head)
    SealHead.objects.bulk_create([head], ignore_conflicts=True)  # Another pass may have been first.


def _unlocked(organization_id: str, environment: str) -> int:
    """Another pass has the head; or there is none although there are seals, which is an alarm."""
    if not SealHead.objects.filter(
        organization_id=organization_id, environment=environment
    ).exists():
        logger.error(
            "audit not sealed organization=%s environment=%s why=its head was removed",
            *(organization_id, environment),
        )
    return 0


def _obstacle(head: SealHead, rows: Sequence[chain.Row]) -> str:
    """Why nothing may be sealed behind this head; empty where all is well."""
    if head.key_mark != chain.key_mark():
        return "SECRET_KEY is another than before: run verify_audit --sign-anew"
    if not chain.is_signed(head):
        return "its head was changed: run verify_audit"
    expected = range(head.sequence + 1, head.sequence + 1 + len(rows))
    missing = next(
        (n for n, row in zip(expected, rows, strict=True) if row[chain.SEQUENCE] != n), 0
    )
    return f"event {missing} was removed: run verify_audit" if missing else ""


def _write(head: SealHead, rows: Sequence[chain.Row]) -> None:
    link, links = bytes.fromhex(head.digest), bytearray()
    for row in rows:
        link = chain.link(link, row)
        links += link
    Seal.objects.create(
        organization_id=head.organization_id,
        environment=head.environment,
        first_sequence=head.sequence + 1,
        last_sequence=head.sequence + len(rows),
        links=bytes(links),
    )
    head.sequence, head.digest = head.sequence + len(rows), link.hex()
    chain.sign(head)
    head.save(update_fields=["sequence", "digest", "key_mark", "mac", "updated_at"])
