"""Under /api/v1/."""

from django.urls import path, register_converter

from accounts.views import SignInViewSet, TokenViewSet, UserViewSet
from api.paths import IdConverter


class PersonConverter:
    """`<person:id>`: an id, or `me` for whoever asks."""

    regex = f"me|{IdConverter.regex}"

    def to_python(self, value: str) -> int | str:
        return value if value == "me" else IdConverter().to_python(value)

    def to_url(self, value: int | str) -> str:
        return str(value)


register_converter(PersonConverter, "person")

urlpatterns = [
    path("auth/token/", TokenViewSet.as_view({"post": "sign_in"})),
    path("auth/token/refresh/", TokenViewSet.as_view({"post": "refresh"})),
    path("auth/token/verify/", TokenViewSet.as_view({"post": "verify"})),
    path("auth/token/revoke/", TokenViewSet.as_view({"post": "revoke"})),
    path("auth/password/reset/", TokenViewSet.as_view({"post": "reset"})),
    path("auth/password/reset/confirm/", TokenViewSet.as_view({"post": "reset_confirm"})),
    path("users/", UserViewSet.as_view({"get": "list", "post": "create"})),
    path(
        "users/<person:id>/",
        UserViewSet.as_view(
            {
                "get": "retrieve",
                "put": "update",
                "patch": "partial_update",
                "delete": "destroy",
            }
        ),
    ),
    path("users/<person:id>/sign-ins/", SignInViewSet.as_view({"get": "list", "delete": "clear"})),
    path("users/<person:id>/sign-ins/<id:sign_in>/", SignInViewSet.as_view({"delete": "destroy"})),
]
