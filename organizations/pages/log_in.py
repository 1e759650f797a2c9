"""The log-in: a password, and then, for whoever has an authenticator app, its code.

Between the two steps nobody is logged in. The session remembers for five minutes whose password
was right; a password that is changed meanwhile ends that.
"""

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import login
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect

from billing.errors import BillingError
from events.types import EventType
from organizations import two_factor
from organizations.models import User
from organizations.telling import tell

PENDING = "log_in_pending"  # In the session: {"user_id", "password", "next", "at"}.
PENDING_FOR = timedelta(minutes=5)


class LogIn(LoginView):
    """The first step. Says the same, in the same time, of a wrong password and of a nobody."""

    template_name = "admin/login.html"
    authentication_form = AdminAuthenticationForm
    next_page = "admin:index"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if admin.site.has_permission(request):
            return HttpResponseRedirect(self.get_success_url())
        return super().get(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        user = cast("User", form.get_user())
        if two_factor.authenticator_of(user) is None:
            return _log_in(self.request, user, self.get_success_url())
        self.request.session.cycle_key()
        self.request.session[PENDING] = {
            "user_id": user.id,
            "password": user.get_session_auth_hash(),
            "next": self.get_success_url(),
            "at": timezone.now().isoformat(),
        }
        return HttpResponseRedirect(reverse("people:code"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            **admin.site.each_context(self.request),
            "app_path": self.request.get_full_path(),
        }


class CodeForm(forms.Form):
    code = forms.CharField(max_length=40)


@never_cache
@csrf_protect
def code(request: HttpRequest) -> HttpResponse:
    """The second step. What comes too late, or without the first, begins again."""
    pending = _pending(request)
    if pending is None:
        messages.warning(request, "Begin again: the password and the code belong together.")
        return HttpResponseRedirect(reverse("admin:login"))
    user, next_url = pending
    refusal: BillingError | None = None
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        address = request.META.get("REMOTE_ADDR", "")
        try:
            kind = two_factor.check(user, form.cleaned_data["code"], address=address)
        except BillingError as error:
            refusal = error
        else:
            if kind is not None:
                return _with_code(request, user, next_url, kind)
            form.add_error("code", "This is not the code. Type the one that your app shows now.")
    return _ask_code(request, form, refusal)


def _with_code(request: HttpRequest, user: User, next_url: str, kind: str) -> HttpResponse:
    answer = _log_in(request, user, next_url)
    if kind == "recovery":
        left = two_factor.recovery_codes_left(user)
        messages.warning(
            request,
            f"You used a recovery code; {left} are left. In Your account you get new ones.",
        )
    return answer


def _ask_code(request: HttpRequest, form: CodeForm, refusal: BillingError | None) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "form": form,
        "refusal": refusal.message if refusal else "",
    }
    status = refusal.status if refusal else 200
    answer = TemplateResponse(request, "admin/code.html", context, status=status)
    for name, value in (refusal.headers if refusal else {}).items():
        answer[name] = value
    return answer


def _pending(request: HttpRequest) -> tuple[User, str] | None:
    """Whose password was right a moment ago, and where they wanted to go."""
    kept = request.session.get(PENDING)
    at = parse_datetime(kept["at"]) if kept else None
    if kept is None or at is None or timezone.now() - at > PENDING_FOR:
        return None
    user = User.objects.filter(id=kept["user_id"], is_active=True, is_staff=True).first()
    if user is None or not constant_time_compare(user.get_session_auth_hash(), kept["password"]):
        return None
    return user, kept["next"]


def _log_in(request: HttpRequest, user: User, next_url: str) -> HttpResponse:
    login(request, user)
    request.session.pop(PENDING, None)
    tell(
        user,
        EventType.MEMBER_LOGGED_IN,
        address=request.META.get("REMOTE_ADDR", ""),
        device=request.META.get("HTTP_USER_AGENT", "")[:255],
    )
    return HttpResponseRedirect(next_url)
