"""The reconciliation desk in a real browser: at a desk and on a phone, by day and by night."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.admin.utils import quote
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from organizations.models import Organization, User
from reconciliation import cases, periods, services
from reconciliation.models import ReconciliationRun
from tests.admin.reading import page_of
from tests.admin.test_books import BOOKS, short_paid
from tests.browser.conftest import Reader
from tests.browser.looks import all_looked_at
from tests.payouts.making import (
    OTHER_RECIPIENT,
    RECIPIENT,
    TRON_RECIPIENT,
    USDC,
    USDT,
    People,
    a_hash,
    make_payout,
    mined,
    moved,
)
from tests.payouts.outgoing import OWN, a_source
from tests.reconciliation.rows import a_payout, a_settlement, put_in
from tests.reconciliation.test_wallet_books import scanned, told

pytestmark = pytest.mark.django_db(transaction=True)

TO = {"tron": TRON_RECIPIENT, "base": RECIPIENT, "arbitrum": RECIPIENT}
KINDS = (("tron", "USDT"), ("base", "USDC"), ("arbitrum", "USDC"))


@pytest.fixture
def paths(
    settings: Settings, acme: Organization, mara: User, jon: User, otto: User, ada: User
) -> dict[str, str]:
    """Each page with something on it: an owner, a note, a closed period."""
    settings.NETWORKS = {
        name: replace(row, rpc_urls=("http://127.0.0.1:9",))
        for name, row in settings.NETWORKS.items()
    }
    people = People.of(acme, "live", mara, jon, otto, ada)
    _wallets(people)
    short_paid(people)
    for chain, token in (("tron", "USDT"), ("base", "USDC"), ("arbitrum", "USDC")):
        make_payout(people, "draft", chain=chain, token=token, recipient_address=TO[chain])
    make_payout(people, "approved", due_date=timezone.now() - timedelta(hours=30))
    mined(a_hash(), moved(7_000_000, to=OTHER_RECIPIENT), block=1_050)
    _a_month(acme)
    subject = str(short_paid(people).settlement_id)
    cases.assign(people.operator, subject, otto.id, was=None)
    cases.note(people.operator, subject, "The exchange says it took a fee of 0.1 %.")
    period = periods.close(
        people.admin, timezone.now() - timedelta(seconds=1), "We ask the exchange."
    )
    services.run(acme.id, "live")
    return {
        "desk": BOOKS,
        "first": "/admin/",
        "exception": reverse("admin:reconciliation_exception", args=[quote(subject)]),
        "top-up": reverse("admin:reconciliation_top_up", args=[quote(subject)]),
        "export": reverse("admin:reconciliation_export"),
        "accounts": reverse("admin:reconciliation_accounts"),
        "periods": reverse("admin:reconciliation_period_changelist"),
        "period": page_of(period),
        "close-period": reverse("admin:reconciliation_period_new"),
    }


def _wallets(people: People) -> None:
    """One that agrees, one with money that came from elsewhere, one short, one never asked."""
    scanned(10_000)
    hot = a_source(people)
    cold = a_source(people, OWN)
    a_source(people, TO["tron"], chain="tron")
    for wallet, asset in ((hot, USDC), (hot, USDT), (cold, USDC)):
        told(wallet, 125_000, block=900, asset=asset)
    services.run(people.admin.organization_id, "live")
    told(hot, 124_000, block=990)
    told(cold, 150_000, block=990)


def _a_month(acme: Organization) -> None:
    """Settled payouts and kept runs of each day of the last month."""
    now, payouts, settlements = timezone.now(), [], []
    for day in range(1, 30):
        for number, (chain, token) in enumerate(KINDS):
            at = now - timedelta(days=day)
            amount = (400 + 97 * ((day * 7 + number * 13) % 11)) * 1_000_000
            payout = a_payout(
                acme, "settled", environment="live", chain=chain, token=token,
                amount_atomic=amount, created_at=at, recipient_address=TO[chain],
            )  # fmt: skip
            payouts.append(payout)
            settlements.append(a_settlement(acme, payout, created_at=at, block_time=at))
        ReconciliationRun.objects.create(
            organization=acme, environment="live", started_at=at, finished_at=at,
            matched_count=3 * (30 - day), unmatched_count=day % 4, unexpected_count=day % 9 == 0,
            discrepancies_count=day % 5 == 0, matched_atomic=0, unmatched_atomic=0,
            unexpected_atomic=0, difference_atomic=0, reversed_count=0, unknown_count=0,
            found_count=0,
            lines=[
                *([c, t, "matched", 30 - day + 2 * n] for n, (c, t) in enumerate(KINDS)),
                ["tron", "USDT", "unmatched", day % 4],
                ["base", "USDC", "discrepancy", int(day % 5 == 0)],
                ["arbitrum", "USDC", "unexpected", int(day % 9 == 0)],
            ],
        )  # fmt: skip
    put_in(payouts, settlements)


def test_every_page_fits_and_says_itself(reader: Reader, paths: dict[str, str], ada: User) -> None:
    page = reader(ada, "live")

    assert all_looked_at(page, paths) == []
