"""What of the catalog can stand on a list: catalog's one line to mylist."""

from django.db.models import Q

from catalog.cards import card, shown_of, values
from catalog.models import Movie, TVShow
from catalog.serializers import MovieCardSerializer, TVShowCardSerializer
from mylist.registry import Cards, register

AVAILABLE = Q(available=True)

register(
    "movie",
    MovieCardSerializer,
    Movie.objects.with_genres,
    cards=Cards(values(Movie), card),
    shows=shown_of(Movie),
    addable=AVAILABLE,
)
register(
    "tvshow",
    TVShowCardSerializer,
    TVShow.objects.with_genres,
    cards=Cards(values(TVShow), card),
    shows=shown_of(TVShow),
    addable=AVAILABLE,
)
