"""The pages of a person about themselves. Before the admin's own: its log-in is taken over."""

from django.contrib import admin
from django.urls import path

from organizations.pages import account, log_in

app_name = "people"
_in_admin = admin.site.admin_view
urlpatterns = [
    path("login/", log_in.LogIn.as_view()),  # named admin:login, as everybody knows it
    path("login/code/", log_in.code, name="code"),
    path("account/", _in_admin(account.account), name="account"),
    path("account/two-factor/", _in_admin(account.set_up), name="set_up"),
    path("account/two-factor/remove/", _in_admin(account.remove), name="remove"),
    path(
        "account/two-factor/recovery-codes/",
        _in_admin(account.new_recovery_codes),
        name="recovery_codes",
    ),
    path("account/sessions/end/", _in_admin(account.end_session), name="end_session"),
    path("account/notices/", _in_admin(account.choose_notices), name="notices"),
]
