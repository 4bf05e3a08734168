"""Who has a title on their list: a join of mylist and accounts, for staff."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework import mixins, serializers

from api.parameters import PageParameters
from api.permissions import StaffOnly
from api.serializers import StrictModelSerializer
from api.views import ApiViewSet, Example
from catalog.problems import MOVIE, TV_SHOW
from mylist.models import MyListItem
from mylist.registry import kind_named


class ListedBySerializer(StrictModelSerializer):
    id = serializers.IntegerField(source="user.id")
    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.name")

    class Meta:
        model = MyListItem
        fields = ("id", "email", "name", "added_at")


class ListedByViewSet(mixins.ListModelMixin, ApiViewSet):
    """Newest first."""

    kind: ClassVar[str]
    permission_classes = (StaffOnly,)
    queryset = MyListItem.objects.select_related("user")
    serializer_class = ListedBySerializer
    parameters: ClassVar = {"list": PageParameters}
    examples: ClassVar = {
        "list": Example(
            gets={
                "next": None,
                "previous": None,
                "results": [
                    {
                        "id": 3,
                        "email": "ann@example.com",
                        "name": "Ann",
                        "added_at": "2026-11-20T12:00:00.123456Z",
                    }
                ],
            }
        )
    }

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        kind = kind_named(self.kind)
        get_object_or_404(kind.model, pk=self.kwargs["id"])
        return queryset.of_content(kind, self.kwargs["id"])  # type: ignore[attr-defined, no-any-return]


class MovieListedByViewSet(ListedByViewSet):
    resource = "movies-listed-by"
    tag = "movies"
    nouns = ("person", "people who have a movie on their list")
    kind = "movie"
    problem_family = MOVIE


class TVShowListedByViewSet(ListedByViewSet):
    resource = "tv-shows-listed-by"
    tag = "tv-shows"
    nouns = ("person", "people who have a TV show on their list")
    kind = "tvshow"
    problem_family = TV_SHOW
