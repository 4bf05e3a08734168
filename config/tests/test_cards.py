"""What goes into pages is what the documented serializers say, byte for byte."""

import datetime

import pytest

from api.renderers import to_json
from catalog.models import Movie, TVShow
from catalog.tests.factories import GenreFactory, MovieFactory, TVShowFactory
from config.tests.cards import cards_of
from mylist.registry import KINDS, MODELS

pytestmark = pytest.mark.django_db

FACTORIES = {Movie: MovieFactory, TVShow: TVShowFactory}
of_both_kinds = pytest.mark.parametrize("model", [Movie, TVShow])


def serialized(kind):
    """By id, as the serializer renders them."""
    shown = kind.serializer(kind.queryset(), many=True).data
    return {title["id"]: to_json(title) for title in shown}


def as_cards(kind):
    ids = list(kind.model.objects.values_list("pk", flat=True))
    return {pk: to_json(card) for pk, card in cards_of(kind, ids).items()}


ODD = {
    "plain": {},
    "bare": {"release_year": None},
    "a date": {"release_date": datetime.date(1999, 3, 31)},
    "an early date": {"release_date": datetime.date(1870, 1, 1), "release_year": 1870},
    "a late date": {"release_date": datetime.date(2200, 12, 31), "release_year": 2200},
    "a whole rating": {"rating": 8},
    "no rating at all": {"rating": None},
    "the worst": {"rating": 0},
    "the best": {"rating": 10.0},
    "a long rating": {"rating": 7.1000000000000005},
    "a small rating": {"rating": 1e-7},
    "withdrawn": {"available": False},
    "no poster": {"poster_path": ""},
    "poster": {"poster_path": "/a b/ü?x=1&y=2#.jpg"},
    "other alphabets": {"title": "七人の侍 Амаркорд אושפיזין"},
    "astral": {"title": "😀🏳️‍🌈 𝔇une"},
    "combined and precomposed": {"title": "Ame\u0301lie Am\u00e9lie"},
    "quotes": {"title": "\"'\\/<script>&amp;%s{}"},
    "controls": {"title": "a\tb\nc\u2028d\u0085e\x7f\x01"},
    "blank": {"title": " "},
    "empty": {"title": ""},
    "long": {"title": "x" * 300},
}


@of_both_kinds
@pytest.mark.parametrize("fields", ODD.values(), ids=ODD)
def test_odd_values(model, fields):
    title, kind = FACTORIES[model](**fields), MODELS[model]
    assert as_cards(kind) == serialized(kind) != {}
    assert list(cards_of(kind, [title.pk])) == [title.pk]


GENRES = {
    "none": [],
    "one": ["Drama"],
    "not in the order of their ids": ["War", "Comedy", "Drama", "Animation"],
    "upper and lower case": ["b", "A", "a b", "B c", "Z", "z a"],
    "other alphabets": ["Éa", "Ea", "Eb", "Ö", "Z", "драма", "戦争", "😀"],
    "many": [f"Genre {n % 7}{n}" for n in range(60)],
}


@of_both_kinds
@pytest.mark.parametrize("names", GENRES.values(), ids=GENRES)
def test_genres_and_their_order(model, names):
    FACTORIES[model](genres=[GenreFactory(name=name) for name in names])
    FACTORIES[model]()
    kind = MODELS[model]
    assert as_cards(kind) == serialized(kind)


@of_both_kinds
def test_of_many_each_has_its_own(model):
    genres = GenreFactory.create_batch(5)
    titles = [FACTORIES[model](genres=genres[n % 5 :]) for n in range(25)]
    kind = MODELS[model]
    assert as_cards(kind) == serialized(kind)
    some = [title.pk for title in titles[3:7]]
    assert sorted(cards_of(kind, some)) == some


@pytest.mark.parametrize("ids", [[], [0], [-1], [2**63 - 1], [-(2**63)]], ids=str)
def test_what_is_not_there_has_no_card(ids):
    for kind in KINDS.values():
        assert cards_of(kind, ids) == {}


@of_both_kinds
def test_an_id_twice_is_one_card(model):
    title = FACTORIES[model](genres=[GenreFactory(name="Drama")])
    card = cards_of(MODELS[model], [title.pk, title.pk])[title.pk]
    assert [genre["name"] for genre in card["genres"]] == ["Drama"]


@of_both_kinds
def test_cards_cost_one_query_however_many(model, django_assert_num_queries):
    ids = [FACTORIES[model](genres=GenreFactory.create_batch(2)).pk for _ in range(30)]
    for some in (ids[:1], ids):
        with django_assert_num_queries(1):
            assert len(cards_of(MODELS[model], some)) == len(some)
