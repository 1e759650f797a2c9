"""Which files a pack has: named and split the same way for ever."""

import pytest

from payouts.handover.files import files_of


def test_each_chain_has_the_formats_that_it_can_be_signed_in() -> None:
    assert [file.name for file in files_of({"base": 1, "tron": 3})] == [
        "tron-transfers.json",
        "base-safe-builder.json",
        "base-safe-airdrop.csv",
        "base-calldata.json",
        "base-payment-links.csv",
    ]


@pytest.mark.parametrize(
    ("payouts", "sizes"),
    [(1, [1]), (200, [200]), (201, [200, 1]), (1_000, [200] * 5)],
)
def test_what_one_signature_carries_is_split_at_two_hundred(payouts: int, sizes: list[int]) -> None:
    for name in ("safe-builder", "safe-airdrop", "calldata"):
        files = [each for each in files_of({"arbitrum": payouts}) if each.format.name == name]

        assert [file.count for file in files] == sizes
        assert [file.first for file in files] == [200 * place for place in range(len(sizes))]


def test_a_part_says_of_how_many_it_is() -> None:
    names = [file.name for file in files_of({"arbitrum": 401})]

    assert names[:3] == [
        "arbitrum-safe-builder-1of3.json",
        "arbitrum-safe-builder-2of3.json",
        "arbitrum-safe-builder-3of3.json",
    ]


def test_what_is_signed_one_by_one_is_one_list() -> None:
    found = files_of({"arbitrum": 401, "tron": 401})

    alone = [file for file in found if not file.format.is_joint]
    assert [(file.name, file.count) for file in alone] == [
        ("tron-transfers.json", 401),
        ("arbitrum-payment-links.csv", 401),
    ]
