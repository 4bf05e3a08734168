from django.db.models import Q
from rest_framework import serializers

from mylist.registry import register
from mylist.tests.standin.models import Film, Series


class FilmSerializer(serializers.ModelSerializer):
    class Meta:
        model = Film
        fields = ("id", "title")


class SeriesSerializer(serializers.ModelSerializer):
    class Meta:
        model = Series
        fields = ("id", "title")


register("film", FilmSerializer, Film.objects.all, addable=Q(withdrawn=False))
register("series", SeriesSerializer, Series.objects.all)
