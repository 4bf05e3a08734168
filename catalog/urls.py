"""Under /api/v1/."""

from typing import Any

from django.urls import URLPattern, path

from catalog.views import GenreViewSet, MovieViewSet, TitleViewSet, TVShowViewSet


def titles(prefix: str, view: type[TitleViewSet]) -> list[URLPattern]:
    one: dict[str, Any] = {
        "get": "retrieve",
        "put": "update",
        "patch": "partial_update",
        "delete": "destroy",
    }
    return [
        path(f"{prefix}/", view.as_view({"get": "list", "post": "create"})),
        path(f"{prefix}/batch/", view.as_view({"post": "batch"})),
        path(f"{prefix}/<id:id>/", view.as_view(one)),
    ]


urlpatterns = [
    *titles("movies", MovieViewSet),
    *titles("tv-shows", TVShowViewSet),
    path("genres/", GenreViewSet.as_view({"get": "list"})),
]
