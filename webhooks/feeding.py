"""From events to deliveries: what happened becomes owed to every endpoint that wants it.

The Feed row says how far an organization's events have come; it is locked for each step, and moves
in the transaction that writes the deliveries. Races. Two feeds: the second passes the tenant over.
A feed with a redelivery: `one_delivery_per_endpoint_and_event` refuses the second row. A feed with
the end of an endpoint: that locks the Feed row too, so it either finds the deliveries and cancels
them, or is over before they are written.
"""

from dataclasses import dataclass

from django.db import connection, transaction

# In one statement, so that a tenant with thousands of endpoints stays far from its time limit.
DELIVERIES_AT_ONCE = 20_000
EVENTS_AT_ONCE = 2_000

# A test is for the endpoint that asked; all else for those that want it.
WANTS = """CASE event.type
    WHEN 'webhook.test' THEN event.resource_id = endpoint.id
    ELSE endpoint.events && ARRAY['*', event.type]::varchar[]
END"""
NEW_ID = "'whd_' || translate(left(gen_random_uuid()::text, 28), '-', '')"

# max() is one step down the index of the numbers, whatever the tenant's history.
_TENANTS_WITH_NEWS = """
SELECT tenant.organization_id, tenant.environment, tenant.endpoints, feed.id IS NOT NULL
FROM (
    SELECT organization_id, environment, count(*) AS endpoints FROM webhooks_endpoint
    WHERE deleted_at IS NULL GROUP BY organization_id, environment
) AS tenant
LEFT JOIN webhooks_feed AS feed USING (organization_id, environment)
CROSS JOIN LATERAL (
    SELECT max(sequence) AS sequence FROM events_event AS event
    WHERE event.organization_id = tenant.organization_id
        AND event.environment = tenant.environment
) AS told
WHERE told.sequence > coalesce(feed.sequence, 0)
"""

# Begun where the first endpoint's time begins: all the history before it is nobody's. OFFSET 0
# keeps the planner from looking for the smallest number by walking all of them.
_BEGIN = """
WITH event AS (
    SELECT sequence, created_at FROM events_event
    WHERE organization_id = %(organization)s AND environment = %(environment)s
), since AS (
    SELECT sequence FROM event
    WHERE created_at >= (
        SELECT min(created_at) FROM webhooks_endpoint
        WHERE organization_id = %(organization)s AND environment = %(environment)s
            AND deleted_at IS NULL
    )
    OFFSET 0
)
INSERT INTO webhooks_feed (organization_id, environment, sequence)
VALUES (
    %(organization)s, %(environment)s,
    coalesce((SELECT min(sequence) - 1 FROM since), (SELECT max(sequence) FROM event), 0)
)
ON CONFLICT (organization_id, environment) DO NOTHING
"""

_LOCK = """
SELECT id, sequence FROM webhooks_feed
WHERE organization_id = %s AND environment = %s FOR UPDATE SKIP LOCKED
"""

# What happened before an endpoint was registered is not owed to it.
_STEP = f"""
WITH event AS (
    SELECT id, type, resource_id, sequence, created_at FROM events_event
    WHERE organization_id = %(organization)s AND environment = %(environment)s
        AND sequence > %(after)s
    ORDER BY sequence LIMIT %(most)s
), owed AS (
    INSERT INTO webhooks_delivery (
        id, created_at, updated_at, endpoint_id, event_id, sequence, status, attempts, tries,
        next_attempt_at
    )
    SELECT {NEW_ID}, statement_timestamp(), statement_timestamp(), endpoint.id, event.id,
        event.sequence, 'pending', 0, 0, statement_timestamp()
    FROM event JOIN webhooks_endpoint AS endpoint
        ON endpoint.organization_id = %(organization)s
        AND endpoint.environment = %(environment)s
        AND endpoint.deleted_at IS NULL AND endpoint.status = 'active'
        AND endpoint.created_at <= event.created_at AND {WANTS}
    ON CONFLICT (endpoint_id, event_id) DO NOTHING
    RETURNING 1
), moved AS (
    UPDATE webhooks_feed SET sequence = last.sequence
    FROM (SELECT max(sequence) AS sequence FROM event) AS last
    WHERE webhooks_feed.id = %(feed)s AND last.sequence IS NOT NULL
)
SELECT (SELECT count(*) FROM owed), (SELECT count(*) FROM event)
"""  # noqa: S608  # constants of this module


@dataclass(frozen=True, slots=True)
class _Tenant:
    organization_id: str
    environment: str
    endpoints: int


def feed() -> int:
    """Make deliveries of the events that were numbered since the last time; return how many.

    A disabled endpoint is owed nothing of what happens meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TENANTS_WITH_NEWS)
        rows = cursor.fetchall()
    owed = 0
    for organization_id, environment, endpoints, has_begun in rows:
        if not has_begun:
            begin(organization_id, environment)
        owed += _feed_all(_Tenant(organization_id, environment, endpoints))
    return owed


def begin(organization_id: str, environment: str) -> None:
    """Have a Feed row where there is none, after all that happened before the first endpoint."""
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, {"organization": organization_id, "environment": environment})


def _feed_all(tenant: _Tenant) -> int:
    most = max(1, min(EVENTS_AT_ONCE, DELIVERIES_AT_ONCE // tenant.endpoints))
    owed = 0
    while True:
        made, seen = _step(tenant, most)
        owed += made
        if seen < most:
            return owed


def _step(tenant: _Tenant, most: int) -> tuple[int, int]:
    """Return how many deliveries were made, and of how many events."""
    where = (tenant.organization_id, tenant.environment)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK, where)
        found = cursor.fetchone()
        if found is None:
            return 0, 0
        cursor.execute(
            _STEP,
            {
                "organization": tenant.organization_id,
                "environment": tenant.environment,
                "feed": found[0],
                "after": found[1],
                "most": most,
            },
        )
        made, seen = cursor.fetchone()
        return made, seen
