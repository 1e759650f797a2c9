"""What Tron's answers say, by shape alone. Shapes written out; no node, no database."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings

from chainwatch.chains import tron_answers, tron_transfers
from chainwatch.chains.base import ChainUnavailable, Header, Receipt, TransferLog

TX = "46710419b68bd4a87ad3227011874f34602d986a61c264676dfb70a06b5d24ed"
BLOCK_ID = "0000000003d1a9dc" + "ab" * 24
PARENT_ID = "0000000003d1a9db" + "cd" * 24
TRANSFER = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
APPROVAL = "8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925"
FROM = "0000000000000000000000006e3b44b96104b26f84057974a1f0c9880f7c9b13"
TO = "00000000000000000000000018314cd6beab3b324174395a40731cfdf07e857d"
USDT = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
PAYER = "TL24LCps5FKwp3PoU1MvrYrwhi5LU1tHre"
PAYEE = "TCB8H6cKtfLZJyt3tXkbN1a8Nxrh2x14RB"
THOUSAND = "00000000000000000000000000000000000000000000000000000000000003e8"
TIME = datetime(2024, 8, 5, 12, 51, 30, tzinfo=UTC)
BLOCK = Header(number=64072156, block_hash=BLOCK_ID, parent_hash=PARENT_ID, block_time=TIME)


def log(**changes: Any) -> dict[str, Any]:
    return {
        "address": "a614f803b6fd780986a42c78ec9c7f77e6ded13c",
        "topics": [TRANSFER, FROM, TO],
        "data": THOUSAND,
    } | changes


def info(*logs: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "id": TX,
        "fee": 13740060,
        "blockNumber": 64072156,
        "blockTimeStamp": 1722862290000,
        "contractResult": ["0" * 64],
        "contract_address": "41a614f803b6fd780986a42c78ec9c7f77e6ded13c",
        "receipt": {"energy_usage_total": 31895, "net_fee": 345000, "result": "SUCCESS"},
        "log": list(logs),
    } | changes


def block(**changes: Any) -> dict[str, Any]:
    data = {
        "number": 64072156,
        "txTrieRoot": "f8" * 32,
        "parentHash": PARENT_ID,
        "timestamp": 1722862290000,
    }
    return {"blockID": BLOCK_ID, "block_header": {"raw_data": data | changes}}


def read(raw: dict[str, Any]) -> Receipt:
    said = tron_answers.info(raw, TX)
    assert said is not None
    return tron_answers.receipt(said, BLOCK, settings.NETWORKS["tron"])


def without(raw: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if key not in keys}


THE_TRANSFER = TransferLog(
    contract=USDT,
    from_address=PAYER,
    to_address=PAYEE,
    amount_atomic=1000,
    ordinal=0,
    log_index=0,
)


def test_a_transfer_is_decoded_by_position() -> None:
    assert read(info(log())) == Receipt(
        tx_hash=TX,
        block_number=64072156,
        block_hash=BLOCK_ID,
        block_time=TIME,
        succeeded=True,
        sender="",
        transfers=(THE_TRANSFER,),
    )


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"address": USDT}, id="base58, as with visible"),
        pytest.param({"address": "41a614f803b6fd780986a42c78ec9c7f77e6ded13c"}, id="with 41"),
        pytest.param({"address": "A614F803B6FD780986A42C78EC9C7F77E6DED13C"}, id="capitals"),
        pytest.param({"address": "0xa614f803b6fd780986a42c78ec9c7f77e6ded13c"}, id="with 0x"),
        pytest.param({"topics": [TRANSFER.upper(), FROM.upper(), TO]}, id="topics in capitals"),
        pytest.param({"topics": ["0x" + each for each in (TRANSFER, FROM, TO)]}, id="0x topics"),
        pytest.param({"data": "0x" + THOUSAND}, id="data with 0x"),
    ],
)
def test_every_form_of_the_same_transfer_is_read_alike(change: dict[str, Any]) -> None:
    assert read(info(log(**change))).transfers == (THE_TRANSFER,)


@pytest.mark.parametrize(
    "form",
    [
        "414109f803b6fd780986a42c78ec9c7f77e6ded13c",
        "4109f803b6fd780986a42c78ec9c7f77e6ded13c",
        "TFu6sAyaZPnS9ts4tFreW3V9gZA53ZSnVJ",
    ],
)
def test_twenty_bytes_that_begin_with_41_are_not_cut(form: str) -> None:
    assert tron_transfers.body(form) == "4109f803b6fd780986a42c78ec9c7f77e6ded13c"
    assert tron_transfers.canonical_address(form) == "TFu6sAyaZPnS9ts4tFreW3V9gZA53ZSnVJ"


@pytest.mark.parametrize(
    "broken",
    ["", "41", "T", "a" * 39, "a" * 43, "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6T", "0x", None, 7, ["a"]],
)
def test_what_is_no_address_is_not_made_one(broken: Any) -> None:
    with pytest.raises(ChainUnavailable, match="no address"):
        tron_transfers.canonical_address(broken)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"topics": [APPROVAL, FROM, TO]}, id="an approval"),
        pytest.param({"topics": []}, id="an anonymous event"),
        pytest.param({"topics": None}, id="topics absent"),
        pytest.param({"topics": [TRANSFER, FROM]}, id="two topics"),
        pytest.param({"topics": [TRANSFER, FROM, TO, TO]}, id="an NFT"),
        pytest.param({"topics": [TRANSFER, "1" + FROM[1:], TO]}, id="dirt above the sender"),
        pytest.param({"topics": [TRANSFER, FROM, "1" + TO[1:]]}, id="dirt above the recipient"),
        pytest.param({"topics": [TRANSFER, FROM, TO[2:]]}, id="a short word"),
        pytest.param({"topics": [7, FROM, TO]}, id="a number as topic"),
        pytest.param({"topics": [TRANSFER, None, TO]}, id="null as topic"),
        pytest.param({"data": None}, id="data absent"),
        pytest.param({"data": ""}, id="no data"),
        pytest.param({"data": THOUSAND[2:]}, id="short data"),
        pytest.param({"data": THOUSAND * 2}, id="long data"),
        pytest.param({"data": 1000}, id="data that is a number"),
    ],
)
def test_what_is_no_transfer_is_left_out(change: dict[str, Any]) -> None:
    logs = [log(**change), log()]

    transfers = read(info(*logs)).transfers

    assert [(each.ordinal, each.log_index) for each in transfers] == [(1, 1)]


def test_every_log_counts_for_the_position() -> None:
    logs = [log(topics=[APPROVAL]), log(), {"address": USDT}, log(data=THOUSAND[:-1] + "9")]

    transfers = read(info(*logs)).transfers

    assert [(each.ordinal, each.amount_atomic) for each in transfers] == [(1, 1000), (3, 1001)]


def test_foreign_tokens_are_kept_up_to_a_number_and_ours_always() -> None:
    foreign = log(address="70082243784dcdf3042034e7b044d6d342a91360")

    transfers = read(info(*[foreign] * 5000, log())).transfers

    assert len(transfers) == 201
    assert (transfers[-1].contract, transfers[-1].ordinal) == (USDT, 5000)
    assert transfers[0].contract == "TLBaRhANQoJFTqre9Nf1mjuwNWjCJeYqUL"


# --- Whether it succeeded -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "succeeded"),
    [
        pytest.param(info(log()), True, id="a call"),
        pytest.param(info(log(), result="SUCESS"), True, id="a call, with all defaults written"),
        pytest.param(info(), True, id="a call without events"),
        pytest.param(info(receipt={"result": "REVERT"}, result="FAILED"), False, id="reverted"),
        pytest.param(info(receipt={"result": "OUT_OF_TIME"}), False, id="out of time"),
        pytest.param(info(log(), receipt={"result": "UNHEARD_OF"}), False, id="a new result"),
        pytest.param(info(log(), result="FAILED"), False, id="failed, with the call's success"),
        pytest.param(info(log(), result="UNHEARD_OF"), False, id="a new outcome"),
        pytest.param(info(receipt={"net_fee": 1}), False, id="a call without result"),
        pytest.param(without(info(), "receipt"), False, id="a call without receipt"),
        pytest.param(info(receipt={"result": "DEFAULT"}), False, id="a call with the zero result"),
        pytest.param(
            without(info(receipt={"net_usage": 265}), "contract_address", "log"),
            True,
            id="a plain transfer of TRX",
        ),
        pytest.param(
            without(info(), "receipt", "contract_address", "log", "fee"),
            True,
            id="a plain transfer that cost nothing",
        ),
        pytest.param(
            without(info(receipt={}, result="FAILED"), "contract_address", "log"),
            False,
            id="a plain transfer that failed",
        ),
    ],
)
def test_success_is_a_result_and_no_failure(raw: dict[str, Any], succeeded: bool) -> None:
    receipt = read(raw)

    assert receipt.succeeded is succeeded
    assert succeeded or receipt.transfers == ()


@pytest.mark.parametrize("lost", ["receipt", "contract_address"])
def test_events_without_a_result_are_no_failure_and_no_success(lost: str) -> None:
    raw = without(info(log(), receipt={"net_fee": 345000}), lost)

    with pytest.raises(ChainUnavailable, match="events without a result"):
        read(raw)


# --- What is said of transactions, and what is not ------------------------------------------------


def test_an_empty_object_is_an_unknown_transaction() -> None:
    assert tron_answers.info({}, TX) is None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"Error": "class org.tron.X : 1:10: INVALID hex String"}, "INVALID hex String"),
        ({"Error": ""}, "an error without words"),
        ({"error": "key exceeds the frequency limit", "success": False}, "frequency limit"),
        ({"error": {"code": -32005}}, "-32005"),
        ({"code": "SERVER_BUSY", "message": "6275737921"}, "SERVER_BUSY: busy!"),
        ({"code": "SERVER_BUSY", "message": "odd"}, "SERVER_BUSY: odd"),
        ({"message": "no Route matched with those values"}, "no Route matched"),
        ({"code": "OTHER", "message": "ff"}, "OTHER: ff"),
        ({"Error": "gone\x00\n" + "x" * 300}, "gone  x"),
        (info(Error="half of it is broken"), "half of it is broken"),
    ],
)
def test_an_error_with_status_200_is_a_failure_in_words(answer: dict[str, Any], words: str) -> None:
    for question in (
        lambda: tron_answers.info(answer, TX),
        lambda: tron_answers.header(answer),
        lambda: tron_answers.infos(answer, block()),
        lambda: tron_answers.chain_id(answer),
    ):
        with pytest.raises(ChainUnavailable) as refused:
            question()

        assert words in str(refused.value)
        assert len(str(refused.value)) <= 200
        assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        [{}],
        "",
        "{}",
        0,
        {"result": {}},
        info(id=None),
        info(id="ab"),
        info(id="ab" * 32),
        without(info(), "id"),
        without(info(), "blockNumber"),
        info(blockNumber=None),
        info(blockNumber="64072156"),
        info(blockNumber=-1),
        info(blockNumber=2**63),
        info(blockNumber=True),
        info(blockNumber=64072156.0),
        info(blockTimeStamp="now"),
        info(blockTimeStamp=10**18),
        info(receipt=None),
        info(receipt=[]),
        info(log=None),
        info(log={}),
        info(log=["a"]),
    ],
)
def test_an_answer_of_a_wrong_shape_is_not_read_as_unknown(raw: Any) -> None:
    with pytest.raises(ChainUnavailable):
        tron_answers.info(raw, TX)


@pytest.mark.parametrize("change", [{"blockTimeStamp": 1722862293000}, {"blockNumber": 64072155}])
def test_a_receipt_needs_the_block_it_speaks_of(change: dict[str, Any]) -> None:
    with pytest.raises(ChainUnavailable, match="its block was replaced"):
        read(info(log(), **change))


def test_a_receipt_without_a_time_belongs_to_no_block() -> None:
    with pytest.raises(ChainUnavailable, match="its block was replaced"):
        read(without(info(log()), "blockTimeStamp"))


# --- Blocks ---------------------------------------------------------------------------------------


def test_a_block_is_read() -> None:
    assert tron_answers.header(block()) == BLOCK
    assert tron_answers.header({}) is None


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        "",
        {"blockID": BLOCK_ID},
        {"blockID": BLOCK_ID, "block_header": []},
        {"blockID": BLOCK_ID, "block_header": {"raw_data": None}},
        block() | {"blockID": BLOCK_ID[2:]},
        block() | {"blockID": PARENT_ID},
        block(number=64072157),
        block(number=None),
        block(number="64072156"),
        block(parentHash=BLOCK_ID),
        block(parentHash=None),
        block(timestamp=None),
        block(timestamp=10**18),
    ],
)
def test_a_block_of_a_wrong_shape_is_no_block(raw: Any) -> None:
    with pytest.raises(ChainUnavailable):
        tron_answers.header(raw)


def test_the_chain_id_is_the_end_of_the_genesis_id() -> None:
    # The main network's, whose zeros (number and time) are absent.
    genesis = {
        "blockID": "00000000000000001ebf88508a03865c71d452e25f4d51194196a1d22b6653dc",
        "block_header": {
            "raw_data": {
                "parentHash": "957dc2d350daecc7bb6a38f3938ebde0a0c1cedafe15f0edae4256a2907449f6",
            }
        },
    }

    header = tron_answers.header(genesis)

    assert tron_answers.chain_id(genesis) == 728126428
    assert header is not None and header.number == 0


@pytest.mark.parametrize("raw", [{}, None, block(), {"blockID": "00"}])
def test_no_other_block_says_the_chain_id(raw: Any) -> None:
    with pytest.raises(ChainUnavailable):
        tron_answers.chain_id(raw)


def test_the_transactions_of_a_block_are_read_in_order() -> None:
    others = [info(log(), id="ab" * 32), info(id="cd" * 32)]

    read = tron_answers.infos(others, block())

    assert [each.tx_hash for each in read] == ["ab" * 32, "cd" * 32]


@pytest.mark.parametrize("nothing", [[], {}])
def test_nothing_is_listed_of_an_empty_block_alone(nothing: Any) -> None:
    assert tron_answers.infos(nothing, block(txTrieRoot="00" * 32)) == []
    assert tron_answers.infos(nothing, block(txTrieRoot=None)) == []
    with pytest.raises(ChainUnavailable, match="another number of transactions"):
        tron_answers.infos(nothing, block())
    with pytest.raises(ChainUnavailable, match="another number of transactions"):
        tron_answers.infos([info()], block(txTrieRoot="00" * 32))


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "[]",
        {"id": TX},
        [None],
        [{}],
        [[]],
        [info(), {"Error": "x"}],
        [info(), info(blockNumber=64072157)],
        [info(), info(blockTimeStamp=1722862293000)],
    ],
)
def test_a_list_that_is_broken_in_one_place_is_no_list(raw: Any) -> None:
    with pytest.raises(ChainUnavailable):
        tron_answers.infos(raw, block())
