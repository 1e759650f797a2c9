"""Expected values were made by `printf … | sha256sum`, not by this program."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from approvals.facts import Facts, digest

FACTS = Facts(
    subject_id="po_000000000000000000000001",
    environment="live",
    chain="base",
    contract="0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
    recipient="0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    amount_atomic=49_990_000,
    due_date=datetime(2025, 1, 15, 12, tzinfo=UTC),
    created_by="usr_mara",
)
DIGEST = "a7e0801f022776ae62a05d64c767f04b761c30c1d5e323daa06f92ed704fd234"


def test_the_digest_is_that_of_the_published_text() -> None:
    assert digest(FACTS) == DIGEST


def test_without_a_due_date_its_place_is_empty() -> None:
    assert (
        digest(replace(FACTS, due_date=None))
        == "2f18d0e6d958d4d3af82049cf7faad0cb3f8a79955af91d82055e878149d9ad7"
    )


def test_the_due_date_counts_in_utc() -> None:
    berlin = timezone(timedelta(hours=1))

    facts = replace(FACTS, due_date=datetime(2025, 1, 15, 13, tzinfo=berlin))

    assert digest(facts) == DIGEST


@pytest.mark.parametrize(
    "change",
    [
        {"subject_id": "po_000000000000000000000002"},
        {"environment": "sandbox"},
        {"chain": "arbitrum"},
        {"contract": "0xaf88d065e77c8cC2239327C5EDb3A432268e5831"},
        {"recipient": "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"},
        {"amount_atomic": 49_990_001},
        {"due_date": datetime(2025, 1, 15, 12, 0, 1, tzinfo=UTC)},
    ],
)
def test_whatever_is_agreed_to_changes_the_digest(change: dict[str, object]) -> None:
    assert digest(replace(FACTS, **change)) != DIGEST  # type: ignore[arg-type]  # one of its fields


def test_who_created_it_is_not_part_of_what_is_agreed() -> None:
    assert digest(replace(FACTS, created_by="usr_jon", created_by_issuer="usr_x")) == DIGEST
