"""Where things are in the admin, and how a test reads a page."""

import html
import re
from typing import Any

from django.contrib.admin.utils import quote
from django.db.models import Model
from django.urls import reverse

QUEUE = "/admin/payouts/payoutintent/"


def page_of(row: Model) -> str:
    opts = row._meta
    name = f"admin:{opts.app_label}_{opts.model_name}_change"
    return reverse(name, args=[quote(str(row.pk))])


def act_of(row: Model, act: str) -> str:
    opts = row._meta
    name = f"admin:{opts.app_label}_{opts.model_name}_act"
    return reverse(name, args=[quote(str(row.pk)), act])


def text_of(answer: Any) -> str:
    """The words of a page, without tags and with single spaces."""
    body = answer.content.decode()
    body = re.sub(r"<(script|style|head).*?</\1>", " ", body, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def filled_buttons(answer: Any) -> list[str]:
    """The words of the filled buttons of a page: the one next act."""
    found = re.findall(
        r'<(?:a|button)[^>]*class="button button-filled[^"]*"[^>]*>(.*?)</(?:a|button)>',
        answer.content.decode(),
        flags=re.DOTALL,
    )
    return [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", each)).split()) for each in found]
