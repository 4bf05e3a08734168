"""The orders that lists of titles come in, each exact under ties and missing values.

A missing rating or date is sorted as a value beyond all others, so that it comes last both
ways and no key is ever null: one comparison of rows finds the next page, and an index over
the same expression answers it.
"""

from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Coalesce

from api.paging import Keyset
from catalog.models import NO_DATE_HIGH, NO_DATE_LOW, NO_RATING_HIGH, NO_RATING_LOW

RATING, DATE = models.FloatField(), models.DateField()
WHEN, TEXT = models.DateTimeField(), models.CharField()

ORDERINGS = {
    "popularity": Keyset(F("popularity"), RATING, descending=False),
    "-popularity": Keyset(F("popularity"), RATING),
    "title": Keyset(F("title"), TEXT, descending=False),
    "-title": Keyset(F("title"), TEXT),
    "created_at": Keyset(F("created_at"), WHEN, descending=False),
    "-created_at": Keyset(F("created_at"), WHEN),
    "rating": Keyset(Coalesce("rating", NO_RATING_HIGH), RATING, descending=False),
    "-rating": Keyset(Coalesce("rating", NO_RATING_LOW), RATING),
    "release_date": Keyset(
        Coalesce("release_date", Value(NO_DATE_HIGH, DATE)), DATE, descending=False
    ),
    "-release_date": Keyset(Coalesce("release_date", Value(NO_DATE_LOW, DATE)), DATE),
}
