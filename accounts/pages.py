"""The page behind the link of a reset mail, for people whose app does not open it."""

from typing import Any

from django.contrib.auth.views import (
    INTERNAL_RESET_SESSION_TOKEN,
    PasswordResetCompleteView,
    PasswordResetConfirmView,
)
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path

from accounts.passwords import replace_password


class NewPasswordView(PasswordResetConfirmView):
    template_name = "accounts/password_reset_form.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Django's own would let all win who send the form at the same time."""
        self.validlink = replace_password(form.user, form.cleaned_data["new_password1"])
        if not self.validlink:
            return self.render_to_response(self.get_context_data())
        del self.request.session[INTERNAL_RESET_SESSION_TOKEN]
        return HttpResponseRedirect(self.get_success_url())


class DoneView(PasswordResetCompleteView):
    template_name = "accounts/password_reset_form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(done=True, **kwargs)


urlpatterns = [
    path("reset/done/", DoneView.as_view(), name="password_reset_complete"),
    path("reset/<uidb64>/<token>/", NewPasswordView.as_view(), name="password_reset_confirm"),
]
