import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from payouts.models import SubmittedHash
from reconciliation import services
from tests.reconciliation.rows import AT, RECIPIENT, a_payout, a_settlement, put_in
from wallets.services import NewWallet
from wallets.services import create as create_wallet


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("draft", "fits draft {} that nobody approved"),
        ("approved", "fits approved {} that has no hash yet"),
        ("pending_execution", "fits handed over {} that has no hash yet"),
        ("canceled", "fits canceled {}"),
    ],
)
def test_a_payout_of_exactly_this_money_is_named(acme, status, sentence):
    payout, stray = a_payout(acme, status), a_settlement(acme)
    put_in([payout], [stray])

    assert services.suggestion(stray) == sentence.format(payout.id)


def test_a_transfer_under_the_hash_of_a_settled_payout_is_its_second_payment(acme):
    payout = a_payout(acme, "settled")
    settlement = a_settlement(acme, payout)
    stray = a_settlement(acme, amount_atomic=3, tx_hash="0xab")
    put_in([payout], [settlement, stray])
    SubmittedHash.objects.create(
        payout=payout, organization=acme, environment="sandbox", chain="base", tx_hash="0xab",
        submitted_at=AT, submitted_at_chain_time=AT, submitted_by="usr_1",
        submitted_by_name="Mara", watch_until=AT,
    )  # fmt: skip

    assert services.suggestion(stray) == f"second payment of {payout.id}"


def test_the_same_money_once_more_is_a_second_payment(acme):
    payout = a_payout(acme, "settled")
    stray = a_settlement(acme)
    put_in([payout], [a_settlement(acme, payout), stray])

    assert services.suggestion(stray) == f"second payment of {payout.id}"


def test_a_draft_of_this_money_says_more_than_an_earlier_payment(acme):
    paid, draft, stray = a_payout(acme, "settled"), a_payout(acme), a_settlement(acme)
    put_in([paid, draft], [a_settlement(acme, paid), stray])

    assert services.suggestion(stray) == f"fits draft {draft.id} that nobody approved"


def test_an_own_wallet_is_known_by_its_name(acme, api):
    create_wallet(api(acme).caller, NewWallet("base", RECIPIENT, "Treasury"))
    stray = a_settlement(acme)
    put_in([], [stray])

    assert services.suggestion(stray) == "recipient known as Treasury"


def test_a_recipient_that_was_paid_before_is_known(acme):
    payout, stray = a_payout(acme, "settled"), a_settlement(acme, amount_atomic=3)
    put_in([payout], [a_settlement(acme, payout), stray])

    assert services.suggestion(stray) == f"recipient known as the one of {payout.id}"


def test_what_nobody_knows_was_never_seen_before(acme, zenith):
    stray = a_settlement(acme)
    put_in(
        [a_payout(zenith), a_payout(acme, environment="live"), a_payout(acme, amount_atomic=1)],
        [stray],
    )

    assert services.suggestion(stray) == "never seen before"


def test_many_are_read_in_one_query(acme):
    strays = [a_settlement(acme, amount_atomic=n + 1) for n in range(5)]
    put_in([], strays)

    with CaptureQueriesContext(connection) as queries:
        sentences = services.suggestions(strays)

    assert set(sentences.values()) == {"never seen before"}
    assert (len(sentences), len(queries)) == (5, 1)
