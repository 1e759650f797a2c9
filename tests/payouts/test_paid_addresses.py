"""Which addresses were paid, and what each could be mistaken for, however often they were paid."""

import re

from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.addresses import lookalike_key
from organizations.models import Organization
from payouts.models import PayoutIntent
from payouts.recipients.standing import lookalikes, standings
from tests.reconciliation.rows import RECIPIENT, a_payout, a_settlement, put_in

TWINS = [f"0x5AAE{n}{'1' * 31}BeAeD" for n in range(3)]


def settled(organization: Organization, address: str, chain: str = "base") -> PayoutIntent:
    return a_payout(
        organization,
        "settled",
        chain=chain,
        recipient_address=address,
        recipient_key=lookalike_key(address),
    )


def paid(organization: Organization, *payouts: PayoutIntent) -> None:
    put_in(payouts, [a_settlement(organization, payout) for payout in payouts])


def test_each_address_is_found_on_each_chain_it_was_paid_on(acme: Organization) -> None:
    often = [settled(acme, RECIPIENT, chain) for chain in ("base", "arbitrum") for _ in range(3)]
    paid(acme, *often, settled(acme, TWINS[2]))

    found = standings(
        acme.id, "sandbox", [(c, a) for a in (RECIPIENT, TWINS[2]) for c in ("arbitrum", "base")]
    )

    assert {place: (each.was_paid, each.lookalike) for place, each in found.items()} == {
        ("arbitrum", RECIPIENT): (True, TWINS[2]),
        ("base", RECIPIENT): (True, TWINS[2]),
        ("arbitrum", TWINS[2]): (False, RECIPIENT),
        ("base", TWINS[2]): (True, RECIPIENT),
    }


def test_every_lookalike_is_found_and_none_of_others(
    acme: Organization, zenith: Organization
) -> None:
    paid(acme, *[settled(acme, each) for each in (RECIPIENT, TWINS[0], TWINS[2], TWINS[0])])
    paid(zenith, settled(zenith, TWINS[1]))

    assert lookalikes(acme.id, "sandbox", RECIPIENT) == [TWINS[0], TWINS[2]]
    assert lookalikes(acme.id, "live", RECIPIENT) == []
    assert lookalikes(zenith.id, "sandbox", RECIPIENT) == [TWINS[1]]


def test_what_was_paid_often_is_skipped_by_its_index(acme: Organization) -> None:
    with connection.cursor() as cursor, CaptureQueriesContext(connection) as asked:
        standings(acme.id, "sandbox", [("base", RECIPIENT)])
        cursor.execute("set local enable_seqscan = off")
        cursor.execute("set local enable_bitmapscan = off")
        cursor.execute("explain " + asked[0]["sql"])
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert plan.count("Index Only Scan using payout_paid_addresses") == 2
    assert re.search(r"Index Cond: .*ROW\(", plan)
