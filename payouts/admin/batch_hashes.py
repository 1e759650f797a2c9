"""Hashes for many payouts of a batch: pasted or uploaded, shown line by line, then submitted."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from billing.acts import ActsAdmin, said
from billing.admin_context import caller_of, may
from billing.chains import Chain
from billing.errors import BillingError, InvalidRequest
from billing.many import Outcome, grouped
from organizations.roles import EXECUTE
from payouts import services
from payouts.acts.execute_many import Executed, members_of, part_of_batch
from payouts.handover.files import MOST_IN_TRANSACTION
from payouts.hash_lines import MOST_CHARACTERS, Planned, plan
from payouts.models import PayoutBatch, PayoutIntent


class HashesForm(forms.Form):
    """Lines, or a file of lines; and whom a single hash is for."""

    lines = forms.CharField(
        required=False,
        strip=False,
        label="Hashes",
        widget=forms.Textarea(attrs={"rows": 8, "class": "mono", "spellcheck": "false"}),
        help_text="A line for each payout: its id and the hash, or recipient, amount and hash. One "
        "line with a hash alone is for all payouts chosen below.",
    )
    file = forms.FileField(
        required=False,
        label="Or a file",
        help_text="Plain text or CSV, with the same lines.",
        widget=forms.ClearableFileInput(attrs={"accept": ".txt,.csv,text/plain,text/csv"}),
    )
    part = forms.ChoiceField(
        required=False, label="One hash pays", help_text="Only where one transaction pays several."
    )

    def __init__(self, *args: Any, parts: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["part"].choices = [("", "Each line names its payout"), *parts]  # type: ignore[attr-defined]  # a ChoiceField


class SubmitsHashes(ActsAdmin):
    """The page "Submit hashes" of a batch. Nothing is written before the lines were shown."""

    def more_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.hashes_view)
        name = "payouts_payoutbatch_hashes"
        return [path("<path:object_id>/hashes/", view, name=name), *super().more_urls()]

    def hashes_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        batch: PayoutBatch = self.get_or_404(request, object_id)
        if not may(request, EXECUTE):
            raise PermissionDenied(f"Your role may not do this. It needs {EXECUTE}.")
        caller = caller_of(request)
        members = members_of(caller, batch.id)
        parts = choices_of(members)
        if request.method != "POST":
            return self._ask(request, batch, HashesForm(parts=parts))
        form = HashesForm(request.POST, request.FILES, parts=parts)
        if not form.is_valid():
            return self._ask(request, batch, form)
        try:
            text = _text_of(form)
            rows = plan(caller, text, members, _part(batch, members, form.cleaned_data["part"]))
        except BillingError as refusal:
            return self._ask(request, batch, form, refusal=refusal)
        if "confirmed" not in request.POST:
            return self._show(request, batch, rows, text, form.cleaned_data["part"])
        return self._submit(request, batch, rows)

    def _submit(
        self, request: HttpRequest, batch: PayoutBatch, rows: list[Planned]
    ) -> HttpResponse:
        named = [row for row in rows if row.execution]
        executions = [row.execution for row in named if row.execution]
        done = services.execute_each(caller_of(request), batch.id, executions)
        outcomes = [_outcome(row, result) for row, result in zip(named, done, strict=True)]
        taken = sum(outcome.is_done for outcome in outcomes)
        refused = f", {len(outcomes) - taken} refused" if taken < len(outcomes) else ""
        if not outcomes:
            messages.warning(request, "No line could be submitted. Nothing changed.")
        request.session["batch_outcomes"] = {
            "batch": batch.id,
            "title": f"Submit hashes: {taken} done{refused}",
            "rows": [[o.pk, o.title, o.is_done, o.message] for o in outcomes],
        }
        return HttpResponseRedirect(self.url_of(batch))

    def take_batch_outcomes(self, request: HttpRequest, batch: PayoutBatch) -> Any:
        """The report of what was submitted last, shown once."""
        kept = request.session.get("batch_outcomes")
        if not kept or kept["batch"] != batch.id or not kept["rows"]:
            return None
        del request.session["batch_outcomes"]
        return {"title": kept["title"], "groups": grouped(Outcome(*row) for row in kept["rows"])}

    def _ask(
        self,
        request: HttpRequest,
        batch: PayoutBatch,
        form: forms.Form,
        *,
        refusal: BillingError | None = None,
    ) -> HttpResponse:
        context = {
            **self._hashes_context(request, batch),
            "form": form,
            "refusal": said(refusal) if refusal else "",
        }
        template, status = "admin/payouts/batch_hashes.html", refusal.status if refusal else 200
        return TemplateResponse(request, template, context, status=status)

    def _show(
        self, request: HttpRequest, batch: PayoutBatch, rows: list[Planned], text: str, part: str
    ) -> HttpResponse:
        good = sum(row.execution is not None for row in rows)
        context = {
            **self._hashes_context(request, batch),
            "rows": rows,
            "good": good,
            "bad": len(rows) - good,
            "text": text,
            "part": part,
        }
        return TemplateResponse(request, "admin/payouts/batch_hashes_check.html", context)

    def _hashes_context(self, request: HttpRequest, batch: PayoutBatch) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Submit hashes",
            "crumbs": [*self.crumbs(), (self.title_of(batch), self.url_of(batch))],
            "batch": batch,
            "back_url": self.url_of(batch),
        }


def choices_of(members: list[PayoutIntent]) -> list[tuple[str, str]]:
    """What one transaction can pay: all of a chain, or one part of it where that is split."""
    counts: dict[str, int] = {}
    for payout in members:
        counts[payout.chain] = counts.get(payout.chain, 0) + 1
    choices = []
    for chain, count in sorted(counts.items()):
        label = Chain(chain).label
        choices.append((chain, f"All on {label} ({count})"))
        parts = -(-count // MOST_IN_TRANSACTION)
        if parts > 1:
            choices += [
                (f"{chain}:{number}", f"Part {number} of {parts} on {label}")
                for number in range(1, parts + 1)
            ]
    return choices


def _part(
    batch: PayoutBatch, members: list[PayoutIntent], chosen: str
) -> list[PayoutIntent] | None:
    if not chosen:
        return None
    chain, _, part = chosen.partition(":")
    return part_of_batch(batch.id, members, chain=chain, part=int(part) if part else None)


def _text_of(form: forms.Form) -> str:
    """What was pasted, and after it what was uploaded. Raises InvalidRequest."""
    pasted: str = form.cleaned_data["lines"]
    file: UploadedFile[bytes] | None = form.cleaned_data["file"]
    if file is None:
        return pasted
    if file.size is None or file.size > MOST_CHARACTERS:
        raise InvalidRequest(f"The file is longer than {MOST_CHARACTERS:,} bytes.", param="file")
    try:
        uploaded = file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = "The file is no plain text. Save it as CSV or text in UTF-8."
        raise InvalidRequest(message, param="file") from error
    return f"{pasted}\n{uploaded}" if pasted.strip() else uploaded


def _outcome(row: Planned, result: Executed) -> Outcome:
    if result.error is not None:
        return Outcome(result.payout_id, row.title, False, said(result.error))
    return Outcome(result.payout_id, row.title, True, "Its transaction is being watched.")
