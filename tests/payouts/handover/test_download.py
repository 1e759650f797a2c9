"""A download: what is in it, what it refuses, what it records."""

import hashlib
import io
import json
import zipfile
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from approvals.facts import digest
from billing.errors import BillingError
from events.models import Event
from payouts import services
from payouts.handover.digest import digest_of
from payouts.handover.packing import download
from payouts.models import PayoutBatch, PayoutIntent
from tests.payouts.handover import parts
from tests.payouts.making import (
    OTHER_RECIPIENT,
    TREASURY,
    People,
    a_draft,
    a_hash,
    make_payout,
    reload,
)
from wallets import services as wallets

BUILDER = "arbitrum-safe-builder.json"


def handed_over(people: People, *changes: dict[str, Any]) -> PayoutBatch:
    """A batch of one payout for each of `changes`."""
    made = [make_payout(people, "approved", **each) for each in changes or ({},)]
    return services.hand_over(people.operator, [payout.id for payout in made])


def members(batch: PayoutBatch) -> list[PayoutIntent]:
    return list(PayoutIntent.objects.filter(batch_items__batch=batch).order_by("id"))


def read(people: People, batch: PayoutBatch, name: str = BUILDER) -> Any:
    return json.loads(download(people.operator, batch.id, name).content)


def test_a_batch_is_bound_to_what_was_approved(people: People) -> None:
    batch = handed_over(people, {}, {"amount": Decimal(7)})

    digests = [payout.approval_digest for payout in members(batch)]
    assert all(len(each) == 64 for each in digests)
    assert PayoutBatch.objects.get().digest == digest_of(batch.id, digests)


def test_a_file_holds_exactly_what_was_approved(people: People) -> None:
    batch = handed_over(
        people,
        {"amount": Decimal("1250.5")},
        {"token": "USDT", "amount": Decimal("0.010001"), "recipient_address": OTHER_RECIPIENT},
    )

    file = read(people, batch)

    calls = {
        (each["to"], *parts.decoded(parts.as_safe_encodes(each))) for each in file["transactions"]
    }
    assert calls == {
        (parts.USDC, "0x8617E340B3D01FA5F11F306F4090FD50E238070D", 1_250_500_000),
        (parts.USDT, OTHER_RECIPIENT, 10_001),
    }
    assert batch.digest in file["meta"]["description"]


def test_each_chain_has_its_own_file(people: People) -> None:
    batch = handed_over(people, {}, {"chain": "base"})

    for chain, chain_id in (("arbitrum", "42161"), ("base", "8453")):
        file = read(people, batch, f"{chain}-safe-builder.json")
        assert (file["chainId"], len(file["transactions"])) == (chain_id, 1)


def test_the_one_source_wallet_of_the_chain_is_named(people: People) -> None:
    batch = handed_over(people)
    draft = wallets.NewWallet(chain="arbitrum", address=TREASURY, is_source=True)
    wallet = wallets.create(people.admin_of(people.operator), draft)

    assert read(people, batch)["meta"]["createdFromSafeAddress"] == wallet.address


def test_a_download_is_recorded(people: People) -> None:
    batch = handed_over(people)

    taken = download(people.operator, batch.id, BUILDER)

    event = Event.objects.get(type="payout_batch.downloaded")
    data = event.payload["data"]
    assert (event.resource_id, event.actor_id) == (batch.id, people.operator.actor_id)
    assert (data["file"], data["digest"]) == (BUILDER, batch.digest)
    assert data["file_sha256"] == hashlib.sha256(taken.content).hexdigest()
    assert taken.saved_as == f"{batch.id}-{batch.digest[:8]}-{BUILDER}"


def test_the_same_file_comes_twice(people: People) -> None:
    batch = handed_over(people, {}, {})

    for name in (BUILDER, "arbitrum-safe-airdrop.csv", "pack.zip"):
        first, second = (download(people.operator, batch.id, name) for _ in range(2))
        assert first.content == second.content


def test_a_pack_holds_every_file_and_says_so(people: People) -> None:
    batch = handed_over(people, {}, {"chain": "base"})

    taken = download(people.operator, batch.id, "pack.zip")

    with zipfile.ZipFile(io.BytesIO(taken.content)) as pack:
        assert pack.testzip() is None
        names = [name for name in pack.namelist() if name != "READ-ME.txt"]
        words = pack.read("READ-ME.txt").decode()
        assert len(names) == 8
        for name in names:
            assert f"{hashlib.sha256(pack.read(name)).hexdigest()}  {name}" in words
    assert batch.digest in words
    assert "1 x, 500.00 USDC on Base" in words


@pytest.mark.parametrize("act", ["take back", "cancel"])
def test_after_a_payout_is_gone_every_file_is(people: People, act: str) -> None:
    batch = handed_over(people, {}, {})
    payout = members(batch)[0]
    if act == "cancel":
        services.cancel(people.operator, payout.id, reason="Wrong.", from_admin=True)
    else:
        services.take_back(people.operator, payout.id, "Wrong.")

    for name in (BUILDER, "pack.zip"):
        with pytest.raises(BillingError) as refused:
            download(people.operator, batch.id, name)
        assert (refused.value.status, refused.value.code) == (410, "batch_voided")
        assert "sign none of them" in refused.value.message
    assert not Event.objects.filter(type="payout_batch.downloaded").exists()


def test_what_is_left_goes_into_a_new_batch_which_names_the_earlier(people: People) -> None:
    batch = handed_over(people, {}, {})
    ids = [payout.id for payout in members(batch)]

    back = services.take_back_batch(people.operator, batch.id, "Another wallet.")

    assert [payout.id for payout in back] == ids
    assert {reload(payout).status for payout in back} == {"approved"}
    with pytest.raises(BillingError) as refused:
        services.hand_over(people.operator, ids)
    assert refused.value.code == "handed_over_before"
    assert batch.id in refused.value.message
    again = services.hand_over(people.operator, ids, confirm_not_signed=True)
    assert again.digest != batch.digest
    assert len(read(people, again)["transactions"]) == 2


def test_a_batch_of_which_nothing_waits_is_not_taken_back(people: People) -> None:
    batch = handed_over(people)
    services.execute(people.operator, members(batch)[0].id, a_hash())

    with pytest.raises(BillingError) as refused:
        services.take_back_batch(people.operator, batch.id, "Too late.")

    assert refused.value.code == "batch_not_pending_execution"
    assert PayoutBatch.objects.get().voided_at is None


def test_what_was_paid_is_in_no_file(people: People) -> None:
    batch = handed_over(people, {}, {})
    paid, left = members(batch)
    services.execute(people.operator, paid.id, a_hash())

    with pytest.raises(BillingError) as refused:
        download(people.operator, batch.id, BUILDER)
    links = download(people.operator, batch.id, "arbitrum-payment-links.csv").content.decode()

    assert refused.value.code == "batch_already_executed"
    assert f"payout {paid.id} of it is executed" in refused.value.message
    assert left.id in links
    assert paid.id not in links


def test_a_pack_leaves_out_what_must_not_be_signed(people: People) -> None:
    batch = handed_over(people, {}, {})
    services.execute(people.operator, members(batch)[0].id, a_hash())

    taken = download(people.operator, batch.id, "pack.zip")

    with zipfile.ZipFile(io.BytesIO(taken.content)) as pack:
        left_out = pack.read("READ-ME.txt").decode().partition("Left out:")[2]
        assert len(pack.namelist()) == 2
    assert f"{BUILDER}: {BUILDER} is given out no more" in left_out


def test_nothing_is_left_of_a_batch_that_was_paid(people: People) -> None:
    batch = handed_over(people)
    services.execute(people.operator, members(batch)[0].id, a_hash())

    for name in (BUILDER, "arbitrum-payment-links.csv", "pack.zip"):
        with pytest.raises(BillingError) as refused:
            download(people.operator, batch.id, name)
        assert refused.value.code == "batch_already_executed"


@pytest.mark.parametrize(
    "change",
    [
        "amount_atomic = 999",
        "recipient_address = '0x52908400098527886E0F7030069857D2E4169EE7'",
        "contract = '0xFd086bC7CD5C481DCC9C85ebE478A1C0b69FCbb9'",
        f"approval_digest = '{'0' * 64}'",
    ],
)
def test_what_was_changed_behind_our_back_is_not_written(people: People, change: str) -> None:
    batch = handed_over(people, {}, {})
    _behind_our_back(f"update payouts_payoutintent set {change} where id = %s", members(batch)[0])

    with pytest.raises(BillingError) as refused:
        download(people.operator, batch.id, BUILDER)

    assert refused.value.code == "approval_mismatch"
    assert members(batch)[0].id in refused.value.message


def test_whoever_rewrites_every_digest_still_meets_the_approval(people: People) -> None:
    batch = handed_over(people)
    (payout,) = members(batch)
    payout.amount_atomic += 1
    forged = digest(services.facts_of(payout))
    _behind_our_back(
        f"update payouts_payoutintent set amount_atomic = {payout.amount_atomic},"
        f" approval_digest = '{forged}' where id = %s",
        payout,
    )
    PayoutBatch.objects.update(digest=digest_of(batch.id, [forged]))

    with pytest.raises(BillingError) as refused:
        download(people.operator, batch.id, BUILDER)

    assert refused.value.code == "approval_mismatch"


def test_a_payout_added_behind_our_back_is_not_written(people: People) -> None:
    batch, other = handed_over(people), handed_over(people)
    _behind_our_back(
        f"update payouts_batchitem set batch_id = '{batch.id}' where payout_id = %s",
        members(other)[0],
    )

    with pytest.raises(BillingError) as refused:
        download(people.operator, batch.id, BUILDER)

    assert refused.value.code == "approval_mismatch"


def _behind_our_back(statement: str, payout: PayoutIntent) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute(statement, [payout.id])
        cursor.execute("set local session_replication_role = origin")


def test_a_stranger_finds_no_batch_and_a_preparer_takes_no_file(
    people: People, strangers: People
) -> None:
    batch = handed_over(people)

    for caller, code in (
        (strangers.admin_of(strangers.operator), "batch_not_found"),
        (people.preparer, "insufficient_scope"),
    ):
        with pytest.raises(BillingError) as refused:
            download(caller, batch.id, BUILDER)
        assert refused.value.code == code
    with pytest.raises(BillingError) as refused:
        download(people.operator, batch.id, "../../etc/passwd")
    assert refused.value.code == "batch_file_not_found"


def test_a_file_of_the_sandbox_says_so(sandboxed: People) -> None:
    payout = services.create(sandboxed.preparer, a_draft())
    services.approve(sandboxed.approver, payout.id)
    batch = services.hand_over(sandboxed.operator, [payout.id])

    taken = download(sandboxed.operator, batch.id, BUILDER)

    assert taken.saved_as.startswith(f"SANDBOX-{batch.id}")
    assert json.loads(taken.content)["chainId"] == "0"


def test_an_address_of_no_chain_is_refused_where_it_must_be_encoded(sandboxed: People) -> None:
    payout = services.create(sandboxed.preparer, a_draft(recipient_address="0x8617E340B3D01FA5"))
    services.approve(sandboxed.approver, payout.id)
    batch = services.hand_over(sandboxed.operator, [payout.id])

    with pytest.raises(BillingError) as refused:
        download(sandboxed.operator, batch.id, "arbitrum-calldata.json")

    assert refused.value.code == "address_not_writable"
    assert download(sandboxed.operator, batch.id, "pack.zip").content
