import pytest

from billing.errors import Forbidden, InvalidRequest, NotFound
from reconciliation import services
from tests.reconciliation.rows import AT, a_payout, a_settlement, put_in


@pytest.fixture
def different(acme):
    """A settlement that is 0.05 short."""
    payout = a_payout(acme, "settled")
    settlement = a_settlement(acme, payout, amount_atomic=499_950_000, discrepancies=["amount"])
    put_in([payout], [settlement])
    return settlement


@pytest.fixture
def stray(acme):
    """Money that left with no payout behind it."""
    settlement = a_settlement(acme)
    put_in([], [settlement])
    return settlement


def test_a_discrepancy_is_resolved_and_counts_as_matched(
    acme, different, as_person, otto, events_of
):
    caller = as_person(otto, acme)

    services.resolve(caller, different.id, "accepted_fee", "The token keeps 0.01 %.")

    different.refresh_from_db()
    assert different.resolution == "accepted_fee"
    assert different.resolution_note == "The token keeps 0.01 %."
    assert (different.resolved_by, different.resolved_at is not None) == (otto.id, True)
    assert events_of(different) == ["settlement.resolved"]
    summary = services.summary(acme.id, "sandbox")
    assert (summary.matched.count, summary.is_clean) == (1, True)


@pytest.mark.parametrize("resolution", ["refund", "written_off", "internal"])
def test_an_unexpected_settlement_is_resolved(acme, stray, as_person, otto, resolution):
    services.resolve(as_person(otto, acme), stray.id, resolution, "Known.")

    summary = services.summary(acme.id, "sandbox")
    assert (summary.unexpected_settlements.count, summary.resolved_unexpected.count) == (0, 1)


@pytest.mark.parametrize("resolution", ["accepted_fee", "top_up", "matched_by_hand"])
def test_what_explains_a_difference_explains_no_missing_payout(
    acme, stray, as_person, otto, resolution
):
    with pytest.raises(InvalidRequest) as refusal:
        services.resolve(as_person(otto, acme), stray.id, resolution, "Known.")

    assert refusal.value.param == "resolution"


def test_a_word_that_is_no_resolution_is_refused(acme, different, as_person, otto):
    with pytest.raises(InvalidRequest) as refusal:
        services.resolve(as_person(otto, acme), different.id, "forgotten", "Known.")

    assert refusal.value.code == "invalid_field_value"


def test_a_note_is_asked_for(acme, different, as_person, otto):
    with pytest.raises(InvalidRequest) as refusal:
        services.resolve(as_person(otto, acme), different.id, "accepted_fee", "  ")

    assert refusal.value.code == "missing_required_field"
    different.refresh_from_db()
    assert different.resolved_at is None


def test_twice_is_refused(acme, different, as_person, otto):
    caller = as_person(otto, acme)
    services.resolve(caller, different.id, "accepted_fee", "First.")

    with pytest.raises(InvalidRequest) as refusal:
        services.resolve(caller, different.id, "written_off", "Second.")

    assert refusal.value.code == "settlement_not_open"
    different.refresh_from_db()
    assert different.resolution_note == "First."


def test_what_agrees_has_nothing_to_resolve(acme, as_person, otto):
    payout = a_payout(acme, "settled")
    settlement = a_settlement(acme, payout)
    put_in([payout], [settlement])

    with pytest.raises(InvalidRequest) as refusal:
        services.resolve(as_person(otto, acme), settlement.id, "accepted_fee", "Known.")

    assert refusal.value.code == "settlement_not_open"


def test_one_that_left_the_chain_after_it_was_resolved_is_open_again(acme, as_person, otto):
    payout = a_payout(acme, "settled")
    later = AT.replace(hour=13)
    settlement = a_settlement(
        acme, payout, discrepancies=["amount"], resolved_at=AT, reversed_at=later
    )
    put_in([payout], [settlement])

    services.resolve(as_person(otto, acme), settlement.id, "written_off", "Paid again.")

    settlement.refresh_from_db()
    assert settlement.resolved_at is not None
    assert settlement.resolved_at > later


def test_a_strangers_settlement_is_as_missing(different, zenith, as_person, zoe):
    with pytest.raises(NotFound) as refusal:
        services.resolve(as_person(zoe, zenith), different.id, "accepted_fee", "Mine now.")

    assert refusal.value.code == "settlement_not_found"


def test_the_other_environment_is_as_missing(acme, different, as_person, otto):
    with pytest.raises(NotFound):
        services.resolve(as_person(otto, acme, "live"), different.id, "accepted_fee", "Known.")


def test_who_may_not_execute_may_not_resolve(acme, different, as_person, mara):
    with pytest.raises(Forbidden):
        services.resolve(as_person(mara, acme), different.id, "accepted_fee", "Known.")
