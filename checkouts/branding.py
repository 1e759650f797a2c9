"""Branding: the name and colour that an organization's hosted pages bear, and who may show them."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from billing.callers import Caller
from billing.chains import Environment
from billing.errors import InvalidRequest
from billing.private_keys import refuse_private_keys
from billing.times import iso
from checkouts.hosted import origins
from checkouts.models import Branding
from checkouts.return_urls import require_return_url
from events.services import publish
from events.types import EventType
from organizations.models import Organization
from organizations.roles import ADMINISTER_ORGANIZATION

LEAST_CONTRAST = 4.5  # WCAG 2.2, success criterion 1.4.3
MOST_ORIGINS = 20
_LONGEST_NAME = 120
_LONGEST_SUPPORT_URL = 500
_COLOR = re.compile(r"#[0-9a-f]{6}")
_MAILTO = re.compile(r"mailto:[A-Za-z0-9.!#$%&'*+/=^_`{|}~-]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+")
# What turns a name around, or hides in it, so that it reads as another's.
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")  # which Persian and some emoji are written with


@dataclass(frozen=True, slots=True)
class Looks:
    """How hosted pages look for one organization and environment. `support_url` may be empty."""

    merchant_name: str
    accent_color: str = "#0f766e"
    support_url: str = ""
    origins: tuple[str, ...] = ()


def of(organization_id: str, environment: str) -> Looks:
    """Return how the pages look; where nobody said, they bear the organization's own name."""
    row = Branding.objects.filter(organization_id=organization_id, environment=environment).first()
    if row is None:
        return Looks(Organization.objects.values_list("name", flat=True).get(id=organization_id))
    return Looks(row.merchant_name, row.accent_color, row.support_url, tuple(row.origins))


@transaction.atomic
def update(
    caller: Caller,
    *,
    merchant_name: str | None = None,
    accent_color: str | None = None,
    support_url: str | None = None,
    allowed_origins: Sequence[str] | None = None,
) -> Branding:
    """Change what is given, and publish branding.updated where that changed something.

    For people who administer the organization. An empty `support_url` takes the link away. Raises
    InvalidRequest with `param` where a name is empty, white letters cannot be read on the colour,
    or a URL or origin is none.
    """
    caller.require(ADMINISTER_ORGANIZATION)
    refuse_private_keys({"merchant_name": merchant_name, "support_url": support_url})
    row, is_new = _locked(caller)
    before = branding_json(row)
    if merchant_name is not None:
        row.merchant_name = _name(merchant_name)
    if accent_color is not None:
        row.accent_color = _color(accent_color)
    if support_url is not None:
        row.support_url = _support_url(support_url)
    if allowed_origins is not None:
        row.origins = _origins(allowed_origins, caller.environment)
    if is_new or branding_json(row) != before:
        row.save()
        publish(caller, EventType.BRANDING_UPDATED, row.id, branding_json(row))
    return row


def branding_json(row: Branding) -> dict[str, Any]:
    """Return the branding as its event tells it."""
    return {
        "id": row.id,
        "org_id": row.organization_id,
        "environment": row.environment,
        "merchant_name": row.merchant_name,
        "accent_color": row.accent_color,
        "support_url": row.support_url,
        "origins": list(row.origins),
        "created_at": iso(row.created_at),
    }


def contrast_with_white(color: str) -> float:
    """Return the contrast ratio of `#rrggbb` and white, from 1 to 21, as WCAG defines it."""
    channels = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = sum(
        part * share for part, share in zip(linear, (0.2126, 0.7152, 0.0722), strict=True)
    )
    return 1.05 / (luminance + 0.05)


def _locked(caller: Caller) -> tuple[Branding, bool]:
    """The row, locked until the transaction ends, and whether it was made just now."""
    own_name = Organization.objects.values_list("name", flat=True).get(id=caller.organization_id)
    return Branding.objects.select_for_update().get_or_create(
        organization_id=caller.organization_id,
        environment=caller.environment.value,
        defaults={"merchant_name": own_name},
    )


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > _LONGEST_NAME:
        raise InvalidRequest(
            f"Give a name of 1 to {_LONGEST_NAME} characters, as customers know it.",
            param="merchant_name",
        )
    if any(unicodedata.category(c) in _UNSEEN for c in name if c not in _JOINERS):
        raise InvalidRequest(
            "The name holds a character that cannot be seen or turns the text around. "
            "Type it by hand instead of pasting it.",
            param="merchant_name",
        )
    return name


def _color(text: str) -> str:
    color = text.strip().lower()
    if not _COLOR.fullmatch(color):
        raise InvalidRequest(
            "Write the colour as # and six hexadecimal digits, such as #0f766e.",
            param="accent_color",
        )
    contrast = contrast_with_white(color)
    if contrast < LEAST_CONTRAST:
        raise InvalidRequest(
            f"White letters on {color} have a contrast of {contrast:.2f}:1 and are hard to read. "
            f"Choose a darker colour: {LEAST_CONTRAST}:1 is needed.",
            code="contrast_too_low",
            param="accent_color",
        )
    return color


def _support_url(text: str) -> str:
    url = text.strip()
    if not url or (_MAILTO.fullmatch(url) and len(url) <= _LONGEST_SUPPORT_URL):
        return url
    if url.startswith("mailto:") or len(url) > _LONGEST_SUPPORT_URL:
        raise InvalidRequest(
            "Give an https:// address or mailto: with one e-mail address, at most "
            f"{_LONGEST_SUPPORT_URL} characters.",
            code="invalid_url",
            param="support_url",
        )
    # https in the sandbox too: it is a customer who follows it.
    require_return_url(url, Environment.LIVE, param="support_url")
    return url


def _origins(texts: Sequence[str], environment: Environment) -> list[str]:
    found: list[str] = []
    for text in texts:
        origin = origins.parse(text.strip(), environment)
        if origin is None:
            raise InvalidRequest(
                f"{text.strip()[:60]!r} is no origin. Write it as https://shop.example, with a "
                "port where there is one, and nothing after that. Name each host: there are no "
                "wildcards.",
                code="invalid_origin",
                param="origins",
            )
        if origin not in found:
            found.append(origin)
    if len(found) > MOST_ORIGINS:
        raise InvalidRequest(f"At most {MOST_ORIGINS} origins may be named.", param="origins")
    return found
