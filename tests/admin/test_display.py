"""How amounts, addresses, times and states are written. Expected values by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from billing import display

NOW = datetime(2025, 11, 21, 9, 42, 7, tzinfo=UTC)
ADDRESS = "0x8617E340B3D01FA5F11F306F4090FD50E238070D"


@pytest.mark.parametrize(
    ("atomic", "words"),
    [
        (12_500_000_000, "12,500.00 USDT on Tron"),
        (49_990_000, "49.99 USDT on Tron"),
        (1, "0.000001 USDT on Tron"),
        (18_232_499_250, "18,232.499250 USDT on Tron"),
    ],
)
def test_an_amount_in_words(atomic: int, words: str) -> None:
    assert display.amount_words(atomic, "USDT", "tron") == words


@pytest.mark.parametrize(
    ("text", "short"),
    [
        (ADDRESS, "0x8617E3…38070D"),
        ("TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf", "TXYZop…VkAeBf"),
        ("inv_884", "inv_884"),
    ],
)
def test_the_first_six_and_the_last_six(text: str, short: str) -> None:
    assert display.short(text) == short


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (timedelta(seconds=4), "just now"),
        (timedelta(seconds=40), "40 s ago"),
        (timedelta(minutes=4), "4 min ago"),
        (timedelta(hours=30), "30 h ago"),
        (timedelta(days=20), "20 days ago"),
        (timedelta(days=-2), "in 2 days"),
    ],
)
def test_a_distance_in_time(away: timedelta, words: str) -> None:
    assert display.ago(NOW - away, NOW) == words


def test_an_absolute_time_names_its_zone() -> None:
    with timezone.override(display.zone("Europe/Berlin")):
        assert display.absolute(NOW) == "21 Nov 2025, 10:42:07 CET"


def test_an_unknown_zone_reads_as_utc() -> None:
    assert str(display.zone("Mars/Olympus")) == "UTC"


def test_a_shortened_address_is_whole_one_focus_away_and_can_be_copied() -> None:
    shown = display.address_html(ADDRESS, "base", "live")

    assert f'data-full="{ADDRESS}"' in shown
    assert f'data-copy="{ADDRESS}"' in shown
    assert f"https://basescan.org/address/{ADDRESS}" in shown


def test_the_sandbox_is_on_no_explorer() -> None:
    assert "https://" not in display.address_html(ADDRESS, "base", "sandbox")


def test_what_people_wrote_is_escaped() -> None:
    shown = display.copy_html('<script>alert("x")</script>', "reference")

    assert "<script>" not in shown


def test_what_differs_between_two_addresses_is_marked() -> None:
    assert display.difference_html("0xAB12", "0xAC12") == "0xA<mark>B</mark>12"


def test_of_an_evm_address_the_case_is_no_difference() -> None:
    assert display.difference_html("0xab12", "0xAB13") == "0xab1<mark>2</mark>"
    assert display.difference_html("TAb", "TaB") == "T<mark>A</mark><mark>b</mark>"


def test_what_is_overdue_says_so_in_words() -> None:
    due = timezone.now() - timedelta(hours=30)

    assert ">overdue by 30 h<" in display.due_html(due, is_open=True)
    assert "overdue" not in display.due_html(due, is_open=False)


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(minutes=-4, seconds=-2), "4 min ago"),
        (timedelta(seconds=16), "just now"),
        (timedelta(days=2), "just now"),
    ],
)
def test_a_block_of_a_clock_ahead_of_ours_was_mined_just_now(ahead: timedelta, words: str) -> None:
    html = display.mined_html(timezone.now() + ahead)

    assert html.endswith(f">{words}</time>")
