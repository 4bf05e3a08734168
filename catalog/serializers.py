"""Titles as the API shows and takes them."""

from typing import Any, ClassVar

from django.db.models import prefetch_related_objects
from rest_framework import serializers

from api.fields import Id, Text
from api.parameters import Decimal, PageParameters, Whole
from api.serializers import StrictModelSerializer, StrictSerializer
from catalog.models import Genre, Movie, Title, TVShow, genres_by_name
from catalog.orderings import ORDERINGS

LIGHT = (
    "id",
    "title",
    "release_date",
    "release_year",
    "genres",
    "poster_path",
    "rating",
    "popularity",
)
CARD = (*(name for name in LIGHT if name != "popularity"), "available")
FULL = (
    *LIGHT,
    "original_title",
    "overview",
    "original_language",
    "vote_count",
    "backdrop_path",
    "tmdb_id",
    "imdb_id",
    "available",
    "created_at",
    "updated_at",
    "genre_ids",
)


class GenreSerializer(StrictModelSerializer):
    class Meta:
        model = Genre
        fields = ("id", "name")


class LightSerializer(StrictModelSerializer):
    """What a list of titles shows."""

    genres = GenreSerializer(many=True, read_only=True)


class MovieLightSerializer(LightSerializer):
    class Meta:
        model = Movie
        fields = LIGHT


class TVShowLightSerializer(LightSerializer):
    class Meta:
        model = TVShow
        fields = LIGHT


class MovieCardSerializer(LightSerializer):
    """A movie as it stands on somebody's list."""

    class Meta:
        model = Movie
        fields = CARD


class TVShowCardSerializer(LightSerializer):
    """A TV show as it stands on somebody's list."""

    class Meta:
        model = TVShow
        fields = CARD


class FullSerializer(LightSerializer):
    """Everything about a title. Genres are shown as `genres` and written as `genre_ids`."""

    genre_ids = serializers.ListField(
        child=Id(), max_length=50, write_only=True, required=False, source="genres"
    )

    def validate_genre_ids(self, ids: list[int]) -> list[Genre]:
        found = Genre.objects.in_bulk(ids)
        if unknown := [pk for pk in ids if pk not in found]:
            raise serializers.ValidationError(f"No such genre: {unknown}.", code="does_not_exist")
        return list(found.values())

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        date = attrs.get("release_date", getattr(self.instance, "release_date", None))
        year = attrs.get("release_year")
        if date is not None and year is not None and year != date.year:
            wrong = f"The release date is in {date.year}."
            raise serializers.ValidationError({"release_year": [wrong]}, code="year_of_date")
        return attrs

    def save(self, **kwargs: Any) -> Title:
        """The answer shows the genres as they are now, and as any other answer does."""
        title: Title = super().save(**kwargs)
        prefetch_related_objects([title], genres_by_name())
        return title


class MovieSerializer(FullSerializer):
    class Meta:
        model = Movie
        fields = (*FULL, "director", "runtime")
        read_only_fields = ("created_at", "updated_at")


class TVShowSerializer(FullSerializer):
    creators = serializers.ListField(
        child=Text(max_length=200), max_length=50, required=False, help_text="Their names."
    )

    class Meta:
        model = TVShow
        fields = (*FULL, "creators", "seasons", "episodes", "status", "last_air_date")
        read_only_fields = ("created_at", "updated_at")


class BatchSerializer(StrictSerializer):
    ids = serializers.ListField(child=Id(), max_length=100)


class MovieBatchSerializer(StrictSerializer):
    results = MovieLightSerializer(many=True, help_text="In the order asked.")
    missing = serializers.ListField(child=Id())


class TVShowBatchSerializer(StrictSerializer):
    results = TVShowLightSerializer(many=True, help_text="In the order asked.")
    missing = serializers.ListField(child=Id())


class BrowseParameters(PageParameters):
    """How a list of titles is narrowed and ordered."""

    genre = serializers.CharField(
        required=False, max_length=60, help_text="A genre's id or its name; one only."
    )
    year = Whole(required=False, min_value=0, max_value=9999)
    year_min = Whole(required=False, min_value=0, max_value=9999)
    year_max = Whole(required=False, min_value=0, max_value=9999)
    rating_min = Decimal(
        required=False, min_value=0, max_value=10, help_text="Leaves out what has no rating."
    )
    language = serializers.CharField(
        required=False, max_length=3, help_text="ISO 639 code of the original language."
    )
    q = serializers.CharField(
        required=False, max_length=200, help_text="Words that the title contains."
    )
    ordering = serializers.ChoiceField(
        choices=list(ORDERINGS), default="-popularity", help_text="With `-` for descending."
    )

    columns: ClassVar[dict[str, str]] = {
        "year": "release_year",
        "year_min": "release_year__gte",
        "year_max": "release_year__lte",
        "rating_min": "rating__gte",
        "language": "original_language",
    }

    def filters(self) -> dict[str, Any]:
        """The plain filters, as keywords of `QuerySet.filter`."""
        asked = self.validated_data
        return {column: asked[name] for name, column in self.columns.items() if name in asked}
