"""What of the catalog can stand on a list: catalog's one line to mylist."""

from django.db.models import Q

from catalog.cards import movie_cards, shown_of, tv_show_cards
from catalog.models import Movie, TVShow
from catalog.serializers import MovieCardSerializer, TVShowCardSerializer
from mylist.registry import register

AVAILABLE = Q(available=True)

register(
    "movie",
    MovieCardSerializer,
    Movie.objects.with_genres,
    cards=movie_cards,
    shows=shown_of(Movie),
    addable=AVAILABLE,
)
register(
    "tvshow",
    TVShowCardSerializer,
    TVShow.objects.with_genres,
    cards=tv_show_cards,
    shows=shown_of(TVShow),
    addable=AVAILABLE,
)
