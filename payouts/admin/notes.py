"""Comments and files on a payout's page: what was said, the form that adds, the downloads."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from billing.acts import ActsAdmin, said
from billing.admin import NUL
from billing.admin_context import caller_of, may
from billing.errors import BillingError, NotFound
from payouts import notes
from payouts.models import PayoutAttachment, PayoutComment, PayoutIntent
from payouts.models.notes import LARGEST_FILE_BYTES, LONGEST_COMMENT

WRITE = "payouts:write"


class NoteForm(forms.Form):
    """A comment, a file, or both."""

    text = forms.CharField(
        label="Comment",
        max_length=LONGEST_COMMENT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    file = forms.FileField(
        label="File",
        required=False,
        max_length=500,
        widget=forms.FileInput(attrs={"accept": ",".join(f".{kind}" for kind in notes.KINDS)}),
        help_text="An invoice or a mail, up to 5 MB. Both stay for good, with your name.",
    )


class KeepsNotes(ActsAdmin):
    """The admin of payouts, as far as it keeps notes."""

    def more_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path(
                "<path:object_id>/notes/",
                wrap(require_POST(self.note_view)),
                name="payouts_payoutintent_note",
            ),
            path(
                "files/<str:attachment_id>/",
                wrap(self.file_view),
                name="payouts_payoutattachment_download",
            ),
            *super().more_urls(),
        ]

    def note_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Keep what was written or chosen, then show the payout again with what came of it."""
        payout = self.get_or_404(request, object_id)
        if not may(request, WRITE):
            raise PermissionDenied(f"Your role may not do this. It needs {WRITE}.")
        form = NoteForm(request.POST, request.FILES)
        try:
            _keep(request, payout, form)
        except BillingError as refusal:
            messages.error(request, said(refusal))
        return HttpResponseRedirect(f"{self.url_of(payout)}#notes")

    def file_view(self, request: HttpRequest, attachment_id: str) -> HttpResponse:
        """A file as it was attached, to be saved and never to be shown in this site's name."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            row, data = notes.attachment(caller_of(request), attachment_id.replace(NUL, ""))
        except NotFound as missing:
            raise Http404(missing.message) from None
        answer = HttpResponse(data, content_type=row.media_type)
        answer["Content-Disposition"] = content_disposition_header(True, row.name)
        answer["X-Content-Type-Options"] = "nosniff"
        answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
        answer["Cache-Control"] = "private, no-store"
        return answer

    def notes_context(self, request: HttpRequest, payout: PayoutIntent) -> dict[str, Any]:
        url = reverse("admin:payouts_payoutintent_note", args=[quote(payout.pk)])
        return {
            "notes": [_told(note) for note in notes.notes_of(payout)],
            "note_form": NoteForm() if may(request, WRITE) else None,
            "note_url": url,
        }


def _keep(request: HttpRequest, payout: PayoutIntent, form: NoteForm) -> None:
    if not form.is_valid():
        for field, errors in form.errors.items():
            messages.error(request, f"{form.fields[field].label}: {' '.join(map(str, errors))}")
        return
    caller, file = caller_of(request), form.cleaned_data["file"]
    if not form.cleaned_data["text"].strip() and file is None:
        messages.warning(request, "Nothing was written and no file chosen, so nothing is kept.")
    # The file first: what it is refused for leaves no comment that speaks of it.
    if file is not None:
        if file.size > LARGEST_FILE_BYTES:
            raise notes.FileRefused("The file is larger than 5 MB.")
        notes.attach(caller, payout.id, file.name, file.read())
        messages.success(request, f"{file.name} is attached.")
    if form.cleaned_data["text"].strip():
        notes.comment(caller, payout.id, form.cleaned_data["text"])
        messages.success(request, "Your comment is kept.")


def _told(note: PayoutComment | PayoutAttachment) -> dict[str, Any]:
    common = {"author": note.author_name, "at": note.created_at}
    if isinstance(note, PayoutComment):
        return {**common, "text": note.text}
    url = reverse("admin:payouts_payoutattachment_download", args=[note.pk])
    return {
        **common,
        "name": note.name,
        "url": url,
        "size": filesizeformat(note.size),
        "sha256": note.sha256,
    }
