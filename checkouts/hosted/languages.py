"""Which language a hosted page speaks: the one asked for, else one the browser prefers."""

from collections.abc import Mapping

from django.http import HttpRequest
from django.utils.translation.trans_real import parse_accept_lang_header

# As Django names them, and as their speakers do. The first is what everybody else reads.
LANGUAGES: Mapping[str, str] = {
    "en": "English",
    "es": "Español",
    "pt": "Português",
    "zh-hans": "简体中文",
    "ru": "Русский",
    "tr": "Türkçe",
    "ar": "العربية",
}
DEFAULT = "en"
PARAMETER = "lang"


def language_of(request: HttpRequest) -> str:
    """Return the language of `?lang=`, else the best of Accept-Language, else English."""
    asked = _known(request.GET.get(PARAMETER, ""))
    if asked is not None:
        return asked
    accepted = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    found = (_known(tag) for tag, quality in accepted if quality > 0)
    return next((language for language in found if language is not None), DEFAULT)


def html_code(language: str) -> str:
    """The code as HTML writes it: `zh-Hans`."""
    main, _, script = language.partition("-")
    return f"{main}-{script.capitalize()}" if script else main


def _known(tag: str) -> str | None:
    """`pt-BR` is read as Portuguese, any Chinese as the one Chinese there is."""
    main = tag.lower().replace("_", "-").partition("-")[0]
    return next((code for code in LANGUAGES if code.partition("-")[0] == main), None)
