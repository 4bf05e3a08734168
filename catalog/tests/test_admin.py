"""The staff desk of the catalog: what works there, for whom, and what each page costs."""

import pytest
from django.contrib.auth.models import Permission
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from psycopg.errors import DeadlockDetected

from catalog.models import Genre, Movie
from catalog.tests.factories import GenreFactory, MovieFactory, TVShowFactory

pytestmark = pytest.mark.django_db

DESK = "/admin/catalog"
EMPTY_FORM = {
    "title": "Dune",
    "original_title": "",
    "overview": "",
    "available": "on",
    "release_date": "",
    "release_year": "",
    "original_language": "",
    "poster_path": "",
    "backdrop_path": "",
    "rating": "",
    "vote_count": "",
    "popularity": "0",
    "tmdb_id": "",
    "imdb_id": "",
}
OF_A_SHOW = {"creators": "", "seasons": "", "episodes": "", "status": "", "last_air_date": ""}
FORMS = {
    "movie": EMPTY_FORM | {"director": "", "runtime": ""},
    "tvshow": EMPTY_FORM | OF_A_SHOW,
}
of_both_kinds = pytest.mark.parametrize(
    ("kind", "make"), [("movie", MovieFactory), ("tvshow", TVShowFactory)]
)


@pytest.fixture
def desk(curator):
    client = Client()
    client.force_login(curator)
    return client


def found(answer):
    assert answer.status_code == 200
    return [str(row) for row in answer.context["cl"].result_list]


def queries(ask):
    """How many, once what is only asked once by a process was asked."""
    ask()
    with CaptureQueriesContext(connection) as asked:
        assert ask().status_code == 200
    return len(asked)


def pages(kind, one):
    return [
        f"{DESK}/{kind}/",
        f"{DESK}/{kind}/?q=e",
        f"{DESK}/{kind}/?all=&o=1",
        f"{DESK}/{kind}/add/",
        f"{DESK}/{kind}/{one.pk}/change/",
        f"{DESK}/{kind}/{one.pk}/delete/",
        f"{DESK}/{kind}/{one.pk}/history/",
    ]


@of_both_kinds
def test_the_pages_of_titles_cost_the_same_however_many_there_are(desk, kind, make):
    one = make(genres=[GenreFactory()])
    before = [queries(lambda url=url: desk.get(url)) for url in pages(kind, one)]
    for _ in range(15):
        make(genres=[GenreFactory(), GenreFactory()], original_language="en")
    one.genres.set(Genre.objects.all())
    after = [queries(lambda url=url: desk.get(url)) for url in pages(kind, one)]
    assert after == before
    # session, curator, their permissions (2); count, genres to filter by, titles, their genres
    assert before[0] == 8
    assert max(before) <= 12


def test_the_pages_of_genres_cost_the_same_however_many_there_are(desk):
    one = GenreFactory()
    MovieFactory(genres=[one]), TVShowFactory(genres=[one])
    before = [queries(lambda url=url: desk.get(url)) for url in pages("genre", one)]
    for _ in range(15):
        GenreFactory()
        MovieFactory(genres=[one]), TVShowFactory(genres=[one])
    after = [queries(lambda url=url: desk.get(url)) for url in pages("genre", one)]
    assert after == before
    assert max(before) <= 12


@of_both_kinds
def test_deleting_many_at_once_is_confirmed_at_the_same_cost(desk, kind, make):
    def confirm():
        chosen = list(make._meta.model.objects.values_list("pk", flat=True))
        return desk.post(
            f"{DESK}/{kind}/", {"action": "delete_selected", "_selected_action": chosen}
        )

    make(genres=[GenreFactory()])
    before = queries(confirm)
    for _ in range(15):
        make(genres=[GenreFactory()])
    assert queries(confirm) == before


@of_both_kinds
def test_titles_are_found_by_words_and_outside_ids(desk, kind, make):
    make(title="Dune", tmdb_id=438631, imdb_id="tt1160419")
    make(title="Another", original_title="Dűne", tmdb_id=16)
    for words, titles in (
        ("dune", ["Dune (1999)"]),
        ("438631", ["Dune (1999)"]),
        ("tt1160419", ["Dune (1999)"]),
        ("Dűne", ["Another (1999)"]),
        ("4386", []),
        ("9" * 40, []),
        ("%", []),
    ):
        assert found(desk.get(f"{DESK}/{kind}/", {"q": words})) == titles, words
    assert desk.get(f"{DESK}/{kind}/", {"q": "a\0b"}).status_code == 200


@of_both_kinds
def test_titles_are_filtered_and_ordered(desk, kind, make):
    drama, crime = GenreFactory(name="Drama"), GenreFactory(name="Crime")
    make(title="B", genres=[drama, crime], popularity=1, original_language="en")
    make(title="A", genres=[drama], available=False, popularity=2)
    here = f"{DESK}/{kind}/"
    assert found(desk.get(here)) == ["A (1999)", "B (1999)"]
    assert found(desk.get(f"{here}?o=1")) == ["A (1999)", "B (1999)"]
    assert found(desk.get(f"{here}?o=-1")) == ["B (1999)", "A (1999)"]
    assert found(desk.get(f"{here}?available__exact=0")) == ["A (1999)"]
    assert found(desk.get(f"{here}?genres__id__exact={crime.pk}")) == ["B (1999)"]
    assert found(desk.get(f"{here}?original_language=en")) == ["B (1999)"]
    assert "Crime, Drama" in desk.get(here).content.decode()


@of_both_kinds
def test_a_title_is_added_changed_and_deleted(desk, kind, make):
    model, genre = make._meta.model, GenreFactory()
    form = FORMS[kind] | {"genres": [genre.pk], "release_date": "2021-09-15"}
    assert desk.post(f"{DESK}/{kind}/add/", form).status_code == 302
    title = model.objects.get()
    assert (title.title, title.release_year, title.imdb_id) == ("Dune", 2021, None)
    assert list(title.genres.all()) == [genre]
    changed = desk.post(f"{DESK}/{kind}/{title.pk}/change/", FORMS[kind] | {"title": "Dune 2"})
    assert changed.status_code == 302
    before, title = title, model.objects.get()
    assert (title.title, title.release_date, title.genres.count()) == ("Dune 2", None, 0)
    assert title.updated_at > before.updated_at
    assert desk.post(f"{DESK}/{kind}/{title.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not model.objects.exists()


@of_both_kinds
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"title": ""}, "This field is required."),
        ({"rating": "11"}, "less than or equal to 10"),
        ({"rating": "nan"}, "Enter a number."),
        ({"imdb_id": "nm0000123"}, "An IMDb id looks like tt0111161."),
        ({"tmdb_id": "7"}, "with this TMDB id already exists"),
        ({"tmdb_id": "9" * 30}, "less than or equal to"),
        ({"release_date": "2021-09-15", "release_year": "2020"}, "or leave the year empty."),
        ({"release_date": "0001-01-01"}, "greater than or equal to"),
        ({"overview": "x" * 5001}, "at most 5000 characters"),
    ],
)
def test_a_form_tells_what_is_wrong(desk, kind, make, wrong, told):
    make(tmdb_id=7)
    answer = desk.post(f"{DESK}/{kind}/add/", FORMS[kind] | wrong)
    assert answer.status_code == 200
    assert told in answer.content.decode()
    assert make._meta.model.objects.count() == 1


def saved(desk, show, creators):
    """What the page of the show says when it is asked to save these."""
    form = FORMS["tvshow"] | {"creators": creators}
    return desk.post(f"{DESK}/tvshow/{show.pk}/change/", form)


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("", []),
        (" \r\n\r\n", []),
        ("Baran bo Odar", ["Baran bo Odar"]),
        ("Baran bo Odar\r\n\r\n  Jantje Friese ", ["Baran bo Odar", "Jantje Friese"]),
        ('["Sam", "Esmail"]', ['["Sam", "Esmail"]']),
        ("\n".join(["x" * 200] * 50), ["x" * 200] * 50),
    ],
)
def test_creators_are_typed_one_to_a_line(desk, api, typed, names):
    show = TVShowFactory(creators=["Somebody"])
    assert saved(desk, show, typed).status_code == 302
    assert api.get(f"/api/v1/tv-shows/{show.pk}/").json()["creators"] == names


def test_creators_are_shown_as_they_are_typed(desk):
    show = TVShowFactory(creators=["Baran bo Odar", "Jantje <Friese>"])
    page = desk.get(f"{DESK}/tvshow/{show.pk}/change/").content.decode()
    assert "Baran bo Odar\nJantje &lt;Friese&gt;</textarea>" in page
    assert saved(desk, show, "Baran bo Odar\r\nJantje <Friese>").status_code == 302
    # What was not changed is no change.
    history = desk.get(f"{DESK}/tvshow/{show.pk}/history/").content.decode()
    assert "Title" in history
    assert "Creators" not in history


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("\n".join("x" * 51), "51 names: at most 50"),
        ("Sam Esmail\n" + "Jo" * 101, "JoJoJo"),
        ("Sam\0Esmail", "Null characters are not allowed."),
    ],
)
def test_creators_that_the_api_would_refuse_are_refused_and_stay_typed(desk, typed, told):
    show = TVShowFactory(creators=["Somebody"])
    page = saved(desk, show, typed)
    assert page.status_code == 200
    assert told in page.content.decode()
    assert page.context["adminform"].form["creators"].value() == typed
    show.refresh_from_db()
    assert show.creators == ["Somebody"]


@of_both_kinds
def test_a_page_to_add_asks_for_what_can_be_typed_the_important_first(desk, kind, make):
    def blocks(url):
        return [block.name for block in desk.get(url).context["adminform"]]

    own = {"movie": "Movie", "tvshow": "TV show"}[kind]
    added = blocks(f"{DESK}/{kind}/add/")
    assert added[:3] == [None, own, "Release"]
    assert blocks(f"{DESK}/{kind}/{make().pk}/change/") == [*added, "When"]
    assert "Created at" not in desk.get(f"{DESK}/{kind}/add/").content.decode()


@of_both_kinds
def test_titles_are_withdrawn_and_made_available_again(desk, kind, make):
    model = make._meta.model
    chosen = [make().pk, make().pk]
    other = make()
    for action, available in (("withdraw", False), ("make_available", True)):
        done = desk.post(
            f"{DESK}/{kind}/", {"action": action, "_selected_action": chosen}, follow=True
        )
        told = "2 withdrawn" if action == "withdraw" else "2 available again"
        assert told in done.content.decode()
        assert {t.available for t in model.objects.filter(pk__in=chosen)} == {available}
        assert model.objects.get(pk=other.pk).available


@of_both_kinds
def test_withdrawing_needs_the_permission_to_change(ann, kind, make):
    title = make()
    ann.is_staff = True
    ann.save()
    ann.user_permissions.set(Permission.objects.filter(codename=f"view_{kind}"))
    desk = Client()
    desk.force_login(ann)
    assert desk.get(f"{DESK}/{kind}/").status_code == 200
    desk.post(f"{DESK}/{kind}/", {"action": "withdraw", "_selected_action": [title.pk]})
    title.refresh_from_db()
    assert title.available


@pytest.mark.parametrize("kind", ["movie", "tvshow"])
def test_genres_are_completed_while_typing(desk, kind):
    for name in ("Drama", "Crime", "Melodrama"):
        GenreFactory(name=name)
    ask = {"app_label": "catalog", "model_name": kind, "field_name": "genres", "term": "dram"}
    answer = desk.get("/admin/autocomplete/", ask)
    assert [each["text"] for each in answer.json()["results"]] == ["Drama", "Melodrama"]


def test_a_genre_is_added_once(desk):
    form = {"name": "Drama", "tmdb_id": ""}
    assert desk.post(f"{DESK}/genre/add/", form).status_code == 302
    again = desk.post(f"{DESK}/genre/add/", form | {"name": "drama"})
    assert "There is a genre of this name already." in again.content.decode()
    assert Genre.objects.count() == 1
    assert found(desk.get(f"{DESK}/genre/?q=RAM")) == ["Drama"]


def test_deleting_in_the_desk_takes_titles_off_lists(desk, as_ann):
    movie = MovieFactory()
    as_ann.post("/api/v1/mylist/", {"content_type": "movie", "content_id": movie.pk})
    chosen = {"action": "delete_selected", "_selected_action": [movie.pk], "post": "yes"}
    assert desk.post(f"{DESK}/movie/", chosen).status_code == 302
    assert not Movie.objects.exists()
    assert as_ann.get("/api/v1/mylist/").json()["count"] == 0


@of_both_kinds
@pytest.mark.parametrize("several", [False, True])
def test_whoever_deletes_titles_is_told_of_lists_first(desk, kind, make, several):
    one = make(title="<Dune>", genres=[GenreFactory()])
    if several:
        chosen = {"action": "delete_selected", "_selected_action": [one.pk]}
        page = desk.post(f"{DESK}/{kind}/", chosen).content.decode()
    else:
        page = desk.get(f"{DESK}/{kind}/{one.pk}/delete/").content.decode()
    assert "withdraw it instead of deleting it" in page
    assert "&lt;Dune&gt; (1999)" in page
    assert "relationship" not in page


def test_whoever_deletes_a_genre_is_told_of_titles_not_shown_them(desk):
    genre = GenreFactory()
    movie = MovieFactory(genres=[genre])
    page = desk.get(f"{DESK}/genre/{genre.pk}/delete/").content.decode()
    assert "The titles stay." in page
    assert "relationship" not in page
    assert desk.post(f"{DESK}/genre/{genre.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not movie.genres.exists()


@of_both_kinds
@pytest.mark.parametrize("several", [False, True])
def test_deleting_goes_on_after_a_deadlock(desk, kind, make, several):
    titles = [make(genres=[GenreFactory()]) for _ in range(1 + several)]
    met = []

    def deadlock_once(execute, sql, params, many, context):
        if sql.startswith("DELETE") and not met:
            met.append(sql)
            raise OperationalError("deadlock detected") from DeadlockDetected()
        return execute(sql, params, many, context)

    chosen = {"action": "delete_selected", "_selected_action": [t.pk for t in titles]}
    with connection.execute_wrapper(deadlock_once):
        if several:
            done = desk.post(f"{DESK}/{kind}/", chosen | {"post": "yes"})
        else:
            done = desk.post(f"{DESK}/{kind}/{titles[0].pk}/delete/", {"post": "yes"})
    assert met
    assert done.status_code == 302
    assert not make._meta.model.objects.exists()


def test_deleting_needs_the_permission_to_delete(ann):
    movie = MovieFactory()
    ann.is_staff = True
    ann.save()
    ann.user_permissions.set(Permission.objects.filter(codename="change_movie"))
    desk = Client()
    desk.force_login(ann)
    assert desk.post(f"{DESK}/movie/{movie.pk}/delete/", {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [movie.pk], "post": "yes"}
    desk.post(f"{DESK}/movie/", chosen)
    assert Movie.objects.exists()


@pytest.mark.parametrize("kind", ["movie", "tvshow", "genre"])
def test_ordinary_people_are_kept_out(ann, kind):
    one = {"movie": MovieFactory, "tvshow": TVShowFactory, "genre": GenreFactory}[kind]()
    outside, ordinary = Client(), Client()
    ordinary.force_login(ann)
    for client in (outside, ordinary):
        for url in pages(kind, one):
            answer = client.get(url)
            assert (answer.status_code, answer.url.split("?")[0]) == (302, "/admin/login/")
        assert client.post(f"{DESK}/{kind}/{one.pk}/delete/", {"post": "yes"}).status_code == 302
    assert type(one).objects.filter(pk=one.pk).exists()


def test_staff_without_permissions_see_nothing(ann):
    ann.is_staff = True
    ann.save()
    desk = Client()
    desk.force_login(ann)
    for kind in ("movie", "tvshow", "genre"):
        assert desk.get(f"{DESK}/{kind}/").status_code == 403
        assert desk.get(f"{DESK}/{kind}/add/").status_code == 403
