"""Browsing the catalog, and curating it."""

from typing import Any, ClassVar, cast

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from api.paging import Keyset
from api.parameters import PageParameters
from api.permissions import StaffWrites
from api.transactions import atomic_with_retry
from api.views import ApiViewSet
from catalog.examples import BAD_TITLE, GENRES, MOVIES, SHOWS
from catalog.models import Genre, Movie, TVShow
from catalog.orderings import ORDERINGS
from catalog.problems import MOVIE, TV_SHOW
from catalog.serializers import (
    BatchSerializer,
    BrowseParameters,
    GenreSerializer,
    MovieBatchSerializer,
    MovieLightSerializer,
    MovieSerializer,
    TVShowBatchSerializer,
    TVShowLightSerializer,
    TVShowSerializer,
)


class TitleViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """What both kinds of titles answer. Withdrawn ones are read by id, but not browsed."""

    parameters: ClassVar = {"list": BrowseParameters}
    lookup_field = "pk"
    lookup_url_kwarg = "id"
    light: ClassVar[Any]

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return self.light if self.action == "list" else super().get_serializer_class()

    def get_permissions(self) -> list[BasePermission]:
        """A batch is read, though it is asked for by POST."""
        return [AllowAny()] if self.action == "batch" else [StaffWrites()]

    def get_queryset(self) -> Any:
        """Locked when it is to be changed: no change undoes another, or brings back the deleted."""
        titles = super().get_queryset()
        changing = self.action in ("update", "partial_update")
        return titles.select_for_update(no_key=True) if changing else titles

    def filter_queryset(self, queryset: Any) -> Any:
        if self.action != "list":
            return queryset
        asked = cast(BrowseParameters, self.query)
        titles = queryset.browsable().filter(**asked.filters())
        if genre := self.query.get("genre"):
            titles = titles.of_genre(genre)
        if words := self.query.get("q"):
            titles = titles.matching(words)
        return titles

    def keyset(self) -> Keyset:
        return ORDERINGS[self.query.get("ordering")]

    @atomic_with_retry
    def create(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        title = serializer.save()
        here = f"{request.path}{title.pk}/"
        return Response(serializer.data, 201, headers={"Location": here})

    @atomic_with_retry
    def update(self, request: Request, id: int, *, partial: bool = False) -> Response:
        serializer = self.get_serializer(self.get_object(), data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data)

    def partial_update(self, request: Request, id: int) -> Response:
        return self.update(request, id, partial=True)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, id: int) -> Response:
        self.get_object().erase()
        return Response(status=204)

    @action(detail=False, methods=["post"])
    def batch(self, request: Request) -> Response:
        """Read up to 100 by their ids.

        In the order asked; ids that nothing has stand in `missing`.
        """
        ids = self.body(BatchSerializer)["ids"]
        found = self.get_queryset().in_bulk(ids)
        titles = [found[pk] for pk in ids if pk in found]
        missing = [pk for pk in ids if pk not in found]
        return Response({"results": self.light(titles, many=True).data, "missing": missing})


@extend_schema_view(
    batch=extend_schema(request=BatchSerializer, responses={200: MovieBatchSerializer})
)
class MovieViewSet(TitleViewSet):
    resource = "movies"
    nouns = ("movie", "movies")
    problem_family = MOVIE
    queryset = Movie.objects.with_genres()
    serializer_class = MovieSerializer
    light = MovieLightSerializer
    examples = MOVIES
    problem_members: ClassVar = {MOVIE.invalid: BAD_TITLE}


@extend_schema_view(
    batch=extend_schema(request=BatchSerializer, responses={200: TVShowBatchSerializer})
)
class TVShowViewSet(TitleViewSet):
    resource = "tv-shows"
    nouns = ("TV show", "TV shows")
    problem_family = TV_SHOW
    queryset = TVShow.objects.with_genres()
    serializer_class = TVShowSerializer
    light = TVShowLightSerializer
    examples = SHOWS
    problem_members: ClassVar = {TV_SHOW.invalid: BAD_TITLE}


class GenreViewSet(mixins.ListModelMixin, ApiViewSet):
    resource = "genres"
    nouns = ("genre", "genres")
    permission_classes = (AllowAny,)
    queryset = Genre.objects.all()
    serializer_class = GenreSerializer
    examples = GENRES
    parameters: ClassVar = {"list": PageParameters}

    def keyset(self) -> Keyset:
        return Keyset(descending=False)
