"""What lists show of a title is exactly what changes the content token, whoever changes it."""

import datetime

import pytest
from django.db import connection, models
from django.test import Client

from api.renderers import to_json
from catalog.models import Genre, Movie, TVShow
from catalog.tests.factories import GenreFactory, MovieFactory, TVShowFactory
from catalog.tests.test_admin import FORMS
from config.tests.cards import cards_of
from mylist.models import ContentToken, MyList
from mylist.registry import MODELS
from mylist.tests.services import keeps_tokens

pytestmark = [pytest.mark.django_db, keeps_tokens]

SHOWN = {"title", "release_date", "release_year", "poster_path", "rating", "available"}
PATHS = {Movie: "/api/v1/movies/", TVShow: "/api/v1/tv-shows/"}
FACTORIES = {Movie: MovieFactory, TVShow: TVShowFactory}
of_both_kinds = pytest.mark.parametrize("model", [Movie, TVShow])


def sql(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def token():
    return ContentToken.objects.get().token


def list_tokens():
    return dict(MyList.objects.values_list("user_id", "token"))


def card(title):
    """As it goes into pages; none when the title is gone."""
    return to_json(cards_of(MODELS[type(title)], [title.pk]).get(title.pk))


class Watch:
    """Whether a change is seen on lists, and whether it changed the token."""

    def __init__(self, *titles):
        self.titles = titles
        self.before = self.looks()

    def looks(self):
        return [card(title) for title in self.titles], token()

    def was_seen(self):
        (cards, content), (cards_now, content_now) = self.before, self.looks()
        assert (cards != cards_now) == (content != content_now)
        return content != content_now


@pytest.fixture
def movie(db):
    return MovieFactory(title="Dune", genres=[GenreFactory(name="Drama")])


# --- columns -----------------------------------------------------------------------

COLUMNS = [
    (model, field.name)
    for model in (Movie, TVShow)
    for field in model._meta.concrete_fields
    if not field.primary_key
]


def another(model, name, value):
    """What the field does not hold, and may."""
    if name == "imdb_id":
        return "tt7654321"
    if name == "release_date":
        return datetime.date(1999, 8, 31)
    kinds = {
        models.CharField: "x",
        models.TextField: "x",
        models.BooleanField: False,
        models.DateField: datetime.date(2001, 2, 3),
        models.DateTimeField: datetime.datetime(2001, 2, 3, tzinfo=datetime.UTC),
        models.JSONField: ["A name"],
        models.FloatField: 7.25,
    }
    return kinds.get(type(model._meta.get_field(name)), 7)


def title_for(model, name):
    """A year of its own can only change where there is no date."""
    date = None if name == "release_year" else datetime.date(1999, 3, 31)
    return FACTORIES[model](title="Dune", release_date=date, release_year=1999)


@pytest.mark.parametrize(("model", "name"), COLUMNS)
def test_a_column_counts_if_and_only_if_lists_show_it(model, name):
    title = title_for(model, name)
    watch = Watch(title)
    model.objects.filter(pk=title.pk).update(**{name: another(model, name, getattr(title, name))})
    assert watch.was_seen() == (name in SHOWN)


@pytest.mark.parametrize(
    ("model", "name"), [(m, n) for m, n in COLUMNS if m._meta.get_field(n).null]
)
def test_nothing_counts_as_a_value(model, name):
    title = title_for(model, name)
    rows, value = model.objects.filter(pk=title.pk), another(model, name, getattr(title, name))
    rows.update(**{name: None})
    for new, seen in ((value, True), (None, True), (None, False)):
        watch = Watch(title)
        rows.update(**{name: new})
        assert watch.was_seen() == (seen and name in SHOWN)


@of_both_kinds
def test_no_column_was_forgotten(model):
    """Every one that a card is made of."""
    fields = {field.name for field in model._meta.concrete_fields}
    assert fields & set(MODELS[model].serializer().fields) == SHOWN | {"id"}


@of_both_kinds
def test_saving_what_is_there_counts_for_nothing(model):
    title = FACTORIES[model](genres=[GenreFactory()])
    watch = Watch(title)
    title.save()
    model.objects.filter(pk=title.pk).update(title=title.title)
    assert not watch.was_seen()


@of_both_kinds
def test_a_new_title_counts_for_nothing(model):
    watch = Watch()
    FACTORIES[model]()
    model.objects.bulk_create([model(title="A"), model(title="B")])
    assert not watch.was_seen()


@of_both_kinds
def test_many_titles_at_once_are_one_change(model):
    FACTORIES[model].create_batch(5)
    writes = writes_of_token()
    model.objects.update(poster_path="/x.jpg")
    assert writes_of_token() == writes + 1
    titles = list(model.objects.all())
    for n, title in enumerate(titles):
        title.title = f"Another {n}"
    model.objects.bulk_update(titles, ["title"])
    assert writes_of_token() == writes + 2


def writes_of_token():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n_tup_upd FROM pg_stat_xact_user_tables WHERE relname = 'mylist_contenttoken'"
        )
        return cursor.fetchone()[0]


# --- genres ----------------------------------------------------------------------------

GENRES = {
    "added": (lambda m, g: m.genres.add(g["War"]), True),
    "added again": (lambda m, g: m.genres.add(g["Drama"]), False),
    "removed": (lambda m, g: m.genres.remove(g["Drama"]), True),
    "removed, though not there": (lambda m, g: m.genres.remove(g["War"]), False),
    "set to others": (lambda m, g: m.genres.set([g["War"]]), True),
    "set to the same": (lambda m, g: m.genres.set([g["Drama"]]), False),
    "set to none": (lambda m, g: m.genres.set([]), True),
    "cleared": (lambda m, g: m.genres.clear(), True),
    "renamed": (lambda m, g: Genre.objects.filter(name="Drama").update(name="Play"), True),
    "renamed by SQL": (lambda m, g: sql("UPDATE catalog_genre SET name = name || '!'"), True),
    "renamed, of no title": (lambda m, g: Genre.objects.filter(name="War").update(name="W"), 0),
    "saved": (lambda m, g: g["Drama"].save(), False),
    "given an outside id": (lambda m, g: Genre.objects.filter(name="Drama").update(tmdb_id=3), 0),
    "deleted": (lambda m, g: g["Drama"].delete(), True),
    "deleted, of no title": (lambda m, g: g["War"].delete(), False),
    "another one": (lambda m, g: Genre.objects.create(name="Comedy"), False),
    "all gone": (lambda m, g: truncate("catalog_genre"), True),
    "titles without": (lambda m, g: truncate(m.genres.through._meta.db_table), True),
}


def truncate(table):
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql(f"TRUNCATE {table} CASCADE")


@of_both_kinds
@pytest.mark.parametrize(("change", "seen"), GENRES.values(), ids=GENRES)
def test_genres_count_as_they_are_shown(model, change, seen):
    genres = {name: GenreFactory(name=name) for name in ("Drama", "War")}
    title = FACTORIES[model](genres=[genres["Drama"]])
    watch = Watch(title)
    change(title, genres)
    assert watch.was_seen() == bool(seen)


@of_both_kinds
def test_a_change_of_order_counts(model):
    """Genres are shown by name."""
    first, _ = genres = [GenreFactory(name="A"), GenreFactory(name="B")]
    title = FACTORIES[model](genres=genres)
    watch = Watch(title)
    Genre.objects.filter(pk=first.pk).update(name="C")
    assert watch.was_seen()


# --- whoever it is -----------------------------------------------------------------------


@of_both_kinds
@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({"title": "Other"}, True),
        ({"title": "Dune"}, False),
        ({"overview": "x", "popularity": 5}, False),
        ({"available": False}, True),
        ({"rating": 8}, True),
        ({"release_year": 2000}, True),
        ({"genre_ids": []}, False),
    ],
    ids=str,
)
def test_by_the_api(as_curator, model, change, seen):
    title = FACTORIES[model](title="Dune")
    watch = Watch(title)
    assert as_curator.patch(f"{PATHS[model]}{title.pk}/", change).status_code == 200
    assert watch.was_seen() == seen


@pytest.fixture
def desk(admin):
    client = Client()
    client.force_login(admin)
    return client


@of_both_kinds
@pytest.mark.parametrize(
    ("change", "seen"), [({}, False), ({"overview": "x"}, False), ({"title": "Other"}, True)]
)
def test_by_the_desk(desk, model, change, seen):
    title = FACTORIES[model](title="Dune", release_year=None)
    watch = Watch(title)
    name = model._meta.model_name
    url = f"/admin/catalog/{name}/{title.pk}/change/"
    assert desk.post(url, FORMS[name] | change).status_code == 302
    assert watch.was_seen() == seen


@of_both_kinds
def test_by_an_action_of_the_desk(desk, model):
    title, other = FACTORIES[model](), FACTORIES[model]()
    url = f"/admin/catalog/{model._meta.model_name}/"
    for action in ("withdraw", "make_available"):
        watch = Watch(title)
        desk.post(url, {"action": action, "_selected_action": [title.pk]})
        assert watch.was_seen()
    assert card(other) == to_json(cards_of(MODELS[model], [other.pk])[other.pk])


@of_both_kinds
def test_by_sql(model):
    title = FACTORIES[model]()
    table = model._meta.db_table
    watch = Watch(title)
    sql(f"UPDATE {table} SET overview = 'x'")
    assert not watch.was_seen()
    sql(f"UPDATE {table} SET title = 'x'")
    assert watch.was_seen()
    watch = Watch(title)
    truncate(table)
    assert watch.was_seen()


# --- titles that go ------------------------------------------------------------------------


@of_both_kinds
def test_a_title_that_goes_changes_the_lists_it_was_on(model, ann, bob):
    title, other = FACTORIES[model](), FACTORIES[model]()
    MyList.add(ann, MODELS[model], title.pk)
    MyList.add(bob, MODELS[model], other.pk)
    before, content = list_tokens(), token()
    title.erase()
    after = list_tokens()
    assert after[ann.pk] != before[ann.pk]
    assert after[bob.pk] == before[bob.pk]
    assert token() == content


@of_both_kinds
def test_a_title_that_was_on_no_list_changes_none(model, ann):
    title, other = FACTORIES[model](), FACTORIES[model]()
    MyList.add(ann, MODELS[model], other.pk)
    before, content = list_tokens(), token()
    sql(f"DELETE FROM {model._meta.db_table} WHERE id = %s", title.pk)
    assert (list_tokens(), token()) == (before, content)
