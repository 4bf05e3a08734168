"""Querysets that are compiled once: they find what they would find by themselves."""

import datetime

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db import (
    DataError,
    IntegrityError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    connection,
    models,
    transaction,
)
from django.db.models import F, Q, Value
from django.db.models.functions import Cast, Coalesce, TruncDate

from api.answers import answer
from api.compiled import LIMIT, AnyOf, Compiled, Param, execute
from api.problems import GENERAL

pytestmark = pytest.mark.django_db

on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL")
Person = get_user_model()


@pytest.fixture
def people(db):
    return Person.objects.bulk_create(
        Person(email=f"{n}@example.com", name=f"Person {n % 3}", is_active=n % 2 == 0)
        for n in range(10)
    )


# --- what is found -----------------------------------------------------------------

WORDS = "%s %(name)s {} \"quoted\" 'single' \\ 100% ü😀"


@pytest.mark.parametrize(
    ("build", "arguments", "plain"),
    [
        (lambda: Q(pk=Param("pk")), lambda p: {"pk": p[3].pk}, lambda p: Q(pk=p[3].pk)),
        (lambda: Q(pk=Param("pk")), lambda p: {"pk": -1}, lambda p: Q(pk=-1)),
        (lambda: Q(pk__lt=Param("pk")), lambda p: {"pk": p[3].pk}, lambda p: Q(pk__lt=p[3].pk)),
        (
            lambda: Q(name="Person 1", pk__gt=Param("from"), is_active=False),
            lambda p: {"from": p[2].pk},
            lambda p: Q(name="Person 1", pk__gt=p[2].pk, is_active=False),
        ),
        (
            lambda: Q(pk__gt=Param("low"), name="Person 1", pk__lt=Param("high")),
            lambda p: {"high": p[8].pk, "low": p[2].pk},
            lambda p: Q(pk__gt=p[2].pk, name="Person 1", pk__lt=p[8].pk),
        ),
        (
            lambda: Q(name=Param("name", models.CharField())),
            lambda p: {"name": "Person 2"},
            lambda p: Q(name="Person 2"),
        ),
        (
            lambda: Q(name=Param("name", models.CharField())),
            lambda p: {"name": WORDS},
            lambda p: Q(name=WORDS),
        ),
        (lambda: Q(name=WORDS) | Q(pk=Param("pk")), lambda p: {"pk": 0}, lambda p: Q(name=WORDS)),
    ],
    ids=range(8),
)
def test_arguments_stand_where_they_belong(people, build, arguments, plain):
    people[5].name = WORDS
    people[5].save()
    columns = ("pk", "name", "is_active", "created_at")
    compiled = Compiled(lambda: Person.objects.filter(build()).order_by("pk").values_list(*columns))
    found = Person.objects.filter(plain(people)).order_by("pk").values_list(*columns)
    for _ in range(3):
        assert compiled.rows(**arguments(people)) == list(found)


def test_one_argument_may_stand_twice(people):
    compiled = Compiled(
        lambda: Person.objects.filter(pk__gte=Param("pk"), pk__lte=Param("pk")).values_list("pk")
    )
    assert compiled.rows(pk=people[4].pk) == [(people[4].pk,)]


def test_an_argument_that_is_missing_is_an_error(people):
    compiled = Compiled(lambda: Person.objects.filter(pk=Param("pk")).values_list("pk"))
    with pytest.raises(KeyError):
        compiled.rows()


SOME = Compiled(lambda: Person.objects.filter(AnyOf("pk", Param("ids"))).values_list("pk"))


@pytest.mark.parametrize("which", [[], [0], [0, 1, 2], [2, 2], list(range(10))], ids=str)
def test_any_of_a_list(people, which):
    ids = [people[n].pk for n in which]
    assert sorted(SOME.rows(ids=ids)) == [(pk,) for pk in sorted(set(ids))]


@pytest.mark.parametrize("ids", [[-1], [2**63 - 1], [-(2**63)], list(range(-5000, 0))], ids=len)
def test_none_of_a_list(people, ids):
    assert SOME.rows(ids=ids) == []


def test_a_limit_is_an_argument(people):
    compiled = Compiled(
        lambda: (
            Person.objects.filter(pk__gt=Param("after")).order_by("pk").values_list("pk")[:LIMIT]
        )
    )
    for limit in (0, 1, 3, 100):
        found = compiled.rows(after=people[1].pk, limit=limit)
        assert found == [(person.pk,) for person in people[2 : 2 + limit]]


def test_values_come_as_the_orm_gives_them(people):
    queryset = Person.objects.annotate(
        yes=Cast(Value(1), models.BooleanField()),
        day=TruncDate("created_at"),
        date=Cast(Value("1999-03-31"), models.DateField()),
        tree=Value({"a": [1, None, "ü"]}, models.JSONField()),
        price=Cast(Value("1.50"), models.DecimalField(max_digits=5, decimal_places=2)),
        half=Value(0.5),
        nothing=Cast(Value(None), models.DateTimeField()),
        lower=Coalesce(F("email"), Value("")),
    )
    names = ("is_active", "created_at", "last_login", "yes", "day", "date", "tree", "price")
    names += ("half", "nothing", "lower")
    compiled = Compiled(lambda: queryset.order_by("pk").values_list(*names))
    found = compiled.rows()
    assert found == list(queryset.order_by("pk").values_list(*names))
    row = dict(zip(names, found[0], strict=True))
    assert row["is_active"] is True
    assert row["created_at"].tzinfo is not None
    assert row["date"] == datetime.date(1999, 3, 31)
    assert row["tree"] == {"a": [1, None, "ü"]}
    assert row["last_login"] is None


def test_across_relations(people):
    group = Group.objects.create(name="A")
    group.permissions.set(Permission.objects.all()[:5])
    compiled = Compiled(
        lambda: (
            Group.objects.filter(pk=Param("group"))
            .order_by("permissions__content_type__app_label", "permissions__codename")
            .values_list("name", "permissions__codename", "permissions__content_type__app_label")
        )
    )
    found = compiled.rows(group=group.pk)
    assert len(found) == 5
    assert {name for name, _, _ in found} == {"A"}


def test_what_it_finds_is_what_is_there_now(people):
    compiled = Compiled(lambda: Person.objects.filter(pk=Param("pk")).values_list("name"))
    for name in ("A", "B"):
        Person.objects.filter(pk=people[0].pk).update(name=name)
        assert compiled.rows(pk=people[0].pk) == [(name,)]


def test_a_lock_behind_it(people):
    compiled = Compiled(
        lambda: Person.objects.filter(pk=Param("pk")).values_list("pk"), suffix=" FOR KEY SHARE"
    )
    assert compiled.rows(pk=people[0].pk) == [(people[0].pk,)]
    sql = compiled.statement(connection).sql
    assert sql.endswith(" FOR KEY SHARE") == (connection.vendor == "postgresql")


def test_it_is_compiled_once(people):
    made = []

    def build():
        made.append(1)
        return Person.objects.filter(pk=Param("pk")).values_list("pk")

    compiled = Compiled(build)
    for person in people:
        compiled.rows(pk=person.pk)
    assert len(made) == 1


def test_whoever_counts_queries_sees_it(people, django_assert_num_queries):
    for _ in range(2):
        with django_assert_num_queries(1) as asked:
            assert SOME.rows(ids=[people[0].pk]) == [(people[0].pk,)]
        assert "accounts_user" in asked.captured_queries[0]["sql"]
        SOME.rows(ids=[people[0].pk])


def test_whoever_wraps_queries_sees_it(people):
    seen = []

    def wrapper(run, sql, *rest):
        seen.append(sql)
        return run(sql, *rest)

    with connection.execute_wrapper(wrapper):
        SOME.rows(ids=[1])
    assert len(seen) == 1


def test_how_many_were_written(people):
    done = execute("UPDATE accounts_user SET name = 'x' WHERE id >= %s", [people[7].pk])
    assert (done.rows, done.affected) == ([], 3)


# --- prepared --------------------------------------------------------------------------


def prepared(text):
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return [statement for (statement,) in cursor.fetchall() if text in statement]


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_it_is_one_prepared_statement_whatever_the_arguments():
    compiled = Compiled(
        lambda: Person.objects.filter(pk=Param("pk"), name="once").values_list("pk")
    )
    for pk in (1, 40_000, 2**31, 2**40, 2**63 - 1, -(2**63)):
        assert compiled.rows(pk=pk) == []
    assert len(prepared('"name" = $1')) == 1


# --- errors -------------------------------------------------------------------------------


@on_postgresql
@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("SELECT 1 / %s", DataError),
        ("SELECT %s - 9223372036854775807 - 2", DataError),
        ("SELECT %s FROM there_is_none", ProgrammingError),
        ("INSERT INTO auth_group (id, name) VALUES (-1, 'x'), (-1, %s::text)", IntegrityError),
    ],
)
def test_errors_are_djangos(sql, error):
    with pytest.raises(error), transaction.atomic():
        execute(sql, [0])


def test_a_number_that_no_column_holds():
    with pytest.raises((DataError, OverflowError)), transaction.atomic():
        execute("SELECT %s", [2**70])


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_server_that_ends_the_connection(rf):
    compiled = Compiled(lambda: Group.objects.filter(pk=Param("pk")).values_list("pk"))
    compiled.rows(pk=1)
    with another_connection() as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid()])
    with pytest.raises(OperationalError) as raised:
        compiled.rows(pk=1)
    assert answer(raised.value, rf.get("/"), GENERAL).status_code == 503
    connection.close_if_unusable_or_obsolete()
    assert compiled.rows(pk=0) == []


def pid():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


class another_connection:
    def __enter__(self):
        self.other = connection.copy()
        return self.other

    def __exit__(self, *_):
        self.other.close()


# --- a column that changes its type under a prepared statement --------------------------------


@pytest.fixture
def things():
    """A table, and what makes another release of it, as seen from another connection."""

    def change(column_type):
        with another_connection() as other, other.cursor() as cursor:
            cursor.execute(f"ALTER TABLE things ALTER COLUMN id TYPE {column_type}")

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE things (id integer)")
        cursor.execute("INSERT INTO things VALUES (7)")
    assert execute(THINGS, [0]).rows == [(7,)]
    yield change
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE things")


THINGS = "SELECT id FROM things WHERE id > %s"


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_another_type_is_got_over(things):
    things("bigint")
    assert execute(THINGS, [0]).rows == [(7,)]
    assert execute(THINGS, [0]).rows == [(7,)]


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_in_a_transaction_another_type_is_a_503(things, rf):
    with transaction.atomic():
        execute(THINGS, [0])
    things("bigint")
    with pytest.raises(NotSupportedError) as raised, transaction.atomic():
        execute(THINGS, [0])
    refusal = answer(raised.value, rf.get("/"), GENERAL)
    assert (refusal.status_code, refusal["Retry-After"]) == (503, "2")
    with transaction.atomic():
        assert execute(THINGS, [0]).rows == [(7,)]


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_braces_and_percent_signs_stand_for_themselves():
    sql = "SELECT '{0} {}', %s::bigint, '100%%', %s::text"
    assert execute(sql, [5, "{x} %s"]).rows == [("{0} {}", 5, "100%", "{x} %s")]
