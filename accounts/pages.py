"""The page behind the link of a reset mail, for people whose app does not open it."""

from typing import Any

from django.contrib.auth.views import PasswordResetCompleteView, PasswordResetConfirmView
from django.urls import path


class NewPasswordView(PasswordResetConfirmView):
    template_name = "accounts/password_reset_form.html"


class DoneView(PasswordResetCompleteView):
    template_name = "accounts/password_reset_form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(done=True, **kwargs)


urlpatterns = [
    path("reset/done/", DoneView.as_view(), name="password_reset_complete"),
    path("reset/<uidb64>/<token>/", NewPasswordView.as_view(), name="password_reset_confirm"),
]
