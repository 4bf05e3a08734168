"""No page is slower for being deeper: the database's own plan for pages far down."""

import json
import random
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from catalog.models import Movie, TVShow
from catalog.orderings import ORDERINGS

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL"),
]
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
COUNT = 4000


@pytest.mark.parametrize("model", [Movie, TVShow])
def test_a_deep_page_of_every_order_starts_in_its_index(model):
    fill(model)
    titles = model.objects.browsable()
    for name, keyset in ORDERINGS.items():
        # Early, in the middle, and among the many equals at either end.
        for depth in (300, 2000, 3700):
            row = keyset.slice(titles, None, backwards=False)[depth]
            for backwards in (False, True):
                page = keyset.slice(titles, keyset.position_of(row), backwards)[:21]
                limit, scan = plan_of(page)
                assert (limit["Node Type"], scan["Node Type"]) == ("Limit", "Index Scan"), name
                # Where the page begins is found in the index, not by passing over the rest.
                assert "ROW(" in scan["Index Cond"], name


def fill(model):
    """Half have no rating, no date, no popularity."""
    chance = random.Random(1)
    days = [BEGIN + timedelta(days=n) for n in range(3000)]
    model.objects.bulk_create(
        model(
            title=f"title {chance.randrange(COUNT)}",
            popularity=max(0, chance.randrange(-COUNT, COUNT)),
            rating=chance.choice([None, chance.randrange(100) / 10]),
            release_date=(day := chance.choice([None, date.fromordinal(700_000 + n)])),
            release_year=day and day.year,
            created_at=chance.choice(days),
        )
        for n in range(COUNT)
    )
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {model._meta.db_table}")


def plan_of(queryset):
    """The steps, from the outermost; what only hands in a value is none."""
    steps, left = [], [json.loads(queryset.explain(format="json"))[0]["Plan"]]
    while left:
        steps.append(left.pop())
        left += steps[-1].get("Plans", [])
    return [step for step in steps if step["Node Type"] != "Result"]
