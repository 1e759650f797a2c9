"""Your account: the second factor, where you are logged in, and what is written to you."""

from typing import Any, cast
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from billing import confirming
from billing.admin_context import place_of
from billing.errors import BillingError
from billing.qr import svg
from organizations import noticing, sessions, two_factor
from organizations.models import Membership, NoticeChoice, Session, User
from organizations.noticing import Notices

TITLE = "Your account"


def account(request: HttpRequest) -> HttpResponse:
    """Everything at one look; what changes has a page or a button of its own."""
    user = _person(request)
    membership = _membership(request)
    return _page(
        request,
        "admin/account/account.html",
        title=TITLE,
        authenticator=two_factor.authenticator_of(user),
        codes_left=two_factor.recovery_codes_left(user),
        sessions=open_sessions(user),
        this_session=request.session.session_key,
        membership=membership,
        notices=_form(membership) if membership else None,
        is_mail_sent=bool(settings.EMAIL_URL),
    )


# --- the second factor -----------------------------------------------------------------------


def set_up(request: HttpRequest) -> HttpResponse:
    """Show the secret, then ask for a code that only who has it can know."""
    user = _person(request)
    if two_factor.authenticator_of(user) is not None:
        return _to_account()
    if page := _who(request, "Set up an authenticator app"):
        return page
    refusal = ""
    if request.method == "POST" and "code" in request.POST and "confirming" not in request.POST:
        try:
            codes = two_factor.confirm(
                user,
                request.POST["code"],
                session_key=request.session.session_key,
                address=request.META.get("REMOTE_ADDR", ""),
            )
        except BillingError as error:
            refusal = error.message
        else:
            return _show_codes(request, codes, "Your log-in asks for a code now")
    row = two_factor.begin(user)
    place = place_of(request)
    return _page(
        request,
        "admin/account/set_up.html",
        title="Set up an authenticator app",
        qr=svg(row.link, is_framed=True),
        key_words=row.key_words,
        refusal=refusal,
        is_required=bool(place and getattr(place.here.organization, "requires_two_factor", False)),
    )


@require_POST
def new_recovery_codes(request: HttpRequest) -> HttpResponse:
    if page := _who(request, "Make new recovery codes"):
        return page
    try:
        codes = two_factor.renew_recovery_codes(_person(request))
    except BillingError as refusal:
        messages.error(request, refusal.message)
        return _to_account()
    return _show_codes(request, codes, "New recovery codes: the old ones end")


@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    if page := _who(request, "Remove your authenticator app: your password alone logs you in"):
        return page
    user = _person(request)
    if two_factor.remove(user, address=request.META.get("REMOTE_ADDR", "")):
        messages.success(request, "Your log-in asks for your password alone now.")
    return _to_account()


# --- sessions --------------------------------------------------------------------------------


@require_POST
def end_session(request: HttpRequest) -> HttpResponse:
    """End one of the person's own sessions, by its id, or all but this one."""
    mine = Session.objects.filter(user=_person(request))
    if wanted := request.POST.get("session"):
        mine = mine.filter(public_id=wanted[:40].replace("\x00", ""))
    ended, _ = mine.exclude(session_key=request.session.session_key).delete()
    words = {0: "Nothing was to be ended.", 1: "One session is ended."}
    messages.success(request, words.get(ended, f"{ended} sessions are ended."))
    return _to_account()


def open_sessions(user: User) -> list[Session]:
    """Those with which somebody can still do something, the last seen first."""
    found = Session.objects.filter(user=user).order_by("-seen_at")
    return [row for row in found if sessions.is_open(row, user)]


# --- notices ---------------------------------------------------------------------------------


class NoticesForm(forms.Form):
    how = forms.ChoiceField(
        choices=Notices.choices, widget=forms.RadioSelect, label="E-mail of what waits for you"
    )
    hour = forms.TypedChoiceField(
        choices=[(str(h), f"{h:02}:00") for h in range(noticing.LAST_HOUR + 1)],
        coerce=int,
        label="Hour of the daily mail",
    )
    time_zone = forms.CharField(
        max_length=64,
        required=False,
        help_text="Such as Europe/Berlin. Empty: the zone of the organization.",
    )

    def clean_time_zone(self) -> str:
        name: str = self.cleaned_data["time_zone"]
        if name and name not in available_timezones():
            raise ValidationError(f"There is no time zone {name}. Write it as Europe/Berlin.")
        return name


@require_POST
def choose_notices(request: HttpRequest) -> HttpResponse:
    membership = _membership(request)
    if membership is None:
        return _to_account()
    form = NoticesForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(str(error) for error in errors))
        return _to_account()
    NoticeChoice.objects.update_or_create(membership=membership, defaults=form.cleaned_data)
    messages.success(request, f"You hear of {membership.organization} as you chose.")
    return _to_account()


def _form(membership: Membership) -> NoticesForm:
    choice = NoticeChoice.objects.filter(membership=membership).first() or NoticeChoice()
    initial = {"how": choice.how, "hour": str(choice.hour), "time_zone": choice.time_zone}
    return NoticesForm(initial=initial)


# --- helpers ---------------------------------------------------------------------------------


def _person(request: HttpRequest) -> User:
    return cast("User", request.user)


def _membership(request: HttpRequest) -> Membership | None:
    """The membership where the person stands; None for a superuser who is none there."""
    place = place_of(request)
    if place is None:
        return None
    mine = Membership.objects.filter(user=_person(request)).select_related("organization")
    return mine.filter(organization_id=place.here.organization_id).first()


def _who(request: HttpRequest, what: str) -> HttpResponse | None:
    return confirming.ask_if_stale(request, what=what, back_url=reverse("people:account"))


def _to_account() -> HttpResponse:
    return HttpResponseRedirect(reverse("people:account"))


def _show_codes(request: HttpRequest, codes: list[str], title: str) -> HttpResponse:
    return _page(request, "admin/account/recovery_codes.html", title=title, codes=codes)


def _page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    """A page that is nobody else's: kept by no cache, since it may hold a secret."""
    crumbs = [] if context["title"] == TITLE else [(TITLE, reverse("people:account"))]
    shared = {**admin.site.each_context(request), "crumbs": crumbs}
    answer = TemplateResponse(request, template, {**shared, **context})
    answer["Cache-Control"] = "no-store"
    return answer
