from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from billing.times import iso


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2025, 1, 15, 12, tzinfo=UTC), "2025-01-15T12:00:00Z"),
        (datetime(2025, 1, 15, 12, 0, 0, 999_999, tzinfo=UTC), "2025-01-15T12:00:00Z"),
        (datetime(2025, 7, 1, 2, tzinfo=ZoneInfo("Europe/Berlin")), "2025-07-01T00:00:00Z"),
        (datetime(2025, 1, 1, tzinfo=timezone(timedelta(hours=-5))), "2025-01-01T05:00:00Z"),
        (datetime(99, 1, 1, tzinfo=UTC), "0099-01-01T00:00:00Z"),
    ],
)
def test_a_time_has_one_spelling(moment: datetime, text: str) -> None:
    assert iso(moment) == text
