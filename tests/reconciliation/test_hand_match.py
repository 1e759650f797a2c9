"""A match by hand beside runs: whichever comes first, no run takes the money from its payout."""

from dataclasses import replace
from functools import partial

import pytest
from pytest_django import Settings

from organizations.models import Organization, User
from payouts import services as payouts
from payouts.models import Settlement
from reconciliation import services
from tests.payouts.making import OTHER_RECIPIENT, People, moved, reload
from tests.payouts.outgoing import a_source, approved, found, left
from tests.payouts.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 8


@pytest.fixture
def people(
    settings: Settings, acme: Organization, mara: User, jon: User, otto: User, ada: User
) -> People:
    settings.NETWORKS = {
        name: replace(row, rpc_urls=("http://127.0.0.1:9",))
        for name, row in settings.NETWORKS.items()
    }
    return People.of(acme, "live", mara, jon, otto, ada)


def test_no_run_beside_it_or_after_it_undoes_a_match(people: People) -> None:
    a_source(people)
    place = (people.operator.organization_id, "live")
    for number in range(ROUNDS):
        # Another amount, so that a run has something of its own to say of the pair.
        left(moved(500_000_000 + number * 1_000_000 + 1))
        found()
        stray = Settlement.objects.get(payout=None)
        payout = approved(people)
        match = partial(
            payouts.match_by_hand,
            people.operator,
            payout.id,
            settlement_id=stray.id,
            reason="the treasurer sent it by hand",
        )

        answers = at_once([partial(services.run, *place), match, partial(services.run, *place)])
        services.run(*place)

        assert answers == ["done"] * 3
        settlement = reload(payout).settlement
        assert settlement is not None
        assert (settlement.id, settlement.payout_id) == (stray.id, payout.id)
        assert settlement.discrepancies == ["amount"]
        books = services.summary(*place)
        assert (books.unexpected_settlements.count, books.discrepancies_count) == (0, 1)
        services.resolve(people.operator, stray.id, "matched_by_hand", "As the treasurer said.")
        services.run(*place)
        assert services.summary(*place).discrepancies_count == 0


def test_what_was_resolved_by_hand_stays_so_beside_runs(people: People) -> None:
    a_source(people)
    place = (people.operator.organization_id, "live")
    for _ in range(ROUNDS):
        left(moved(7_000_000, to=OTHER_RECIPIENT))
        found()
        stray = Settlement.objects.get(payout=None, resolved_at=None)
        resolve = partial(services.resolve, people.operator, stray.id, "internal", "Our own.")

        answers = at_once([partial(services.run, *place), resolve, partial(services.run, *place)])

        assert answers == ["done"] * 3
        resolved = Settlement.objects.filter(pk=stray.pk, payout=None, resolution="internal")
        assert resolved.exists()
        assert services.summary(*place).unexpected_settlements.count == 0
