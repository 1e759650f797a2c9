from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from payouts.models import SubmittedHash
from payouts.suggestions import MOST_EQUAL
from reconciliation import services
from tests.reconciliation.rows import AT, RECIPIENT, SENDER, a_payout, a_settlement, put_in
from wallets.services import NewWallet
from wallets.services import create as create_wallet


def named(payout, tx_hash):
    """Somebody named this hash for the payout."""
    SubmittedHash.objects.create(
        payout=payout, organization_id=payout.organization_id, environment="sandbox",
        chain=payout.chain, tx_hash=tx_hash, submitted_at=AT, submitted_at_chain_time=AT,
        submitted_by="usr_1", submitted_by_name="Mara", watch_until=AT,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("draft", "fits draft {} that nobody approved"),
        ("approved", "fits approved {} that has no hash yet"),
        ("pending_execution", "fits handed over {} that has no hash yet"),
        ("executed", "fits executed {} whose transaction is in no block yet"),
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
    named(payout, "0xab")

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


def test_several_payouts_of_this_money_are_all_named(acme):
    payouts = [a_payout(acme, "approved", created_at=AT + timedelta(hours=n)) for n in range(5)]
    stray = a_settlement(acme)
    put_in(payouts[:2], [stray])
    one, two, three, *_ = (payout.id for payout in payouts)

    assert services.suggestion(stray) == f"fits {one} and {two}: choose"

    put_in(payouts[2:])
    assert services.suggestion(stray) == f"fits {one}, {two}, {three} and 2 more: choose"
    assert len(services.suggestion(stray)) <= 255


def test_of_very_many_equal_payouts_the_newest_are_looked_at(acme):
    oldest, stray = a_payout(acme), a_settlement(acme)
    newer = [
        a_payout(acme, "canceled", created_at=AT + timedelta(hours=n + 1))
        for n in range(MOST_EQUAL)
    ]
    put_in([oldest, *newer[1:]], [stray])

    assert services.suggestion(stray) == f"fits draft {oldest.id} that nobody approved"

    put_in([newer[0]])
    assert services.suggestion(stray) == f"fits canceled {newer[-1].id}"


def test_of_more_that_wait_than_are_looked_at_it_says_at_least(acme):
    stray = a_settlement(acme)
    others = [a_payout(acme, "canceled") for _ in range(MOST_EQUAL - 5)]
    waiting = [a_payout(acme, "approved", created_at=AT + timedelta(hours=1)) for _ in range(4)]
    put_in([*others, *waiting], [stray])

    assert services.suggestion(stray).endswith(" and 1 more: choose")

    put_in([a_payout(acme, "approved")])
    assert services.suggestion(stray).endswith(" and at least 2 more: choose")


@pytest.mark.parametrize("code", ["recipient_mismatch", "token_mismatch"])
def test_money_of_a_failed_payout_says_how_it_failed(acme, code):
    payout = a_payout(acme, "failed", outcome="moved")
    payout.failure_code = code
    stray = a_settlement(acme, to_address=SENDER, tx_hash="0xab")
    put_in([payout], [stray])
    named(payout, "0xab")

    assert services.suggestion(stray) == f"named for failed {payout.id} as {code}"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("approved", "approved"),
        ("pending_execution", "handed over"),
        ("executed", "executed"),
        ("failed", "failed"),
    ],
)
def test_money_on_the_wrong_chain_names_the_payout_of_the_right_one(acme, status, state):
    payout, stray = a_payout(acme, status, chain="arbitrum"), a_settlement(acme)
    if status == "failed":
        payout.failure_code, payout.outcome = "wrong_chain", "moved"
    put_in([payout], [stray])

    assert services.suggestion(stray) == f"fits {state} {payout.id} on Arbitrum One"


def test_another_token_on_the_wrong_chain_fits_nothing(acme):
    stray = a_settlement(acme)
    put_in([a_payout(acme, "approved", chain="arbitrum", token="USDT")], [stray])

    assert services.suggestion(stray) == "never seen before"


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
