"""The pages of batches: who sees what, what is offered, what is recorded."""

from decimal import Decimal

import pytest
from django.contrib.admin.utils import quote
from django.core.files.uploadedfile import SimpleUploadedFile

from events.models import Event
from organizations.models import User
from payouts import services
from payouts.models import PayoutBatch
from tests.admin.conftest import Desk
from tests.admin.reading import text_of
from tests.payouts.making import People, a_hash, make_payout, reload

LIST = "/admin/payouts/payoutbatch/"


def url(batch: PayoutBatch, view: str = "change/") -> str:
    return f"{LIST}{quote(batch.id)}/{view}"


def handed_over(people: People, count: int = 2) -> PayoutBatch:
    made = [make_payout(people, "approved", amount=Decimal(5 + each)) for each in range(count)]
    return services.hand_over(people.operator, [payout.id for payout in made])


@pytest.fixture
def batch(people: People) -> PayoutBatch:
    return handed_over(people)


def test_the_list_says_what_each_pays_and_where_it_stands(
    people: People, batch: PayoutBatch, otto: User, desk: Desk
) -> None:
    services.execute(people.operator, batch.payouts.earliest("id").id, a_hash())

    page = text_of(desk(otto).get(LIST))

    assert "11.00 USDC on Arbitrum One · 2 payouts" in page
    assert "to be signed 1 of 2" in page


def test_an_empty_list_says_how_a_batch_gets_there(people: People, otto: User, desk: Desk) -> None:
    page = text_of(desk(otto).get(LIST))

    assert "No batches yet" in page
    assert "select them under Payouts, To hand over" in page


@pytest.mark.parametrize("count", [1, 5])
def test_the_list_costs_the_same_however_many(
    people: People, otto: User, desk: Desk, count: int, django_assert_max_num_queries: object
) -> None:
    for _ in range(count):
        handed_over(people)
    client = desk(otto)
    client.get(LIST)

    with django_assert_max_num_queries(8):  # type: ignore[operator]  # pytest-django's context
        client.get(LIST)


def test_the_page_has_the_digest_and_every_file(batch: PayoutBatch, otto: User, desk: Desk) -> None:
    answer = desk(otto).get(url(batch))

    page = text_of(answer)
    assert batch.digest in page
    for name in ("pack.zip", "arbitrum-safe-builder.json", "arbitrum-payment-links.csv"):
        assert url(batch, f"files/{name}") in answer.content.decode()


def test_whoever_only_reads_is_offered_nothing_and_given_nothing(
    batch: PayoutBatch, jon: User, desk: Desk
) -> None:
    client = desk(jon)  # approves, and carries nothing out

    page = client.get(url(batch)).content.decode()

    assert "/files/" not in page
    assert "Take back" not in page
    for view in ("files/pack.zip", "print/", "hashes/"):
        assert client.get(url(batch, view)).status_code == 403
    assert not Event.objects.filter(type="payout_batch.downloaded").exists()


def test_a_stranger_finds_none_of_its_pages(
    batch: PayoutBatch, strangers: People, zoe: User, desk: Desk
) -> None:
    client = desk(zoe)

    for view in ("change/", "files/pack.zip", "print/", "hashes/", "act/take_back/"):
        assert client.get(url(batch, view)).status_code == 404
    assert batch.id not in client.get(LIST).content.decode()


def test_an_id_that_looks_quoted_leads_to_its_own_page(
    people: People, otto: User, desk: Desk
) -> None:
    batch = PayoutBatch(
        id="bat_25a1b2c3d4e5f60718293a4b",
        organization_id=people.operator.organization_id,
        environment="live",
        handed_over_by="usr_1",
        handed_over_by_name="Otto",
    )
    batch.save(force_insert=True)
    client = desk(otto)

    assert url(batch) in client.get(LIST).content.decode()
    assert batch.id in client.get(url(batch)).content.decode()


def test_a_download_is_recorded_and_stands_on_the_page(
    batch: PayoutBatch, otto: User, desk: Desk
) -> None:
    client = desk(otto)

    taken = client.get(url(batch, "files/arbitrum-calldata.json"))

    assert taken.status_code == 200
    assert taken["Content-Disposition"].startswith(f'attachment; filename="{batch.id}-')
    assert Event.objects.get(type="payout_batch.downloaded").actor_id == otto.id
    assert "Otto arbitrum-calldata.json" in text_of(client.get(url(batch)))


def test_a_sheet_is_recorded_too_and_has_whole_addresses(
    batch: PayoutBatch, otto: User, desk: Desk
) -> None:
    page = desk(otto).get(url(batch, "print/?page=9"))

    assert "0x8617E340B3D01FA5F11F306F4090FD50E238070D" in text_of(page)
    assert page.content.decode().count('class="qr"') == 2
    assert Event.objects.get(type="payout_batch.downloaded").payload["data"]["file"] == "print"


def test_after_a_take_back_there_is_no_file_and_the_page_says_what_to_do(
    batch: PayoutBatch, otto: User, desk: Desk
) -> None:
    client = desk(otto)

    assert client.post(url(batch, "act/take_back/"), {"reason": "Wrong."}).status_code == 302

    assert {payout.status for payout in batch.payouts.all()} == set()
    page = client.get(url(batch))
    assert "its files are void. Destroy every copy" in text_of(page)
    assert "/files/" not in page.content.decode()
    for view in ("files/pack.zip", "print/"):
        refused = client.get(url(batch, view))
        assert refused.status_code == 410
        assert "sign none of them" in text_of(refused)


def test_what_is_paid_is_not_offered(
    people: People, batch: PayoutBatch, otto: User, desk: Desk
) -> None:
    services.execute(people.operator, batch.payouts.earliest("id").id, a_hash())

    page = desk(otto).get(url(batch)).content.decode()

    assert "arbitrum-safe-builder.json" in page
    assert url(batch, "files/arbitrum-safe-builder.json") not in page
    assert url(batch, "files/arbitrum-payment-links.csv") in page


def test_an_uploaded_file_is_shown_before_anything_is_written(
    batch: PayoutBatch, otto: User, desk: Desk
) -> None:
    first, second = batch.payouts.order_by("id")
    text = f"\ufeff{first.id};{a_hash()}\r\n{second.id};0x12\r\n"
    client = desk(otto)

    shown = client.post(
        url(batch, "hashes/"),
        {"lines": "", "part": "", "file": SimpleUploadedFile("hashes.csv", text.encode())},
    )

    assert "Submit 1 hash" in text_of(shown)
    assert "Line 2: This is not a transaction hash." in text_of(shown)
    assert reload(first).status == "pending_execution"
    lines = shown.context["text"]
    client.post(url(batch, "hashes/"), {"lines": lines, "part": "", "confirmed": "1"})
    assert (reload(first).status, reload(second).status) == ("executed", "pending_execution")
    assert "Submit hashes: 1 done" in text_of(client.get(url(batch)))
    assert "Submit hashes: 1 done" not in text_of(client.get(url(batch))), "shown once"


def test_one_hash_for_a_whole_chain(batch: PayoutBatch, otto: User, desk: Desk) -> None:
    tx_hash = a_hash()

    desk(otto).post(url(batch, "hashes/"), {"lines": tx_hash, "part": "arbitrum", "confirmed": "1"})

    assert {payout.expected_tx_hash for payout in batch.payouts.all()} == {tx_hash}


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"\xff\xfe\x00", "no plain text"), (b"x" * 400_001, "longer than 400,000 bytes")],
)
def test_a_file_that_cannot_be_read_is_refused(
    batch: PayoutBatch, otto: User, desk: Desk, content: bytes, words: str
) -> None:
    answer = desk(otto).post(
        url(batch, "hashes/"), {"file": SimpleUploadedFile("hashes.bin", content)}
    )

    assert answer.status_code == 400
    assert words in text_of(answer)


def test_a_batch_is_found_by_a_payout_in_it(
    people: People, batch: PayoutBatch, otto: User, desk: Desk
) -> None:
    other = handed_over(people, 1)

    page = desk(otto).get(LIST, {"q": batch.payouts.earliest("id").id}).content.decode()

    assert url(batch) in page
    assert url(other) not in page
