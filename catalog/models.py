"""The titles of the catalog."""

from datetime import date
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce, ExtractYear, Lower
from django.utils import timezone

from api.transactions import atomic_with_retry

imdb_id_rule = RegexValidator(r"\Att[0-9]{7,10}\Z", "An IMDb id looks like tt0111161.")
language_rule = RegexValidator(r"\A[a-z]{2,3}\Z", "A language is an ISO 639 code such as en.")

FIRST_YEAR, LAST_YEAR = 1870, 2200

# What a missing value is sorted as, so that it comes last whichever way the list goes.
NO_RATING_LOW, NO_RATING_HIGH = -1.0, 11.0
NO_DATE_LOW, NO_DATE_HIGH = "0001-01-01", "9999-12-31"


class LockedFirst(models.QuerySet[Any]):
    @atomic_with_retry
    def erase(self) -> None:
        """Delete them, locked first and in one order, as whoever changes them does: Django deletes
        the rows that tie titles to genres before their own."""
        # What is asked for may be distinct, which cannot be locked.
        rows = self.model._default_manager.filter(pk__in=self.values("pk"))
        list(rows.order_by("pk").select_for_update().values_list("pk"))
        rows.delete()


class Genre(models.Model):
    name = models.CharField(max_length=60)
    tmdb_id = models.PositiveIntegerField(null=True, blank=True, unique=True)

    objects = LockedFirst.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("name"),
                name="genre_name_once",
                violation_error_message="There is a genre of this name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


def genres_by_name() -> "models.Prefetch[Any]":
    return models.Prefetch("genres", Genre.objects.order_by("name"))


class TitleQuerySet(LockedFirst):
    def browsable(self) -> Self:
        """Those that are not withdrawn."""
        return self.filter(available=True)

    def withdraw(self) -> int:
        return self.update(available=False, updated_at=timezone.now())

    def make_available(self) -> int:
        return self.update(available=True, updated_at=timezone.now())

    def with_genres(self) -> Self:
        return self.prefetch_related(genres_by_name())

    def of_genre(self, genre: str) -> Self:
        """By the genre's id or its name."""
        wanted = (
            {"pk": int(genre)} if genre.isascii() and genre.isdigit() else {"name__iexact": genre}
        )
        return self.filter(genres__in=Genre.objects.filter(**wanted))

    def matching(self, words: str) -> Self:
        """Whose title or original title contains the words."""
        return self.filter(Q(title__icontains=words) | Q(original_title__icontains=words))


class Title(models.Model):
    """What movies and TV shows share.

    `rating` (0 to 10), `vote_count` and `popularity` come from an import or from staff, never
    from our own users. `release_year` stands alone where no date is known.
    """

    title = models.CharField(max_length=300)
    original_title = models.CharField(max_length=300, blank=True)
    overview = models.TextField(blank=True, max_length=5000)
    original_language = models.CharField(max_length=3, blank=True, validators=[language_rule])
    release_date = models.DateField(
        null=True,
        blank=True,
        validators=[
            MinValueValidator(date(FIRST_YEAR, 1, 1)),
            MaxValueValidator(date(LAST_YEAR, 12, 31)),
        ],
    )
    release_year = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(FIRST_YEAR), MaxValueValidator(LAST_YEAR)],
    )
    genres = models.ManyToManyField(Genre, blank=True)
    # What lists show of them. The database keeps it (`catalog.triggers`): an instance may be old.
    shown_genres = models.JSONField(
        db_default=models.Value([], models.JSONField()), editable=False, serialize=False
    )
    poster_path = models.CharField(max_length=300, blank=True)
    backdrop_path = models.CharField(max_length=300, blank=True)
    rating = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(10)]
    )
    vote_count = models.PositiveIntegerField(null=True, blank=True)
    popularity = models.FloatField(default=0, validators=[MinValueValidator(0)])
    tmdb_id = models.PositiveIntegerField("TMDB id", null=True, blank=True, unique=True)
    imdb_id = models.CharField(
        "IMDb id", max_length=12, null=True, blank=True, unique=True, validators=[imdb_id_rule]
    )
    available = models.BooleanField(
        default=True,
        help_text="Off withdraws the title: it stays on lists, but is no longer found or added.",
    )
    # Not the database's clock: SQLite's writes milliseconds, which equal no parameter of ours, and
    # lists are ordered by this.
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = TitleQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(release_date=None)
                | Q(release_year__isnull=False, release_year=ExtractYear("release_date")),
                name="%(class)s_year_of_date",
                violation_error_message="The release date is in another year.",
            ),
            models.CheckConstraint(
                condition=Q(rating=None) | Q(rating__range=(0, 10)),
                name="%(class)s_rating_0_to_10",
            ),
            models.CheckConstraint(condition=~Q(imdb_id=""), name="%(class)s_imdb_id_not_empty"),
        ]
        # One for each ordering: catalog.orderings says why missing values need two.
        indexes: ClassVar = [
            models.Index(fields=["popularity", "id"], name="%(class)s_by_popularity"),
            models.Index(fields=["title", "id"], name="%(class)s_by_title"),
            models.Index(fields=["created_at", "id"], name="%(class)s_by_created"),
            models.Index(fields=["release_year"], name="%(class)s_by_year"),
            models.Index(Coalesce("rating", NO_RATING_LOW), "id", name="%(class)s_by_rating_down"),
            models.Index(Coalesce("rating", NO_RATING_HIGH), "id", name="%(class)s_by_rating_up"),
            models.Index(
                Coalesce("release_date", models.Value(NO_DATE_LOW, models.DateField())),
                "id",
                name="%(class)s_by_date_down",
            ),
            models.Index(
                Coalesce("release_date", models.Value(NO_DATE_HIGH, models.DateField())),
                "id",
                name="%(class)s_by_date_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.release_year})" if self.release_year else self.title

    def save(self, **kwargs: Any) -> None:
        """The year follows the date; empty outside ids are no ids."""
        if self.release_date is not None:
            self.release_year = self.release_date.year
        self.imdb_id = self.imdb_id or None
        if not self._state.adding:
            self.updated_at = timezone.now()
        super().save(**kwargs)

    def clean(self) -> None:
        """A date alone will do in a form; two that disagree are for its author to settle."""
        if self.release_date is None:
            return
        year = self.release_date.year
        if self.release_year not in (None, year):
            wrong = f"The release date is in {year}: change it too, or leave the year empty."
            raise ValidationError({"release_year": wrong})
        self.release_year = year

    def erase(self) -> None:
        """Delete the title; the database takes it off every list."""
        type(self)._default_manager.filter(pk=self.pk).erase()


class Movie(Title):
    director = models.CharField(max_length=300, blank=True)
    runtime = models.PositiveIntegerField("runtime in minutes", null=True, blank=True)


def no_names() -> list[str]:
    return []


def only_names(value: Any) -> None:
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        raise ValidationError('This is a list of names, e.g. ["Baran bo Odar", "Jantje Friese"].')


class TVShow(Title):
    """Its `release_date` is the first air date."""

    creators = models.JSONField(default=no_names, blank=True, validators=[only_names])
    seasons = models.PositiveIntegerField(null=True, blank=True)
    episodes = models.PositiveIntegerField(null=True, blank=True)
    status = models.CharField(max_length=60, blank=True)
    last_air_date = models.DateField(null=True, blank=True)

    class Meta(Title.Meta):
        verbose_name = "TV show"

    def clean(self) -> None:
        """What a form was given no names in is an empty list."""
        super().clean()
        self.creators = self.creators or no_names()
