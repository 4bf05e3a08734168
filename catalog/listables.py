"""What of the catalog can stand on a list: catalog's one line to mylist."""

from django.db.models import Q

from catalog.cards import COLUMNS, VALUES, card
from catalog.models import Movie, TVShow
from catalog.serializers import MovieCardSerializer, TVShowCardSerializer
from mylist.registry import Cards, register

AVAILABLE = Q(available=True)
CARDS = Cards(VALUES, card)

register(
    "movie",
    MovieCardSerializer,
    Movie.objects.with_genres,
    cards=CARDS,
    shows=COLUMNS,
    addable=AVAILABLE,
)
register(
    "tvshow",
    TVShowCardSerializer,
    TVShow.objects.with_genres,
    cards=CARDS,
    shows=COLUMNS,
    addable=AVAILABLE,
)
