"""JSON bodies in and out: exact numbers both ways, and nothing a database text cannot hold."""

from collections.abc import Mapping
from typing import IO, Any

from django.http import HttpRequest
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from billing import exact_json
from billing.errors import InvalidRequest, PayloadTooLarge, UnsupportedMediaType

MEDIA_TYPE = "application/json"
BODY_MOST_BYTES = 2**20  # A view that takes more says so in `body_most_bytes`.


class ExactJsonParser(BaseParser):
    """Reads a JSON object whose fractions are Decimals, made from the request's own digits."""

    media_type = MEDIA_TYPE

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        view = (parser_context or {}).get("view")
        most: int = getattr(view, "body_most_bytes", BODY_MOST_BYTES)
        text = stream.read(most + 1)
        if len(text) > most:
            raise PayloadTooLarge(most)
        try:
            body = exact_json.loads(text)
        except exact_json.MalformedJson as error:
            raise InvalidRequest(
                f"The body is not valid JSON: {error}.", code="malformed_json"
            ) from error
        if not isinstance(body, dict):
            raise InvalidRequest("The body must be a JSON object.", code="body_not_an_object")
        return body


class ExactJsonRenderer(BaseRenderer):
    """Writes Decimals as JSON numbers, digit for digit; bytes are an answer already written."""

    media_type = MEDIA_TYPE
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if data is None:
            return b""
        return data if isinstance(data, bytes) else exact_json.dumps(data)


class AlwaysJson(BaseContentNegotiation):
    """Every answer is JSON, whatever Accept says; a body is read only where it says it is JSON."""

    def select_parser(self, request: Request, parsers: Any) -> BaseParser:
        media_type = str(request.content_type or "").partition(";")[0].strip().lower()
        if media_type != MEDIA_TYPE:
            raise UnsupportedMediaType
        parser: BaseParser = parsers[0]
        return parser

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], MEDIA_TYPE


def refuse_oversized(request: HttpRequest, most: int) -> None:
    """Raise PayloadTooLarge by the announced length, before one byte of the body is read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdecimal() and int(length[:20]) > most:
        raise PayloadTooLarge(most)
    if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        raise InvalidRequest(
            "A body without a length is not read. Send Content-Length.", code="length_required"
        )
