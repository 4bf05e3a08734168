"""The staff desk of the catalog."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst

from api.desk import DeskAdmin
from catalog.models import Genre, Movie, Title, TVShow

# As many and as long as the API takes them.
MOST_NAMES, LONGEST_NAME = 50, 200


class NamesField(forms.Field):
    """A list of names, one to a line."""

    widget = AdminTextareaWidget(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        names = [line.strip() for line in (value or "").splitlines() if line.strip()]
        if len(names) > MOST_NAMES:
            raise ValidationError(f"These are {len(names)} names: at most {MOST_NAMES} fit.")
        for name in names:
            if len(name) > LONGEST_NAME:
                raise ValidationError(
                    f"{name[:30]}… is longer than {LONGEST_NAME} characters: one name per line."
                )
            if "\0" in name:
                raise ValidationError("Null characters are not allowed.")
        return names


class TVShowForm(forms.ModelForm[TVShow]):
    creators = NamesField(required=False, help_text="One name per line.")


class CatalogAdmin(DeskAdmin):
    what_else_goes: ClassVar[str]

    def get_deleted_objects(
        self, objs: Iterable[Any], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """What the page that asks for confirmation lists: not each row that ties a title to a
        genre or a list, which can be very many."""
        named = [f"{capfirst(self.opts.verbose_name)}: {each}" for each in objs]
        count = {str(self.opts.verbose_name_plural): len(named)}
        return [*named, self.what_else_goes], count, set(), []

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.delete_queryset(request, type(obj)._default_manager.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        queryset.erase()  # type: ignore[attr-defined]


@admin.register(Genre)
class GenreAdmin(CatalogAdmin):
    list_display = ("name", "tmdb_id")
    search_fields = ("name",)
    ordering = ("name",)
    what_else_goes = "Its mention on titles. The titles stay."


TITLE = (None, {"fields": ("title", "original_title", "overview", "genres", "available")})
RELEASE = ("Release", {"fields": ("release_date", "release_year", "original_language")})
PICTURES = ("Pictures", {"fields": ("poster_path", "backdrop_path")})
FIGURES = ("Figures", {"fields": ("rating", "vote_count", "popularity")})
ELSEWHERE = ("Elsewhere", {"fields": ("tmdb_id", "imdb_id")})
WHEN = ("When", {"fields": ("created_at", "updated_at")})


class TitleAdmin(CatalogAdmin):
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
    what_else_goes = (
        "Its place on everybody's list. To keep it there, withdraw it instead of deleting it."
    )
    # What only titles of this kind have.
    special: ClassVar[Any]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        about = [TITLE, self.special, RELEASE, PICTURES, FIGURES, ELSEWHERE]
        return about if obj is None else [*about, WHEN]

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
    special: ClassVar[Any] = ("Movie", {"fields": ("director", "runtime")})


@admin.register(TVShow)
class TVShowAdmin(TitleAdmin):
    form = TVShowForm
    special: ClassVar[Any] = (
        "TV show",
        {"fields": ("creators", "seasons", "episodes", "status", "last_air_date")},
    )
