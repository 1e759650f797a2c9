"""A day at the finance desk, as docs/finance-desk.md tells it: from the file of invoices that

Mara is given in the morning to the closed period in the evening, all of it by the pages. Time alone
is the test's: what the workers' jobs do every second is done when the story waits for it.
"""

from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest
from django.db.models import Sum
from django.utils import timezone
from playwright.sync_api import FilePayload, expect
from pytest_django import Settings

from billing.chains import Chain, Environment
from billing.money import from_atomic
from chainwatch import sandbox
from chainwatch.following import follow
from payouts import outflows
from payouts.demonstration.payees import TREASURY
from payouts.models import PayoutIntent, Settlement
from payouts.sandboxing import STRANGER
from payouts.verifying import verify
from reconciliation import services
from tests.admin.reading import QUEUE, page_of
from tests.approvals.making import UNIT
from tests.browser.company import Company, Invoice, founded, invoices
from tests.browser.conftest import Reader
from tests.browser.exported_files import left_by, rows_of
from tests.browser.pay_files import Pays, pays, unpacked
from tests.browser.walking import Walk

pytestmark = pytest.mark.django_db(transaction=True)

FORMATS = {
    "XLSX, for a spreadsheet program": "xlsx",
    "CSV": "csv",
    "beancount": "beancount",
    "hledger journal": "journal",
}
USDC_ON_BASE = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
IMPORTS = "/admin/payouts/payoutimport/"


@pytest.fixture
def company(db: None, settings: Settings) -> Company:
    settings.SANDBOX_BLOCK_TIME_S = 5  # so that what is on chain is still there to be looked at
    return founded()


def test_a_day(reader: Reader, company: Company, tmp_path: Path) -> None:
    complaints: list[str] = []
    mara, jon, nina, otto, ada = (
        Walk(reader, user, complaints)
        for user in (company.mara, company.jon, company.nina, company.otto, company.ada)
    )
    due = invoices()
    mara_imports_the_invoices(mara, due)
    mara_cannot_approve_what_she_made(mara, len(due))
    ada_shows_the_policy(ada)
    two_people_approve_by_rule(jon, nina, due)
    otto_hands_over(otto, due)
    otto_submits_the_hashes(otto)
    the_chains_move_on(company, otto)
    otto_finds_money_that_left(otto)
    otto_looks_into_what_differs(otto)
    ada_exports(ada, due, tmp_path)
    ada_closes_the_period(ada)
    assert complaints == []


def a_file(due: list[Invoice]) -> FilePayload:
    """As the accounting program exports it: an amount with a comma, and a name with a slip."""
    rows = ["Recipient;Recipient address;Chain;Token;Amount;Reference type;Reference id"]
    for each in due:
        name, address = each.payee.name, "" if each.payee.name else each.payee.address
        cells = (name, address, each.payee.chain, each.payee.token, f"{each.amount}", "invoice")
        rows.append(";".join([*cells, each.number]))
    rows[13] = rows[13].replace(f"{due[12].amount}", f"{due[12].amount:,}")
    rows[31] = rows[31].replace("Northwind", "Nothwind")
    content = "\r\n".join(rows).encode()
    return FilePayload(name="invoices-week-47.csv", mimeType="text/csv", buffer=content)


def mara_imports_the_invoices(mara: Walk, due: list[Invoice]) -> None:
    """Fifty lines, two of them wrong; she mends the two, and creates all drafts at once."""
    mara.go("/admin/")
    mara.look("home-morning")
    mara.go(QUEUE)
    mara.look("nothing-to-approve")
    mara.go(f"{IMPORTS}new/")
    mara.look("import-new")
    mara.page.get_by_label("CSV or XLSX").set_input_files(files=a_file(due))
    mara.press("Check this file")
    mara.sees("To correct (2 lines)")
    mara.look("import-errors")
    line = mara.page.get_by_role("group", name="Line 14")
    line.get_by_label("amount").fill(f"{due[12].amount}")
    line = mara.page.get_by_role("group", name="Line 32")
    line.get_by_label("recipient", exact=True).fill(due[30].payee.name)
    mara.press("Keep and check again")
    mara.sees("Every line is good.", "Corrected here (2)")
    mara.look("import-checked")
    mara.follow("Create drafts")
    mara.look("import-confirm")
    mara.press("Create drafts")
    mara.sees("Created 50 drafts")
    mara.look("import-done")
    assert PayoutIntent.objects.filter(status="draft").count() == len(due)
    expect(mara.page.get_by_text("done").first).to_be_visible()


def mara_cannot_approve_what_she_made(mara: Walk, count: int) -> None:
    """She may approve payouts, but none of hers, not even by selecting them all."""
    mara.go(QUEUE)
    mara.page.get_by_label("Select all rows of this page").check()
    mara.press(f"Approve {count}")
    mara.confirm()
    mara.sees(f"{count} refused")
    mara.look("maker-refused")
    assert not PayoutIntent.objects.exclude(status="settled").exclude(status="draft").exists()


def ada_shows_the_policy(ada: Walk) -> None:
    ada.go("/admin/approvals/policy/")
    ada.sees("from 1,000 on", "somebody new")
    ada.look("policy")
    ada.go(
        "/admin/approvals/policy/trial/?amount=2500&token=USDC&chain=base&recipient_is=known"
        "&reference_type=invoice&created_via=person"
    )
    ada.look("policy-trial")


def two_people_approve_by_rule(jon: Walk, nina: Walk, due: list[Invoice]) -> None:
    """Jon approves all fifty; what asks two waits for Nina as well, and she sees only that."""
    ask_two = [each for each in due if each.amount >= 1_000 or each.is_new]
    jon.go("/admin/")
    jon.look("home-to-approve")
    jon.follow("50 to approve")
    jon.page.get_by_label("Select all rows of this page").check()
    jon.look("queue-selected")
    jon.press(f"Approve {len(due)}")
    jon.look("approve-all")
    jon.confirm()
    jon.sees(f"Approve: {len(due)} done")
    jon.look("approved-all")
    assert PayoutIntent.objects.filter(status="draft").count() == len(ask_two)

    nina.go(QUEUE)
    nina.sees("1 of 2")
    nina.look("queue-second")
    nina.page.get_by_label("Select all rows of this page").check()
    nina.press(f"Approve {len(ask_two)}")
    nina.confirm()
    nina.sees(f"Approve: {len(ask_two)} done")
    assert PayoutIntent.objects.filter(status="approved").count() == len(due)

    largest = PayoutIntent.objects.filter(status="approved").latest("amount_atomic")
    nina.go(page_of(largest))
    nina.sees("from 1,000 on", "Jon Okafor approved", "Nina Petit approved")
    nina.look("payout-approved")


def otto_hands_over(otto: Walk, due: list[Invoice]) -> None:
    """All fifty become one batch; each of its files pays what the invoices say, to the cent."""
    otto.go("/admin/")
    otto.follow("50 to hand over")
    otto.page.get_by_label("Select all rows of this page").check()
    otto.press(f"Hand over {len(due)}")
    otto.look("hand-over")
    otto.confirm()
    otto.sees(f"Hand over: {len(due)} done")
    otto.look("handed-over")
    otto.go("/admin/payouts/payoutbatch/")
    otto.look("batches")
    otto.open_first()
    otto.look("batch")

    names = otto.page.get_by_role("link", name="Download").all_inner_texts()
    files = dict(otto.download("link", name.removeprefix("Download")) for name in names)
    pack = unpacked(next(files[name] for name in files if name.endswith("pack.zip")))
    taken = {name: files[name] for name in files if not name.endswith("pack.zip")}
    assert len(taken) == len(pack) - 1 == 9  # and the pack says of each what it is
    for name, content in taken.items():
        assert content in pack.values()
        assert pays(name, content) == owed(due, on=chain_of(name)), name
    otto.page.reload()
    otto.look("batch-taken")
    otto.follow("Print")
    otto.look("batch-print")


def chain_of(name: str) -> str:
    return next(chain for chain in ("tron", "arbitrum", "base") if f"-{chain}-" in name)


def owed(due: list[Invoice], *, on: str) -> Pays:
    """What the invoices ask on a chain, in atomic units."""
    return sorted(
        (each.payee.address, int(each.amount.scaleb(6))) for each in due if each.payee.chain == on
    )


def otto_submits_the_hashes(otto: Walk) -> None:
    """One transaction paid all of Base, another all of Arbitrum; Tron signs each alone."""
    lines = ["po_forgotten " + "ee" * 32]
    for payout in PayoutIntent.objects.filter(status="pending_execution").order_by("id"):
        joint = {"base": f"0x{'ba5e' * 16}", "arbitrum": f"0x{'a4b1' * 16}"}
        lines.append(
            f"{payout.id} {joint.get(payout.chain, sha256(payout.id.encode()).hexdigest())}"
        )
    otto.page.go_back()
    otto.follow("Submit hashes")
    otto.page.get_by_label("Hashes").fill("\n".join(lines))
    otto.look("hashes")
    otto.press("Check these lines")
    otto.sees("Line 1: ")
    otto.look("hashes-checked")
    otto.press("Submit 50 hashes")
    otto.sees("Submit hashes: 50 done")
    otto.look("hashes-submitted")


def the_chains_move_on(company: Company, otto: Walk) -> None:
    """One transfer arrives short, as a token does that keeps a fee; the others settle exactly."""
    short = PayoutIntent.objects.filter(status="executed", chain="tron").latest("amount_atomic")
    otto.go(page_of(short))
    otto.follow("Simulate")
    otto.page.get_by_label("Outcome").select_option("wrong_amount")
    otto.look("simulate")
    otto.press("Simulate")
    somebody_pays_a_courier_from_the_wallet(company)
    tick(company, blocks=1)
    otto.go(f"{QUEUE}?tab=on_chain")
    otto.look("on-chain")
    tick(company, blocks=25)
    assert PayoutIntent.objects.filter(status="settled", reference_id__gte="INV-22").count() == 50
    otto.go(page_of(short))
    otto.look("payout-short")


def somebody_pays_a_courier_from_the_wallet(company: Company) -> None:
    leak = sandbox.PlannedTransfer(
        contract=USDC_ON_BASE,
        from_address=TREASURY[Chain.BASE],
        to_address=STRANGER[Chain.BASE],
        amount_atomic=740 * UNIT,
    )
    place = (company.organization.id, "base", f"0x{'1ea4' * 16}", "")
    sandbox.broadcast(*place, transfers=[leak], at=timezone.now())


def tick(company: Company, *, blocks: int) -> None:
    """What the workers do between two looks: follow each chain, verify, look at the wallets."""
    scope = company.organization.id
    for chain in ("tron", "arbitrum", "base"):
        sandbox.advance(scope, chain, blocks)
        follow(chain, scope)
    verify()
    outflows.find()
    services.run(scope, Environment.SANDBOX)


def otto_finds_money_that_left(otto: Walk) -> None:
    """Money left with no payout behind it: home says it first and in red, and he explains it."""
    otto.go("/admin/")
    expect(otto.page.locator(".needs li").first).to_contain_text("1 unexpected outflow")
    otto.sees("discrepancy")
    otto.look("home-unexpected")
    otto.follow("1 unexpected outflow")
    otto.look("desk")
    otto.follow("Look into it")
    otto.look("exception-unexpected")
    otto.follow("Resolve")
    otto.page.get_by_label("Written off").check()
    otto.page.get_by_label("Note").fill("Paid from the wallet by hand: the courier, receipt 771.")
    otto.press("Resolve")
    otto.sees("1 to look at")


def otto_looks_into_what_differs(otto: Walk) -> None:
    """He takes the discrepancy, notes what he found, and accepts the fee."""
    otto.follow("Look into it")
    otto.press("Take it")
    otto.page.get_by_label("Note").fill("The token keeps 0.1 % of each transfer since Monday.")
    otto.press("Keep the note")
    otto.sees("Looked after by Otto Brandt")
    otto.look("exception")
    otto.follow("Resolve")
    otto.page.get_by_label("Accepted fee").check()
    otto.page.get_by_label("Note").fill("A fee of the token, as its issuer announced.")
    otto.look("resolve")
    otto.press("Resolve")
    otto.sees("The two sides agree")
    otto.look("desk-agrees")


def ada_exports(ada: Walk, due: list[Invoice], scratch: Path) -> None:
    """The same settlements in four formats: each opens, and each adds up to the same."""
    ada.go("/admin/reconciliation/reconciliationrun/export/")
    ada.look("export")
    files = {}
    for label, format_ in FORMATS.items():
        ada.page.get_by_label(label, exact=True).check()
        name, files[format_] = ada.download("button", "Export")
        assert name.endswith(f"UTC.{format_}")
    left = {
        token: from_atomic(int(atomic), 6)
        for token, atomic in Settlement.objects.order_by()
        .values_list("token")
        .annotate(sum=Sum("amount_atomic"))
    }
    for format_, content in files.items():
        assert left_by(format_, content, scratch / "books.beancount") == left, format_

    told = {row["Reference"]: row for row in rows_of(files["csv"])}
    differ = [each for each in due if Decimal(told[each.number]["Amount"]) != each.amount]
    assert len(differ) == 1
    assert told[differ[0].number]["Resolution"] == "accepted fee"


def ada_closes_the_period(ada: Walk) -> None:
    last_month = timezone.localdate().replace(day=1) - timedelta(days=1)
    ada.go("/admin/reconciliation/period/")
    ada.look("periods-none")
    ada.follow("Close a period")
    ada.page.get_by_label("Last day").fill(last_month.isoformat())
    ada.look("close-period")
    ada.press("Close it for good")
    ada.sees("the entries still give it")
    ada.look("period")
    ada.go("/admin/events/event/")
    ada.sees("closed")
    ada.look("audit-trail")
