"""A page costs the same wherever it is: in buffers that PostgreSQL looks at, read or not."""

import json

import pytest
from django.db import connection, transaction

from mylist import pages
from mylist.models import MyListItem
from mylist.registry import KINDS
from mylist.tests.lists import sql
from mylist.tests.services import keeps_tokens
from mylist.tests.standin.models import Film, Series

pytestmark = keeps_tokens

MOST = 100
MANY, FEW = 20_000, 5


@pytest.fixture
def long_lists(ann, bob):
    """Ann has 20,000 films and five series, the newest of all and the oldest; Bob the reverse.
    Others have short lists, as most people do."""
    for model, table in ((Film, "standin_film"), (Series, "standin_series")):
        more = ", false" if model is Film else ""
        columns = "title, withdrawn" if model is Film else "title"
        sql(
            f"INSERT INTO {table} ({columns}) SELECT 'T ' || n{more} FROM generate_series(1, %s) n",
            MANY,
        )
    others = type(ann).objects.bulk_create(type(ann)(username=f"user {n}") for n in range(500))
    fill(ann, Series, 3)
    fill(ann, Film, MANY)
    fill(ann, Series, 5)
    fill(bob, Film, 3)
    fill(bob, Series, MANY)
    fill(bob, Film, 5)
    for user in others:
        fill(user, Film, 20)
    for table in ("mylistitem", "mylist", "kindcount", "contenttoken"):
        sql(f"ANALYZE mylist_{table}")
    sql("ANALYZE standin_film; ANALYZE standin_series")


def fill(user, model, upto):
    """With the first titles of the kind, those that are there left."""
    kind = KINDS[model._meta.model_name].content_type.pk
    sql(
        "INSERT INTO mylist_mylistitem (user_id, content_type_id, content_id, note)"
        f" SELECT %s, %s, id, '' FROM {model._meta.db_table} ORDER BY id LIMIT %s"
        " ON CONFLICT DO NOTHING",
        *(user.pk, kind, upto),
    )


def buffers(user, kind, backwards, after):
    """Of the statement that reads a page of 20, as a plan for any list, any place and any size."""
    compiled = pages.statement(kind is not None, backwards, after is not None)
    statement = compiled.statement(connection)
    arguments = compiled.arguments(
        connection,
        user=user.pk,
        content_type=KINDS[kind].content_type.pk if kind else 0,
        after=after or 0,
        limit=21,
        **pages.type_ids(),
    )
    numbers = [f"${n}" for n, _ in enumerate(arguments, 1)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute(f"PREPARE page AS {statement.sql % tuple(numbers)}")
        values = ", ".join(str(value) for value in arguments)
        for _ in "once to load the catalog", "again to be measured":
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE page ({values})")
            [(plan,)] = cursor.fetchall()
        cursor.execute("DEALLOCATE page")
    plan = plan if isinstance(plan, list) else json.loads(plan)
    top = plan[0]["Plan"]
    assert top["Actual Rows"] <= 21
    return top["Shared Hit Blocks"] + top["Shared Read Blocks"]


def places(user):
    """None is the first page, and last comes behind the end."""
    ids = MyListItem.objects.of(user).order_by("-pk").values_list("pk", flat=True)
    return [None, ids[10], ids[MANY // 2], ids[MANY - 10], ids[MANY + 4]]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [None, "film", "series"])
def test_no_page_costs_more_than_a_hundred_buffers(ann, bob, long_lists, kind):
    costs = {
        (user.username, after, backwards): buffers(user, kind, backwards, after)
        for user in (ann, bob)
        for after in places(user)
        for backwards in ([False, True] if after else [False])
    }
    assert max(costs.values()) <= MOST, costs
