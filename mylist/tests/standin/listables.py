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


def card(pk, title):
    return {"id": pk, "title": title}


CARDS = Cards(("pk", "title"), card)


register(
    "film",
    FilmSerializer,
    Film.objects.all,
    cards=CARDS,
    shows=("title",),
    addable=Q(withdrawn=False),
)
register(
    "series",
    SeriesSerializer,
    Series.objects.all,
    cards=CARDS,
    shows=("title",),
)
