"""The languages of the hosted pages: complete, compiled, and right to left where they are."""

import re
from decimal import Decimal
from string import Formatter

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext, ngettext

from billing.callers import Caller
from checkouts.hosted.languages import LANGUAGES
from checkouts.hosted.stages import Stage
from organizations.models import User
from tests.checkouts import catalogs
from tests.checkouts.staging import in_stage
from tests.checkouts.test_pages import html, shown, words

PLACEHOLDER = re.compile(r"%\(([a-z_]+)\)s")
# In these one, two or none are said by a word: "one minute", without a figure.
MAY_SAY_IT_IN_WORDS = {"ar"}


def code_of(language: str) -> str:
    return language.lower().replace("_", "-")


def test_every_language_of_the_menu_has_a_catalog_and_the_other_way_round() -> None:
    assert {code_of(language) for language in catalogs.LANGUAGES} | {"en"} == set(LANGUAGES)
    stored = {path.name for path in catalogs.LOCALE.iterdir()}
    assert stored == set(catalogs.LANGUAGES)


@pytest.mark.parametrize("language", catalogs.LANGUAGES)
def test_no_text_of_the_source_lacks_a_translation(language: str) -> None:
    assert catalogs.lacking(language) == []


@pytest.mark.parametrize("language", catalogs.LANGUAGES)
def test_no_catalog_keeps_what_the_source_does_not_say_any_more(language: str) -> None:
    said = {(message.id, message.context) for message in catalogs.source()}

    kept = {(message.id, message.context) for message in catalogs.stored(language)}

    assert kept - said == set()


@pytest.mark.parametrize("language", catalogs.LANGUAGES)
def test_what_is_compiled_is_what_was_translated(language: str) -> None:
    compiled = catalogs.compiled(catalogs.stored(language))

    assert catalogs.mo_path(language).read_bytes() == compiled, (
        "run: python -m tests.checkouts.catalogs"
    )


@pytest.mark.parametrize("language", catalogs.LANGUAGES)
def test_a_translation_holds_the_same_values_as_the_text(language: str) -> None:
    for message in catalogs.stored(language):
        if not message.id:
            continue
        wanted = set(PLACEHOLDER.findall(catalogs.texts(message)[-1]))
        for number, text in enumerate(catalogs.translations(message)):
            found = set(PLACEHOLDER.findall(text))
            is_in_words = language in MAY_SAY_IT_IN_WORDS and message.pluralizable and number < 3
            assert found == wanted or (is_in_words and found < wanted), (message.id, text)
            assert text.count("%") == len(PLACEHOLDER.findall(text)), text
            assert list(Formatter().parse(text.replace("%", ""))), text


@pytest.mark.parametrize("language", catalogs.LANGUAGES)
def test_django_says_ours_and_no_namesake_of_its_own(language: str) -> None:
    """Another app's catalog may hold the same English, and would be asked first."""
    with translation.override(code_of(language)):
        for message in catalogs.stored(language):
            if message.id and not message.pluralizable:
                assert gettext(catalogs.texts(message)[0]) == message.string


@pytest.mark.parametrize(
    ("code", "number", "text"),
    [
        ("en", 1, "1 minute left"),
        ("en", 5, "5 minutes left"),
        ("ru", 1, "Осталась 1 минута"),
        ("ru", 3, "Осталось 3 минуты"),
        ("ru", 5, "Осталось 5 минут"),
        ("ru", 11, "Осталось 11 минут"),
        ("ru", 21, "Осталась 21 минута"),
        ("ar", 1, "تبقّت دقيقة واحدة"),
        ("ar", 2, "تبقّت دقيقتان"),
        ("ar", 5, "تبقّت 5 دقائق"),
        ("ar", 10, "تبقّت 10 دقائق"),
        ("ar", 11, "تبقّت 11 دقيقة"),
        ("ar", 30, "تبقّت 30 دقيقة"),
        ("ar", 100, "تبقّت 100 دقيقة"),
        ("es", 1, "Queda 1 minuto"),
        ("tr", 5, "5 dakika kaldı"),
        ("zh-hans", 5, "剩余 5 分钟"),
    ],
)
def test_numbers_take_the_form_that_the_language_has_for_them(
    code: str, number: int, text: str
) -> None:
    with translation.override(code):
        said = ngettext("%(minutes)s minute left", "%(minutes)s minutes left", number)

    assert said % {"minutes": number} == text


# --- which one is spoken -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "query", "spoken"),
    [
        ("", "", "en"),
        ("de-DE,de;q=0.9", "", "en"),
        ("pt-BR,pt;q=0.9,en;q=0.8", "", "pt"),
        ("de, ru;q=0.5, en;q=0.7", "", "en"),
        ("zh-CN,zh;q=0.9", "", "zh-Hans"),
        ("zh-TW", "", "zh-Hans"),
        ("en;q=0, tr", "", "tr"),
        ("es-419", "", "es"),
        ("ru", "?lang=ar", "ar"),
        ("ru", "?lang=zh-Hans", "zh-Hans"),
        ("ru", "?lang=zh", "zh-Hans"),
        ("ru", "?lang=xx", "ru"),
        ("ru", "?lang=../../etc", "ru"),
        (";;;,,=*" * 50, "", "en"),
        ("*", "", "en"),
    ],
)
def test_the_page_speaks_what_was_asked_for_else_what_the_browser_prefers(
    sandboxed: Caller, accepted: str, query: str, spoken: str
) -> None:
    checkout = in_stage(sandboxed, Stage.PAYING)

    page = shown(checkout, query, accept_language=accepted)

    assert f'<html lang="{spoken}"' in html(page)


def test_the_menu_needs_no_script(sandboxed: Caller) -> None:
    page = html(shown(in_stage(sandboxed, Stage.PAYING), "?lang=ru"))

    for code, name in [("en", "English"), ("zh-Hans", "简体中文"), ("ar", "العربية")]:
        assert re.search(rf'<a href="\?lang={code}"\s+lang="{code}"\s+hreflang="{code}"', page)
        assert name in page
    assert re.search(r'hreflang="ru"\s+aria-current="true"', page)


def test_arabic_is_written_from_right_to_left_but_for_amounts_and_addresses(
    sandboxed: Caller,
) -> None:
    checkout = in_stage(sandboxed, Stage.PART)

    page = html(shown(checkout, "?lang=ar"))

    assert '<html lang="ar"' in page and 'dir="rtl"' in page
    assert '<p class="value" id="address" dir="ltr">' in page
    # U+2066 and U+2069 keep what is between them from turning around.
    assert "\u20669.998000\xa0USDC\u2069" in page
    assert "\u2066" not in html(shown(checkout)), "nothing invisible where nothing turns"


@pytest.mark.parametrize(
    ("language", "shown_amount"),
    [("en", "1,250.50"), ("zh", "1,250.50"), ("ru", "1\u202f250.50"), ("es", "1\u202f250.50")],
)
def test_a_comma_stands_only_where_it_is_no_decimal_sign(
    sandboxed: Caller, language: str, shown_amount: str
) -> None:
    checkout = in_stage(sandboxed, Stage.PAYING, amount_usd=Decimal("1250.50"))

    page = html(shown(checkout, f"?lang={language}"))

    assert f'<bdi dir="ltr">{shown_amount}<span class="token">USDC' in page
    assert 'data-copy="1250.50"' in page


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stage", Stage)
def test_every_stage_can_be_said_in_every_language(
    sandboxed: Caller, language: str, stage: Stage
) -> None:
    page = words(shown(in_stage(sandboxed, stage), f"?lang={language}"))

    assert "%(" not in page
    assert "Acme GmbH" in page


def test_the_admin_keeps_speaking_english(client: Client, ada: User) -> None:
    client.force_login(ada)

    page = client.get("/admin/", headers={"accept-language": "ru"})

    assert page.status_code == 200
    assert re.search(r"[а-яА-Я]", page.text) is None
    assert settings.LANGUAGE_CODE == "en-us"
