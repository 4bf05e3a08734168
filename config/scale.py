"""Big data for load tests: titles, people, and lists that look like those of real people.

Rows go in by COPY on PostgreSQL and by bulk inserts on SQLite, in transactions of some 50,000 rows.
Killed at any moment, it leaves whole titles with their genres and whole people with their lists;
only the one longest list, which every transaction adds a share to, is shorter then. The triggers
of `mylist.triggers` count as always.

The same seed on the same database makes the same rows, but for the clock's columns.
"""

import heapq
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from random import Random
from typing import Any, TypeVar, cast

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import Field, Max, Model
from django.utils import timezone

from accounts.models import SignIn, User
from catalog.models import Genre, Movie, Title, TVShow
from config.seeding import add_genre, read
from mylist.models import KindCount, MyList, MyListItem
from mylist.registry import MODELS

TITLES_AT_ONCE, PEOPLE_AT_ONCE, ITEMS_AT_ONCE = 10_000, 5_000, 50_000
SIGNED_IN_FOR = timedelta(days=1)
KINDS: tuple[type[Title], ...] = (Movie, TVShow)

TITLE = (
    *("id", "title", "original_title", "overview", "original_language", "release_date"),
    *("release_year", "poster_path", "backdrop_path", "rating", "vote_count", "popularity"),
    *("available", "created_at", "updated_at"),
)
MOVIE = (*TITLE, "director", "runtime")
SHOW = (*TITLE, "creators", "seasons", "episodes", "status", "last_air_date")
PERSON = (
    *("id", "password", "is_superuser", "email", "name", "is_staff", "is_active"),
    "password_stamp",
)
SIGN_IN = ("id", "user", "password_stamp", "refresh_id", "user_agent", "refreshed_at", "expires_at")
ITEM = ("user", "content_type", "content_id", "note")


def words(line: str) -> list[str]:
    return line.split(", ")


QUALITIES = words(
    "Amber, Bitter, Blue, Borrowed, Broken, Crooked, Distant, Early, Empty, Endless, Faithful, "
    "Fallen, Final, Fragile, Frozen, Gentle, Golden, Hidden, Hollow, Honest, Last, Lonely, Lost, "
    "Narrow, Northern, Patient, Quiet, Restless, Secret, Silent, Silver, Sleepless, Stolen, "
    "Stubborn, Sudden, Tender, Velvet, Wandering, Wild, Winding"
)
THINGS = words(
    "Afternoon, Anchor, Bakery, Bridge, Cartographer, Clockmaker, Comet, Courier, Daughter, "
    "Detective, Echo, Ferry, Garden, Ghost, Harbour, Horizon, Island, Journey, Kingdom, Lantern, "
    "Letter, Lighthouse, Machine, Mirror, Mountain, Neighbour, Orchard, Orchestra, Painter, "
    "Passenger, Promise, Railway, River, Season, Signal, Stranger, Summer, Tide, Voyage, Witness"
)
PLACES = words(
    "the Bay, the Border, the Capital, the Desert, the Harvest, the Long Night, the Moon, "
    "the North, the Old Town, the Other Side, the Rain, the South, the Storm, the Valley, "
    "the Winter, Tomorrow"
)
LANGUAGES = ("en", "en", "en", "en", "es", "fr", "de", "it", "ja", "ko", "hi", "pt", "sv", "tr")
STATUSES = ("Returning Series", "Ended", "Ended", "Canceled")
FIRST_DAY, LAST_DAY = date(1950, 1, 1).toordinal(), date(2025, 12, 31).toordinal()
FIRST_MADE, LAST_MADE = (int(datetime(y, 1, 1, tzinfo=UTC).timestamp()) for y in (2020, 2026))

Row = tuple[Any, ...]
T = TypeVar("T")


class Disturbed(Exception):
    """Somebody deleted what was about to be used."""


@dataclass(frozen=True)
class Lists:
    """How many people, how much is on the list of each, and on that of one person more."""

    users: int
    items_per_user: int
    longest: int = 0

    @property
    def people(self) -> int:
        return self.users + bool(self.longest)

    @property
    def items(self) -> int:
        return self.users * self.items_per_user + self.longest

    @property
    def titles(self) -> int:
        """So many there must be: a list holds none twice."""
        return max(self.items_per_user if self.users else 0, self.longest)

    def batches(self) -> list[range]:
        """The users, cut so that no transaction is long."""
        by_items, by_people = self.items // ITEMS_AT_ONCE, self.people // PEOPLE_AT_ONCE
        return cut(self.users, max(by_items, by_people) + 1)


@dataclass(frozen=True)
class Batch:
    """What one transaction made: each person with their sign-in, and how many list rows."""

    people: list[tuple[int, int]]
    items: int


def cut(amount: int, parts: int) -> list[range]:
    """0 to `amount` in equal parts."""
    return [range(i * amount // parts, (i + 1) * amount // parts) for i in range(parts)]


def dice(seed: int, what: str) -> Random:
    return Random(f"{seed} {what}")  # noqa: S311


# --- titles ------------------------------------------------------------------


def make_titles(model: type[Title], amount: int, seed: int) -> Iterator[int]:
    """Yields how many each transaction made."""
    rng = dice(seed, model.__name__)
    names, row = (MOVIE, movie_row) if model is Movie else (SHOW, show_row)
    genres = genre_ids() if amount else []
    for batch in cut(amount, amount // TITLES_AT_ONCE + 1):
        with transaction.atomic():
            ids = reserve(model, len(batch))
            # First, so that the database finds them when it writes a title.
            filed = ((pk, genre) for pk in ids for genre in rng.sample(genres, rng.randint(1, 4)))
            through: type[Model] = model.genres.through
            put(through, (str(model._meta.model_name), "genre"), filed)
            put(model, names, (row(rng, pk) for pk in ids))
        yield len(batch)


def genre_ids() -> list[int]:
    """Those that are there, and the fixtures' if that is not enough."""
    if Genre.objects.count() < 4:
        with transaction.atomic():
            for entry in read("genres.json"):
                add_genre(entry)
    return list(Genre.objects.order_by("pk").values_list("pk", flat=True))


def movie_row(rng: Random, pk: int) -> Row:
    row, _ = title_row(rng, pk)
    return (*row, f"Director {rng.randint(1, 5000)}", rng.randint(70, 200))


def show_row(rng: Random, pk: int) -> Row:
    row, day = title_row(rng, pk)
    seasons = 1 + int(12 * rng.random() ** 2)
    last = day and date.fromordinal(day + rng.randint(0, 365 * seasons)).isoformat()
    creators = f'["Creator {rng.randint(1, 5000)}"]'
    return (*row, creators, seasons, seasons * rng.randint(6, 22), rng.choice(STATUSES), last)


def title_row(rng: Random, pk: int) -> tuple[Row, int | None]:
    """In the database's own words, which are the same for both; and the day of its release."""
    name = title_name(rng)
    day = rng.randint(FIRST_DAY, LAST_DAY) if rng.random() > 0.02 else None
    released = date.fromordinal(day) if day else None
    # Few are known, many are not.
    popularity = round(500 * rng.random() ** 4, 4)
    rating = min(10.0, max(0.5, round(rng.gauss(6.3, 1.3), 1))) if rng.random() > 0.05 else None
    made = datetime.fromtimestamp(rng.randrange(FIRST_MADE, LAST_MADE), UTC)
    clock = made.strftime("%Y-%m-%d %H:%M:%S")
    outside = (f"/{rng.getrandbits(64):016x}.jpg", f"/{rng.getrandbits(64):016x}.jpg", rating)
    known = (int(popularity * 40) if rating else 0, popularity, True, clock, clock)
    language = rng.choice(LANGUAGES)
    released_in = (released.isoformat(), released.year) if released else (None, None)
    return (pk, name, name, overview(rng), language, *released_in, *outside, *known), day


def title_name(rng: Random) -> str:
    quality, thing, place = rng.choice(QUALITIES), rng.choice(THINGS), rng.choice(PLACES)
    shapes = (
        f"The {quality} {thing}",
        f"{quality} {thing}",
        f"The {thing} of {place}",
        f"{quality} {thing} of {place}",
    )
    return rng.choice(shapes)


def overview(rng: Random) -> str:
    first, other, lost = rng.sample(THINGS, 3)
    return (
        f"In {rng.choice(PLACES)}, a {rng.choice(QUALITIES).lower()} {first.lower()} leads to the "
        f"{rng.choice(QUALITIES).lower()} {other.lower()} that nobody was meant to find, and what "
        f"was a {lost.lower()} becomes the one thing worth staying for."
    )


# --- people and their lists --------------------------------------------------


@dataclass(frozen=True)
class Charts:
    """What lists are filled from: `(content_type, content_id, note)`, the best known first."""

    titles: list[Row]
    there: dict[type[Title], tuple[int, int]]

    @classmethod
    @transaction.atomic
    def read(cls) -> "Charts":
        keep_titles()
        ranked = []
        for model in KINDS:
            kind = MODELS[model]
            rows = model.objects.filter(kind.addable).values_list("popularity", "pk")
            ranked += [(-popularity, kind.content_type.pk, pk) for popularity, pk in rows]
        ranked.sort()
        last = {model: model.objects.aggregate(pk=Max("pk"))["pk"] or 0 for model in KINDS}
        there = {model: (last[model], model.objects.count()) for model in KINDS}
        return cls([(type_id, pk, "") for _, type_id, pk in ranked], there)

    def hold(self) -> None:
        """None of them goes until the transaction ends. Raises Disturbed if one is gone."""
        keep_titles()
        for model, (last, count) in self.there.items():
            if model.objects.filter(pk__lte=last).count() != count:
                raise Disturbed

    def pick(self, rng: Random, amount: int) -> list[Row]:
        """Distinct titles; one of rank r is picked in proportion to r ** -2/3, so that few are on
        many lists and many on few."""
        titles = len(self.titles)
        if amount * 4 > titles:
            # Drawing until they are distinct would take long: whose clock rings first.
            rings = [rng.expovariate(1) * (rank + 1) ** (2 / 3) for rank in range(titles)]
            return [
                self.titles[i] for i in heapq.nsmallest(amount, range(titles), rings.__getitem__)
            ]
        ranks: set[int] = set()
        while len(ranks) < amount:
            ranks.add(int(titles * rng.random() ** 3))
        return [self.titles[rank] for rank in ranks]


def keep_titles() -> None:
    """Nobody adds, changes or deletes titles until the transaction ends."""
    if connection.vendor == "postgresql":
        tables = ", ".join(quoted(model._meta.db_table) for model in KINDS)
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {tables} IN SHARE MODE")


def count_titles() -> int:
    """How many may be put on a list now."""
    return sum(model.objects.filter(MODELS[model].addable).count() for model in KINDS)


def make_people(lists: Lists, seed: int) -> Iterator[Batch]:
    """Yields what each transaction made. The first person has the longest list, if one is wanted.

    A transaction writes in rounds, an item of each person: neighbours in the table are of different
    people, as they are in life, and the indexes by person are filled in their order.
    """
    rng, charts = dice(seed, "people"), Charts.read()
    devotee: list[tuple[int, int]] = []
    if lists.longest:
        with transaction.atomic():
            devotee = make_accounts(rng, 1)
        yield Batch(devotee, 0)
    draws = ahead(draw(dice(seed, "lists"), charts, lists))
    for users, drawn in zip(lists.batches(), draws, strict=True):
        with transaction.atomic():
            charts.hold()
            still_there(devotee)
            people = make_accounts(rng, len(users))
            owners = [pk for pk, _ in (*people, *devotee)]
            with keys_vouched_for():
                put(MyListItem, ITEM, ((owners[who], *title) for who, title in drawn))
        yield Batch(people, len(drawn))


def draw(rng: Random, charts: Charts, lists: Lists) -> Iterator[list[tuple[int, Row]]]:
    """For each batch, round by round: whose of its people, and a title. The last of them all has a
    share of the longest list, spread over the rounds."""
    batches, rest = lists.batches(), charts.pick(rng, lists.longest)
    for part, users in enumerate(batches):
        drawn = [
            (place + who / len(users), who, title)
            for who in range(len(users))
            for place, title in enumerate(shuffled(rng, charts.pick(rng, lists.items_per_user)))
        ]
        rounds = lists.items_per_user * bool(users)
        drawn += [
            (rng.random() * rounds, len(users), title) for title in rest[part :: len(batches)]
        ]
        drawn.sort(key=itemgetter(0))
        yield [(who, title) for _, who, title in drawn]


def shuffled(rng: Random, rows: list[Row]) -> list[Row]:
    rng.shuffle(rows)
    return rows


def ahead(steps: Iterator[T]) -> Iterator[T]:
    """The same, each made by a thread while the one before is in use."""
    with ThreadPoolExecutor(1) as worker:
        coming = worker.submit(next, steps, None)
        while (step := coming.result()) is not None:
            coming = worker.submit(next, steps, None)
            yield step


def make_accounts(rng: Random, amount: int) -> list[tuple[int, int]]:
    """People with unusable passwords, and a sign-in for each: their ids. The address is made of
    the id, so that it is free however often this runs."""
    people, sign_ins = reserve(User, amount), reserve(SignIn, amount)
    stamps = [rng.getrandbits(62) for _ in people]
    marks = [f"{rng.getrandbits(128):032x}" for _ in people]
    put(User, PERSON, map(person_row, people, marks, stamps))
    now = timezone.now()
    clock = [at.strftime("%Y-%m-%d %H:%M:%S") for at in (now, now + SIGNED_IN_FOR)]
    columns = zip(sign_ins, people, stamps, marks, strict=True)
    put(SignIn, SIGN_IN, ((*columns_of, "seed_scale", *clock) for columns_of in columns))
    return list(zip(people, sign_ins, strict=True))


def person_row(pk: int, mark: str, stamp: int) -> Row:
    password = f"{UNUSABLE_PASSWORD_PREFIX}{mark}"
    return pk, password, False, f"person{pk}@example.invalid", f"Person {pk}", False, True, stamp


def still_there(people: list[tuple[int, int]]) -> None:
    """Lock each and their list, as every writer does. Raises Disturbed for who is gone."""
    for pk, _ in people:
        try:
            MyList.locked(User(pk=pk))
        except MyList.DoesNotExist:
            raise Disturbed from None


# --- the database ------------------------------------------------------------


def quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def reserve(model: type[Model], amount: int) -> list[int]:
    """Ids that nobody else gets. SQLite's transactions write alone; PostgreSQL's sequence also
    knows of those that are rolled back."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval((SELECT pg_get_serial_sequence(%s, 'id')::regclass))"
                " FROM generate_series(1, %s)",
                [quoted(table), amount],
            )
            return [pk for (pk,) in cursor.fetchall()]
        cursor.execute("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = %s", [table])
        (last,) = cursor.fetchone()
        return list(range(last + 1, last + amount + 1))


def column_of(model: type[Model], name: str) -> str:
    return str(cast("Field[Any, Any]", model._meta.get_field(name)).column)


def put(model: type[Model], names: Iterable[str], rows: Iterable[Row]) -> None:
    """Insert rows: one COPY, or one statement that is run for each."""
    columns = [quoted(column_of(model, name)) for name in names]
    target = f"{quoted(model._meta.db_table)} ({', '.join(columns)})"
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {target} VALUES ({marks})", list(rows))  # noqa: S608
            return
        with connection.wrap_database_errors, cursor.copy(f"COPY {target} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


@contextmanager
def keys_vouched_for() -> Iterator[None]:
    """PostgreSQL looks up neither person nor content type of items that are put in here, which is
    half the time of a COPY. Only for people whom this transaction made or has locked.

    Switching the look-up off takes a superuser; anybody else's COPY is checked row by row. Others
    wait to write lists, and the switch is undone with the transaction if this is killed.
    """
    with connection.cursor() as cursor:
        triggers = foreign_key_triggers(cursor) if connection.vendor == "postgresql" else []
        if triggers:
            types = [MODELS[model].content_type.pk for model in KINDS]
            list(ContentType.objects.select_for_update(no_key=True).filter(pk__in=types))
            # A table with checks still to be made cannot be altered: make them.
            for when in ("IMMEDIATE", "DEFERRED"):
                cursor.execute(f"SET CONSTRAINTS ALL {when}")
        switch(cursor, "DISABLE", triggers)
        yield
        switch(cursor, "ENABLE", triggers)


def foreign_key_triggers(cursor: Any) -> list[str]:
    cursor.execute(
        "SELECT t.tgname FROM pg_trigger t JOIN pg_constraint c ON c.oid = t.tgconstraint"
        " WHERE t.tgrelid = %s::regclass AND c.conrelid = t.tgrelid AND c.contype = 'f'"
        " AND current_setting('is_superuser') = 'on'",
        [quoted(MyListItem._meta.db_table)],
    )
    return [name for (name,) in cursor.fetchall()]


def switch(cursor: Any, how: str, triggers: list[str]) -> None:
    for name in triggers:
        table = quoted(MyListItem._meta.db_table)
        cursor.execute(f"ALTER TABLE {table} {how} TRIGGER {quoted(name)}")


def settle() -> bool:
    """Let PostgreSQL's planner know how much there is, and which pages all can see."""
    if connection.vendor != "postgresql":
        return False
    written: list[type[Model]] = [*KINDS, User, SignIn, MyList, KindCount, MyListItem]
    written += [model.genres.through for model in KINDS]
    tables = ", ".join(quoted(model._meta.db_table) for model in written)
    # Within a transaction, as in tests, there is no VACUUM.
    how = "ANALYZE" if connection.in_atomic_block else "VACUUM (ANALYZE)"
    with connection.cursor() as cursor:
        cursor.execute(f"{how} {tables}")
    return True
