"""GET /subscription/<token>: what a customer is shown, in every stage, and what they never are."""

import re
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import translation
from pytest_django import Settings

from billing.api.throttling import Limit
from billing.callers import Caller
from checkouts import pages as checkout_pages
from checkouts import services as checkouts
from checkouts.hosted.languages import LANGUAGES
from checkouts.models import Branding
from organizations.models import Organization
from subscriptions import renewing
from subscriptions.hosted.dates import day, day_and_time
from subscriptions.hosted.standing import Stage
from subscriptions.models import RenewalSettings, Subscription
from tests.checkouts.making import a_method, caller_of
from tests.checkouts.paying import a_pass
from tests.checkouts.staging import arrived
from tests.checkouts.test_pages import Answer, html, words
from tests.subscriptions.making import a_customer, a_plan, last_renewal, pay, subscribed
from tests.subscriptions.staging import in_stage, path_of, with_history

pytestmark = pytest.mark.django_db

STATIC = [django_settings.ROOT / app / "static" / app for app in ("checkouts", "subscriptions")]
MOST_BYTES, MOST_QUERIES = 100_000, 8
SAID = {
    Stage.TRIALING: ("Free trial", "It costs nothing until {end}. From then on it is 20.00 USDC"),
    Stage.DUE: ("Waiting for your payment", "The period that began on {start} is not paid yet."),
    Stage.ACTIVE: ("Active", "It is paid until {end}."),
    Stage.ENDING: ("Canceled", "You can use it until {end}. It is not renewed, and nothing more"),
    Stage.PAST_DUE: ("Payment overdue", "Without it your subscription ends."),
    Stage.PAUSED: ("Paused", "Nothing is to be paid meanwhile. To go on, contact Acme GmbH."),
    Stage.CANCELED: ("Canceled", "You can use it until {end}. It is not renewed, and nothing more"),
    Stage.OVER: ("Canceled", "It ended on {canceled}, and nothing more is to be paid."),
    Stage.UNPAID: ("Ended: a payment did not come", "It ended on {canceled}. To have it again,"),
    Stage.EXPIRED: ("Ended", "It ended on {canceled}. To have it again, contact Acme GmbH."),
}
PAYABLE = {Stage.DUE, Stage.PAST_DUE}
CANCELABLE = {Stage.TRIALING, Stage.DUE, Stage.ACTIVE, Stage.PAST_DUE, Stage.PAUSED}


def shown(subscription: Subscription, query: str = "", **headers: str) -> Any:
    return Client(headers=headers).get(f"{path_of(subscription)}{query}")


def heading(answer: Answer) -> str:
    found = re.search(r'<h2 id="heading">(.*?)</h2>', html(answer))
    assert found is not None
    return found[1]


def english(moment: datetime | None) -> str:
    return f"{moment.day} {moment:%B %Y}" if moment else ""


@pytest.mark.parametrize("stage", Stage)
def test_each_stage_has_its_own_words_and_shows_what_can_be_done(
    sandboxed: Caller, stage: Stage
) -> None:
    it = in_stage(sandboxed, stage)

    page = shown(it)

    said, text = SAID[stage]
    assert page.status_code == 200
    assert heading(page) == said
    assert text.format(
        start=english(it.current_period_start),
        end=english(it.current_period_end),
        canceled=english(it.canceled_at),
    ) in words(page)
    assert ("Pay now" in words(page)) == (stage in PAYABLE)
    assert ("Cancel this subscription" in words(page)) == (stage in CANCELABLE)


def test_it_says_what_the_plan_is_and_what_it_costs(sandboxed: Caller) -> None:
    plan = a_plan(sandboxed, name="Pro <b>", description="Up to 3 & more", interval_count=3)

    page = shown(subscribed(sandboxed, plan))

    assert "Pro &lt;b&gt;" in page.text and "Up to 3 &amp; more" in page.text
    assert "20.00 USDC every 3 months · USDC on Base" in words(page)
    assert "Sandbox: no real money" in words(page)


@pytest.mark.parametrize(
    ("interval", "count", "said"),
    [
        ("daily", 1, "every day"),
        ("weekly", 2, "every 2 weeks"),
        ("monthly", 1, "every month"),
        ("yearly", 1, "every year"),
    ],
)
def test_the_interval_is_said_in_words(
    sandboxed: Caller, interval: str, count: int, said: str
) -> None:
    plan = a_plan(sandboxed, interval=interval, interval_count=count, trial_days=1)

    assert f"20.00 USDC {said} ·" in words(shown(subscribed(sandboxed, plan)))


def test_what_is_open_is_paid_on_its_checkout_s_page(sandboxed: Caller) -> None:
    it = in_stage(sandboxed, Stage.DUE)
    renewal = last_renewal(it)
    assert renewal.closes_at is not None

    page = shown(it, "?lang=en")

    assert f'href="/checkout/{renewal.checkout_id}?lang=en"' in html(page)
    by = f"{english(renewal.closes_at)}, {renewal.closes_at:%H:%M}"
    start, end = english(renewal.period_start), english(renewal.period_end)
    assert f"20.00 USDC for {start} to {end}. Please pay by {by}." in words(page)
    assert "Next payment" not in words(page), "it is due, and said above"


def test_a_paid_period_leads_to_what_was_paid_and_tells_of_the_next(sandboxed: Caller) -> None:
    it = in_stage(sandboxed, Stage.ACTIVE)
    renewal = last_renewal(it)

    page = shown(it)

    end = english(it.current_period_end)
    assert f"Current period {english(it.current_period_start)} to {end}" in words(page)
    assert f"Next payment 20.00 USDC on {end}" in words(page)
    paid = rf'<a href="/checkout/{renewal.checkout_id}">Paid on {english(renewal.paid_at)}</a>'
    assert paid in html(page).replace("\xa0", " ")


def test_money_on_its_way_is_not_asked_for_again(sandboxed: Caller) -> None:
    it = in_stage(sandboxed, Stage.DUE)
    checkout = last_renewal(it).checkout
    assert checkout is not None
    arrived(checkout)
    a_pass()

    page = shown(it)

    assert "Pay now" not in words(page)
    assert "has arrived and is being confirmed. Do not pay again" in words(page)
    assert re.search(rf'href="/checkout/{checkout.id}">\s*See the payment', html(page))
    assert "Being confirmed" in words(page)


@pytest.mark.parametrize("is_seen", [False, True])
def test_between_two_attempts_it_says_when_the_next_one_opens(
    sandboxed: Caller, is_seen: bool
) -> None:
    it = in_stage(sandboxed, Stage.DUE)
    renewal = last_renewal(it)
    assert renewal.checkout_id is not None
    checkouts.fail(sandboxed, renewal.checkout_id, "a word between us")
    if is_seen:
        renewing.renew()
    renewal = last_renewal(it)

    page = words(shown(it))

    assert "Pay now" not in page and "a word between us" not in page
    if is_seen:
        assert renewal.next_attempt_at is not None
        opens = f"{english(renewal.next_attempt_at)}, {renewal.next_attempt_at:%H:%M}"
        assert f"You can pay again from {opens} on." in page
    else:
        assert "come back in an hour, or contact Acme GmbH." in page


def test_days_are_those_of_the_organization_s_time_zone_which_is_named(sandboxed: Caller) -> None:
    RenewalSettings.objects.create(
        organization_id=sandboxed.organization_id, environment="sandbox", time_zone="Asia/Tokyo"
    )

    page = words(shown(subscribed(sandboxed)))

    assert "Days and times are in the time zone Asia/Tokyo." in page
    new_year = datetime(2026, 12, 31, 15, 30, tzinfo=UTC)
    assert day_and_time(new_year, "Asia/Tokyo").replace("\xa0", " ") == "1 January 2027, 00:30"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "5 March 2027"),
        ("es", "5 de marzo de 2027"),
        ("pt", "5 de março de 2027"),
        ("zh-hans", "2027年3月5日"),
        ("ru", "5 марта 2027"),
        ("tr", "5 Mart 2027"),
        ("ar", "5 مارس 2027"),
    ],
)
def test_a_day_is_written_as_the_language_does(language: str, said: str) -> None:
    with translation.override(language):
        assert day(datetime(2027, 3, 5, 9, tzinfo=UTC), "UTC").replace("\xa0", " ") == said


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_can_be_said_in_every_language(sandboxed: Caller, stage: Stage) -> None:
    it = in_stage(sandboxed, stage)

    said = {language: words(shown(it, f"?lang={language}")) for language in LANGUAGES}

    assert not any("%(" in page for page in said.values())
    assert len(set(said.values())) == len(LANGUAGES)
    for language, page in said.items():
        if language != "en":
            assert SAID[stage][0] not in page, language


# --- its history ---------------------------------------------------------------------------------


def test_a_long_history_is_cut_with_a_sentence_and_costs_no_more_queries(
    sandboxed: Caller, django_assert_max_num_queries: Any
) -> None:
    it = in_stage(sandboxed, Stage.DUE)
    with_history(sandboxed, it, 24)

    with django_assert_max_num_queries(MOST_QUERIES):
        page = shown(it)

    assert len(re.findall(r'<span class="period">', html(page))) == 24
    assert words(page).count("Called off") == 23, "and the open one, which is the newest"
    # So many pauses in a second put off the period by as many seconds: it is due all the same.
    assert heading(page) == "Waiting for your payment"
    assert "Older payments are not shown here. Ask Acme GmbH for them." in words(page)


def test_a_short_history_is_whole(sandboxed: Caller) -> None:
    it = in_stage(sandboxed, Stage.DUE)
    with_history(sandboxed, it, 1)

    assert "Older payments" not in words(shown(it))
    assert words(shown(it)).count("Called off") == 1


@pytest.mark.parametrize("stage", Stage)
def test_the_page_needs_few_queries(
    sandboxed: Caller, stage: Stage, django_assert_max_num_queries: Any
) -> None:
    it = in_stage(sandboxed, stage)

    with django_assert_max_num_queries(MOST_QUERIES):
        assert shown(it).status_code == 200
    with django_assert_max_num_queries(MOST_QUERIES):
        assert Client().get(f"{path_of(it)}/cancel").status_code == 200


# --- how it is answered --------------------------------------------------------------------------


def test_it_allows_nothing_but_its_own_files_and_is_kept_by_nobody(sandboxed: Caller) -> None:
    it = in_stage(sandboxed, Stage.ACTIVE)

    page, ask = shown(it), Client().get(f"{path_of(it)}/cancel")

    for answer, form in ((page, "'none'"), (ask, "'self'")):
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'self' 'sha256-")
        assert policy.endswith(f"form-action {form}; frame-ancestors 'none'")
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert re.findall(r'(?:src|action)="|<script|style="', html(answer)) == []
    assert not page.cookies


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_whole_page_is_lighter_than_100_kb(sandboxed: Caller, language: str) -> None:
    page = shown(in_stage(sandboxed, Stage.DUE), f"?lang={language}")

    files: list[Path] = [path for place in STATIC for path in place.rglob("*.woff2")]
    files += [STATIC[0] / "checkout.css", STATIC[0] / "mark.svg", STATIC[1] / "subscription.css"]
    assert len(files) == 7
    assert len(page.content) + sum(path.stat().st_size for path in files) < MOST_BYTES


@pytest.mark.parametrize("end", ["", "/cancel"])
def test_an_unknown_token_has_the_calm_page_that_checkouts_have(
    sandboxed: Caller, end: str
) -> None:
    it = in_stage(sandboxed, Stage.ACTIVE)
    token = it.page_token
    calm = Client().get("/checkout/co_000000000000000000000000")

    for wrong in ("A" * 43, it.id, token[:-1], f"{token}A", token.swapcase(), "%00", "x" * 5000):
        answer = Client().get(f"/subscription/{wrong}{end}")

        assert (answer.status_code, words(answer)) == (404, words(calm)), wrong


def test_tokens_cannot_be_tried_without_end(
    sandboxed: Caller, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_RATE_LIMIT = "100/second"
    monkeypatch.setattr(checkout_pages, "LOOKS", Limit(3, 3600))
    hasty = Client(REMOTE_ADDR=f"2001:db8::{time.time_ns():x}"[-38:])

    answers = [hasty.get(f"/subscription/{n:043}") for n in range(4)]

    assert [answer.status_code for answer in answers] == [404, 404, 404, 429]


def test_it_bears_the_branding_of_its_own_environment(
    sandboxed: Caller, acme: Organization
) -> None:
    for environment, name in (("sandbox", "Acme Studio"), ("live", "Acme Live")):
        Branding.objects.create(
            organization=acme,
            environment=environment,
            merchant_name=name,
            accent_color="#7c2d12",
            support_url="https://acme.example/help",
        )

    page = shown(in_stage(sandboxed, Stage.PAUSED))

    assert "contact Acme Studio." in words(page) and "Acme Live" not in page.text
    assert "--accent:#7c2d12" in page.text
    assert 'href="https://acme.example/help"' in html(page)


def test_live_has_no_band(acme: Organization, settings: Settings) -> None:
    settings.NETWORKS = {
        name: replace(row, rpc_urls=("http://127.0.0.1:9",))
        for name, row in settings.NETWORKS.items()
    }
    live = caller_of(acme, "live")
    a_method(live)

    page = words(shown(subscribed(live)))

    assert "Sandbox" not in page and "Pay now" in page


@pytest.mark.parametrize("stage", [Stage.DUE, Stage.ACTIVE])
def test_it_tells_nothing_else(sandboxed: Caller, stage: Stage) -> None:
    customer = a_customer(sandboxed, email="ann.secret@shop.example", name="Ann Secret")
    plan = a_plan(sandboxed, metadata={"note": "secret-77"})
    it = subscribed(sandboxed, plan, customer)
    other = subscribed(sandboxed)
    if stage == Stage.ACTIVE:
        pay(sandboxed, it)

    told = html(shown(it)) + html(Client().get(f"{path_of(it)}/cancel"))

    secret = [
        it.id, customer.id, plan.id, "Secret", "secret", last_renewal(it).id,
        it.organization_id, other.id, other.page_token, str(last_renewal(other).checkout_id),
    ]  # fmt: skip
    assert [text for text in secret if text in told] == []


def test_it_is_only_read(sandboxed: Caller) -> None:
    it = in_stage(sandboxed, Stage.ACTIVE)

    assert Client().post(path_of(it)).status_code == 405
    assert Client().head(path_of(it)).status_code == 200
    assert Client().delete(f"{path_of(it)}/cancel").status_code == 405
