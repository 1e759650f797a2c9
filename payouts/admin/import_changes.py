"""Correcting and confirming lines on the page of an import."""

import re
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from billing.acts import ActsAdmin
from billing.admin_context import caller_of, may
from billing.chains import Chain
from billing.display import NOTHING, amount_html
from billing.errors import BillingError
from payouts.admin.import_lines import cells_of, doubtful_page, edits_of, wrong_page
from payouts.importing import acts
from payouts.models import ImportState, PayoutImport

_EDIT, _CONFIRM = "payouts_payoutimport_edit", "payouts_payoutimport_confirm_lines"


class ChangesLines(ActsAdmin):
    """The admin of imports, as far as it changes their lines."""

    def more_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        edit, confirm = require_POST(self.edit_view), require_POST(self.confirm_view)
        return [
            path("<path:object_id>/edit/", wrap(edit), name=_EDIT),
            path("<path:object_id>/confirm-lines/", wrap(confirm), name=_CONFIRM),
            *super().more_urls(),
        ]

    def record_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        quoted = [quote(obj.pk)]
        return {
            **super().record_context(request, obj),
            "wrong": wrong_page(request, obj),
            "doubtful": doubtful_page(request, obj),
            "edits": list(edits_of(obj)),
            "can_edit": obj.state == ImportState.CHECKED and may(request, acts.SCOPE),
            "edit_url": reverse(f"admin:{_EDIT}", args=quoted),
            "confirm_url": reverse(f"admin:{_CONFIRM}", args=quoted),
        }

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Keep the cells that were sent, and check the lines again."""
        imported = self._to_change(request, object_id)
        cells, revision = cells_of(request, imported), _revision(request)

        def edit() -> PayoutImport:
            return acts.edit(caller_of(request), imported.pk, cells, revision=revision)

        return self._changed(request, imported, edit)

    def confirm_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Confirm the warnings of the lines that were ticked, or of all."""
        imported = self._to_change(request, object_id)
        ticked = {int(n) for n in request.POST.getlist("line") if re.fullmatch("[0-9]{1,7}", n)}
        lines, revision = None if "all" in request.POST else ticked, _revision(request)

        def confirm() -> PayoutImport:
            return acts.confirm_lines(caller_of(request), imported.pk, lines, revision=revision)

        return self._changed(request, imported, confirm)

    def _to_change(self, request: HttpRequest, object_id: str) -> PayoutImport:
        imported: PayoutImport = self.get_or_404(request, object_id)
        if not may(request, acts.SCOPE):
            raise PermissionDenied(f"Your role may not do this. It needs {acts.SCOPE}.")
        return imported

    def _changed(
        self, request: HttpRequest, imported: PayoutImport, act: Callable[[], PayoutImport]
    ) -> HttpResponse:
        """Do it, and show the import as it is then, at the page of lines that one was on."""
        try:
            _told(request, act())
        except BillingError as refusal:
            messages.error(request, refusal.message)
        kept = {name: request.GET[name] for name in ("wrong", "doubtful") if name in request.GET}
        return HttpResponseRedirect(f"{self.url_of(imported)}?{urlencode(kept)}".rstrip("?"))


def drafts_words(imported: PayoutImport) -> str:
    """How many drafts it makes: `1 draft`, `2,000 drafts`."""
    count = imported.report["payouts"]
    return "1 draft" if count == 1 else f"{count:,} drafts"


def _revision(request: HttpRequest) -> int:
    """Of what the person looked at; none that can be where the form does not say."""
    text = request.POST.get("revision", "")
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else -1


def _told(request: HttpRequest, imported: PayoutImport) -> None:
    """Say how it stands after something of its lines was changed."""
    if imported.state == ImportState.READ:
        messages.success(request, "Kept. The lines are being checked again.")
    elif wrong := imported.lines_wrong:
        lines = "1 line is" if wrong == 1 else f"{wrong:,} lines are"
        messages.warning(request, f"Kept. {lines} still wrong.")
    elif left := imported.lines_unconfirmed:
        lines = "1 line has" if left == 1 else f"{left:,} lines have"
        messages.success(request, f"Kept. {lines} warnings to look at.")
    else:
        messages.success(request, f"Kept. {drafts_words(imported)} can be created now.")


def totals_html(imported: PayoutImport) -> SafeString:
    """One line per chain and token; a dash before it is checked."""
    if not imported.report:
        return NOTHING
    return format_html_join(
        "",
        '<span class="sub">{} on {}, {} payouts</span>',
        (
            (
                amount_html(int(each["amount_atomic"]), each["token"], each["chain"]),
                Chain(each["chain"]).label,
                f"{each['payouts']:,}",
            )
            for each in imported.report.get("totals", [])
        ),
    )
