"""The staff desk of the catalog."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from catalog.models import Genre, Movie, Title, TVShow


@admin.register(Genre)
class GenreAdmin(admin.ModelAdmin[Genre]):
    list_display = ("name", "tmdb_id")
    search_fields = ("name",)
    ordering = ("name",)


class TitleAdmin(admin.ModelAdmin[Any]):
    list_display = (
        "title",
        "release_year",
        "genre_names",
        "rating",
        "popularity",
        "available",
    )
    list_filter = ("available", "genres")
    search_fields = ("title", "original_title", "=imdb_id", "=tmdb_id")
    search_help_text = "A title, or an IMDb or TMDB id."
    autocomplete_fields = ("genres",)
    readonly_fields = ("created_at", "updated_at")
    ordering = ("-popularity", "-id")
    list_per_page = 50
    # A count of all rows on every page, beside the count of those found.
    show_full_result_count = False
    actions = ("withdraw", "make_available")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("title", "original_title", "overview", "genres", "available")}),
        ("Release", {"fields": ("release_date", "release_year", "original_language")}),
        ("Pictures", {"fields": ("poster_path", "backdrop_path")}),
        ("Figures", {"fields": ("rating", "vote_count", "popularity")}),
        ("Elsewhere", {"fields": ("tmdb_id", "imdb_id")}),
        ("When", {"fields": ("created_at", "updated_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).with_genres()  # type: ignore[attr-defined, no-any-return]

    @admin.display(description="genres")
    def genre_names(self, title: Title) -> str:
        return ", ".join(genre.name for genre in title.genres.all())

    @admin.action(
        permissions=["change"],
        description="Withdraw: keep on lists, but hide and refuse new entries",
    )
    def withdraw(self, request: HttpRequest, titles: Any) -> None:
        self.message_user(request, f"{titles.withdraw()} withdrawn")

    @admin.action(permissions=["change"], description="Make available again")
    def make_available(self, request: HttpRequest, titles: Any) -> None:
        self.message_user(request, f"{titles.make_available()} available again")


@admin.register(Movie)
class MovieAdmin(TitleAdmin):
    fieldsets: ClassVar[Any] = (
        *TitleAdmin.fieldsets,
        ("Movie", {"fields": ("director", "runtime")}),
    )


@admin.register(TVShow)
class TVShowAdmin(TitleAdmin):
    fieldsets: ClassVar[Any] = (
        *TitleAdmin.fieldsets,
        ("TV show", {"fields": ("creators", "seasons", "episodes", "status", "last_air_date")}),
    )
