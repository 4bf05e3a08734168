from django.db.models import Q
from rest_framework import serializers

from mylist.registry import Cards, register
from mylist.tests.standin.models import Film, Series


class FilmSerializer(serializers.ModelSerializer):
    class Meta:
        model = Film
        fields = ("id", "title")


class SeriesSerializer(serializers.ModelSerializer):
    class Meta:
        model = Series
        fields = ("id", "title")


def cards_of(model):
    return Cards(
        lambda: model.objects.values_list("pk", "title"),
        lambda pk, title: {"id": pk, "title": title},
    )


register(
    "film",
    FilmSerializer,
    Film.objects.all,
    cards=cards_of(Film),
    shows={Film: ("title",)},
    addable=Q(withdrawn=False),
)
register(
    "series",
    SeriesSerializer,
    Series.objects.all,
    cards=cards_of(Series),
    shows={Series: ("title",)},
)
