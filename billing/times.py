"""Times at the edge: aware UTC in, one spelling out."""

from datetime import UTC, datetime


def iso(moment: datetime) -> str:
    """Return `moment` as the API writes every time: UTC, whole seconds, `2025-01-15T12:00:00Z`."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
