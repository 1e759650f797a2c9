"""How a hosted page leaves the server: its headers, and who may show it in a frame."""

import base64
import hashlib
from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from checkouts.branding import Looks
from checkouts.hosted import writing
from checkouts.hosted.languages import LANGUAGES, PARAMETER, html_code, language_of

# Nothing comes from anywhere but here, and nothing goes anywhere else. The one style that is not a
# file is the merchant's colour, named by its hash.
_POLICY = (
    "default-src 'none'; style-src 'self' '{style}'; script-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action {form}; "
    "frame-ancestors {frame}"
)
NOBODY = Looks("")


def page(
    request: HttpRequest,
    template: str,
    values: Mapping[str, object],
    looks: Looks = NOBODY,
    *,
    status: int = 200,
    origin: str | None = None,
    form: str = "'none'",
) -> HttpResponse:
    """Render a hosted page in the language that is active. `origin` may show it in a frame."""
    language = translation.get_language() or "en"
    style = f":root{{--accent:{looks.accent_color}}}"
    context = {
        **values,
        "looks": looks,
        "merchant": writing.isolated(looks.merchant_name),
        "initial": looks.merchant_name[:1].upper(),
        "style": style,
        "origin": origin or "",
        "language": html_code(language),
        "language_name": LANGUAGES[language],
        "is_rtl": translation.get_language_bidi(),
        "languages": [
            (html_code(code), name, _in_language(request, code)) for code, name in LANGUAGES.items()
        ],
    }
    answer = HttpResponse(render_to_string(template, context), status=status)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    answer.headers["Content-Security-Policy"] = _POLICY.format(
        style=f"sha256-{digest}", form=form, frame=origin or "'none'"
    )
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    if origin is not None:
        # A frame is governed by frame-ancestors then, and a popup must know who opened it.
        answer.xframe_options_exempt = True
        answer.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return private(answer)


def private(answer: HttpResponse) -> HttpResponse:
    """Let nobody keep the answer, guess at its type, or tell others where it was read."""
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer


def speaking(request: HttpRequest) -> translation.override:
    """The request's language, for as long as the answer is made: the admin keeps its own."""
    return translation.override(language_of(request))


def page_url(name: str, object_id: str, request: HttpRequest) -> str:
    """The URL of another hosted page, in the language that this one was asked for in."""
    url = reverse(name, args=[object_id])
    asked = request.GET.get(PARAMETER)
    return f"{url}?{PARAMETER}={html_code(language_of(request))}" if asked else url


def _in_language(request: HttpRequest, code: str) -> str:
    query = request.GET.copy()
    query[PARAMETER] = html_code(code)
    return f"?{query.urlencode()}"
