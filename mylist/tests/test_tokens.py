"""Each list has a token, and whoever changes the list gives it another: nobody can forget to."""

from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from mylist.models import ContentToken, MyList, MyListItem
from mylist.registry import KINDS
from mylist.tests.lists import (
    assert_counts_are_right,
    films,
    insert_every_film,
    put,
    rows_of,
    sql,
    unsaved,
)
from mylist.tests.services import keeps_tokens
from mylist.tests.standin.models import Film, Series, Studio

pytestmark = [pytest.mark.django_db, keeps_tokens]

HERE = "/api/v1/mylist/"


def tokens():
    return dict(MyList.objects.values_list("user_id", "token"))


def content_token():
    return ContentToken.objects.get().token


@contextmanager
def changed(*users):
    """The lists of these people get new tokens, those of nobody else, and all counts are right."""
    before = tokens()
    yield
    after = tokens()
    assert {pk for pk, token in after.items() if before.get(pk) != token} == {
        user.pk for user in users
    }
    assert len(set(after.values())) == len(after)
    assert_counts_are_right()


def truncate(table):
    # Not while foreign keys are still to be checked, as they are at the end of a transaction.
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql(f"TRUNCATE {table}")


class World:
    """Ann and Bob have the same three films on their lists, of two studios; a fourth is on none."""

    def __init__(self, ann, bob, as_ann):
        self.ann, self.bob, self.as_ann = ann, bob, as_ann
        self.studio = Studio.objects.create(name="A")
        self.films = films(4)
        self.mine, self.theirs = put(ann, *self.films[:3]), put(bob, *self.films[:3])
        self.new = self.films[3]

    def asked(self, content):
        return {"content_type": "film", "content_id": content.pk}

    def by_title(self, content):
        return f"{HERE}film/{content.pk}/"

    def only_hers(self):
        """A film that stands on Ann's list alone."""
        film = Film.objects.create(title="Hers", studio=self.studio)
        put(self.ann, film)
        return film

    def copy(self, *contents):
        kind = KINDS["film"].content_type.pk
        columns = "user_id, content_type_id, content_id, note"
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY mylist_mylistitem ({columns}) FROM STDIN") as rows,
        ):
            for content in contents:
                rows.write_row((self.ann.pk, kind, content.pk, ""))


@pytest.fixture
def world(ann, bob, as_ann):
    return World(ann, bob, as_ann)


# --- what changes a list ---------------------------------------------------------

ITEMS = "mylist_mylistitem"
CHANGES = {
    "API: add": lambda w: w.as_ann.post(HERE, w.asked(w.new)),
    "API: put": lambda w: w.as_ann.put(w.by_title(w.new)),
    "API: put a note": lambda w: w.as_ann.put(w.by_title(w.films[0]), {"note": "x"}),
    "API: annotate": lambda w: w.as_ann.patch(f"{HERE}{w.mine[0].pk}/", {"note": "x"}),
    "API: replace the note": lambda w: w.as_ann.put(f"{HERE}{w.mine[0].pk}/", {"note": "x"}),
    "API: remove": lambda w: w.as_ann.delete(f"{HERE}{w.mine[0].pk}/"),
    "API: remove by title": lambda w: w.as_ann.delete(w.by_title(w.films[0])),
    "API: clear": lambda w: w.as_ann.delete(HERE),
    "add": lambda w: MyList.add(w.ann, KINDS["film"], w.new.pk),
    "remove": lambda w: MyList.remove(w.ann, id=w.mine[1].pk),
    "remove all": lambda w: MyList.remove(w.ann),
    "annotate": lambda w: MyList.annotate(w.ann, w.mine[0].pk, "x"),
    "take off": lambda w: MyListItem.objects.of(w.ann).take_off(),
    "save": lambda w: MyListItem.objects.of(w.ann).first().save(),
    "delete one": lambda w: w.mine[0].delete(),
    "update": lambda w: MyListItem.objects.of(w.ann).update(note="x"),
    "delete": lambda w: MyListItem.objects.of(w.ann).delete(),
    "bulk create": lambda w: MyListItem.objects.bulk_create([unsaved(w.ann, w.new)]),
    "bulk create of some": lambda w: MyListItem.objects.bulk_create(
        [unsaved(w.ann, film) for film in w.films], ignore_conflicts=True
    ),
    "bulk update": lambda w: MyListItem.objects.bulk_update(w.mine, ["note"]),
    "upsert": lambda w: MyListItem.objects.bulk_create(
        [unsaved(w.ann, film) for film in w.films],
        update_conflicts=True,
        unique_fields=["user", "content_type", "content_id"],
        update_fields=["note"],
    ),
    "SQL: insert": lambda w: sql(
        f"INSERT INTO {ITEMS} (user_id, content_type_id, content_id, note) VALUES (%s, %s, %s, '')",
        w.ann.pk,
        KINDS["film"].content_type.pk,
        w.new.pk,
    ),
    "SQL: update": lambda w: sql(f"UPDATE {ITEMS} SET note = 'x' WHERE user_id = %s", w.ann.pk),
    "SQL: delete": lambda w: sql(f"DELETE FROM {ITEMS} WHERE id = %s", w.mine[0].pk),
    "SQL: delete all": lambda w: sql(f"DELETE FROM {ITEMS} WHERE user_id = %s", w.ann.pk),
    "COPY": lambda w: w.copy(w.new),
    "its content": lambda w: w.only_hers().delete(),
    "its content, of many": lambda w: Film.objects.filter(pk=w.only_hers().pk).delete(),
    "its content by SQL": lambda w: sql("DELETE FROM standin_film WHERE id = %s", w.only_hers().pk),
    "its content with its studio": lambda w: (w.only_hers(), w.studio.delete()),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_changes_a_list_changes_its_token_and_no_other(world, change):
    with changed(world.ann):
        change(world)


OF_BOTH = {
    "content": lambda w: w.films[0].delete(),
    "content by SQL": lambda w: sql("DELETE FROM standin_film WHERE id = %s", w.films[0].pk),
    "all content": lambda w: Film.objects.all().delete(),
    "update": lambda w: MyListItem.objects.update(note="x"),
    "delete": lambda w: MyListItem.objects.all().delete(),
    "insert": lambda w: (insert_every_film(w.ann), insert_every_film(w.bob)),
    "item that changes hands": lambda w: (
        MyListItem.objects.of(w.bob).filter(content_id=w.films[0].pk).delete(),
        MyListItem.objects.filter(pk=w.mine[0].pk).update(user=w.bob),
    ),
    "upsert of both": lambda w: MyListItem.objects.bulk_create(
        [unsaved(user, film) for user in (w.ann, w.bob) for film in w.films],
        update_conflicts=True,
        unique_fields=["user", "content_type", "content_id"],
        update_fields=["note"],
    ),
}


@pytest.mark.parametrize("change", OF_BOTH.values(), ids=OF_BOTH)
def test_what_changes_two_lists_gives_each_a_token_of_its_own(world, change):
    if change is OF_BOTH["insert"]:
        MyListItem.objects.all().delete()
    with changed(world.ann, world.bob):
        change(world)


def test_truncating_changes_the_lists_that_were_not_empty(world, django_user_model):
    empty = django_user_model.objects.create_user("carol")
    MyList.locked(empty)
    with changed(world.ann, world.bob):
        truncate(ITEMS)


def test_truncating_leaves_no_counts(world):
    truncate(ITEMS)
    assert_counts_are_right()
    put(world.ann, world.new)
    assert_counts_are_right()


def test_truncating_content_changes_the_lists_it_was_on(world, django_user_model):
    carol = django_user_model.objects.create_user("carol")
    put(carol, Series.objects.create(title="Not a film"))
    shown = content_token()
    with changed(world.ann, world.bob):
        truncate("standin_film")
    assert rows_of(world.ann) == 0
    assert content_token() != shown


def test_an_item_can_go_to_somebody_without_a_list(world, django_user_model):
    carol = django_user_model.objects.create_user("carol")
    with changed(world.ann, carol):
        sql(f"UPDATE {ITEMS} SET user_id = %s WHERE id = %s", carol.pk, world.mine[0].pk)
    assert MyList.count_of(carol) == 1


def test_two_lists_can_exchange_items(world):
    with changed(world.ann, world.bob):
        sql(
            f"UPDATE {ITEMS} SET content_id = content_id + 1000,"
            " user_id = CASE user_id WHEN %s THEN %s ELSE %s END",
            world.ann.pk,
            world.bob.pk,
            world.ann.pk,
        )


BY_HAND = [ITEMS, "mylist_mylist"]


@pytest.mark.parametrize("tables", [BY_HAND, BY_HAND[::-1]], ids=["items first", "list first"])
def test_deleting_a_person_by_sql_brings_no_list_back(world, tables):
    with changed():
        for table in tables:
            sql(f"DELETE FROM {table} WHERE user_id = %s", world.ann.pk)
        sql("DELETE FROM auth_user WHERE id = %s", world.ann.pk)
        sql("SET CONSTRAINTS ALL IMMEDIATE")
    assert world.ann.pk not in tokens()


@pytest.mark.parametrize("many", [False, True])
def test_deleting_a_person_brings_no_list_back(world, many, django_user_model):
    with changed():
        if many:
            django_user_model.objects.filter(pk=world.ann.pk).delete()
        else:
            world.ann.delete()
        sql("SET CONSTRAINTS ALL IMMEDIATE")
    assert list(tokens()) == [world.bob.pk]


# --- what does not ---------------------------------------------------------------

NOTHING = {
    "API: read": lambda w: w.as_ann.get(HERE),
    "API: what is there": lambda w: w.as_ann.post(HERE, w.asked(w.films[0])),
    "API: put what is there": lambda w: w.as_ann.put(w.by_title(w.films[0])),
    "API: what is not to be had": lambda w: w.as_ann.put(f"{HERE}film/999999/"),
    "API: remove what is not there": lambda w: w.as_ann.delete(w.by_title(w.new)),
    "API: remove another's": lambda w: w.as_ann.delete(f"{HERE}{w.theirs[0].pk}/"),
    "API: annotate another's": lambda w: w.as_ann.patch(f"{HERE}{w.theirs[0].pk}/", {"note": "x"}),
    "annotate nothing": lambda w: MyList.annotate(w.ann, 0, "x"),
    "remove nothing": lambda w: MyList.remove(w.ann, id=0),
    "bulk create of nothing new": lambda w: MyListItem.objects.bulk_create(
        [unsaved(w.ann, w.films[0])], ignore_conflicts=True
    ),
    "update of nothing": lambda w: sql(f"UPDATE {ITEMS} SET note = 'x' WHERE false"),
    "delete of nothing": lambda w: sql(f"DELETE FROM {ITEMS} WHERE false"),
    "content on no list": lambda w: w.new.delete(),
}


@pytest.mark.parametrize("attempt", NOTHING.values(), ids=NOTHING)
def test_what_changes_nothing_leaves_all_tokens(world, attempt):
    shown = content_token()
    with changed():
        attempt(world)
    assert content_token() == shown


def test_what_is_rolled_back_leaves_the_old_token(world):
    with changed(), transaction.atomic():
        put(world.ann, world.new)
        transaction.set_rollback(True)


def test_clearing_an_empty_list_leaves_its_token(world):
    MyList.remove(world.ann)
    with changed():
        world.as_ann.delete(HERE)


# --- tokens ------------------------------------------------------------------------


def test_no_token_comes_twice(world):
    met = set(tokens().values())
    for _ in range(20):
        world.as_ann.put(world.by_title(world.new))
        met.add(tokens()[world.ann.pk])
        world.as_ann.delete(world.by_title(world.new))
        met.add(tokens()[world.ann.pk])
    assert len(met) == 2 + 40


def test_a_list_that_is_made_anew_has_another_token(world):
    before = tokens()[world.ann.pk]
    MyListItem.objects.of(world.ann).delete()
    MyList.objects.filter(user=world.ann).delete()
    put(world.ann, world.new)
    assert tokens()[world.ann.pk] != before


# --- what lists show of content ------------------------------------------------------

SHOWN = {
    "save": lambda film: (setattr(film, "title", "Other"), film.save()),
    "update": lambda film: Film.objects.update(title="Other"),
    "one of many": lambda film: sql(
        "UPDATE standin_film SET title = CASE id WHEN %s THEN 'Other' ELSE title END", film.pk
    ),
    "another id": lambda film: sql("UPDATE standin_film SET id = 9999 WHERE id = %s", film.pk),
    "exchanged": lambda film: sql(
        "UPDATE standin_film a SET title = b.title FROM standin_film b"
        " WHERE a.id <> b.id AND a.id IN (%s, %s) AND b.id IN (%s, %s)",
        *(film.pk, film.pk + 1) * 2,
    ),
    "SQL: truncate": lambda film: truncate("standin_film"),
}


@pytest.mark.parametrize("change", SHOWN.values(), ids=SHOWN)
def test_what_lists_show_of_content_changes_the_content_token(change):
    film, *_ = films(3)
    before = content_token()
    change(film)
    assert content_token() != before


UNSEEN = {
    "save": lambda film: film.save(),
    "another column": lambda film: Film.objects.update(withdrawn=True),
    "the same title": lambda film: sql("UPDATE standin_film SET title = title"),
    "nothing": lambda film: Film.objects.filter(pk=0).update(title="x"),
    "a new one": lambda film: films(2),
    "deleted": lambda film: Film.objects.all().delete(),
    "a studio": lambda film: Studio.objects.create(name="B"),
    "upsert of the same": lambda film: Film.objects.bulk_create(
        [film], update_conflicts=True, unique_fields=["id"], update_fields=["title"]
    ),
}


@pytest.mark.parametrize("change", UNSEEN.values(), ids=UNSEEN)
def test_what_no_list_shows_leaves_the_content_token(change):
    film, *_ = films(3)
    before = content_token()
    change(film)
    assert content_token() == before


def test_there_is_one_content_token(db):
    assert ContentToken.objects.count() == 1
    with pytest.raises(Exception, match="mylist_one_content_token"), transaction.atomic():
        ContentToken.objects.create(pk=2)
