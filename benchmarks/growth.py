"""What a page costs when lists and tables grow: pages of 10, from the database, never cached."""

import itertools
import json
from contextlib import ExitStack
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from benchmarks import buffers, data, load, rounds, servers
from benchmarks.buffers import Buffers
from benchmarks.figures import Row
from benchmarks.load import Load
from benchmarks.rounds import Entry, Round, Spread
from benchmarks.servers import LIST_PATH, Server
from benchmarks.stage import Stage

# The shortest list has no more, and what is compared must be equal.
PAGE = 10
STRIDE = 100
CONNECTIONS = 2
SECONDS = 2
TURNS = 3
# "The same" is within 20 %.
SAME = 1.2
numbers = itertools.count()


@dataclass
class Table:
    """A database with so many list rows."""

    rows: int
    database: str
    people: data.People


@dataclass
class Point:
    """The cost of a page: of a list that long, from that item on, in a table that large."""

    rows: int
    length: int
    item: int
    kept: list[Round]

    @property
    def cost(self) -> Spread | None:
        return Spread.of([r.app_ms + r.postgres_ms for r in self.kept if not r.fault])

    @property
    def p99(self) -> Spread | None:
        return Spread.of([r.p99_ms for r in self.kept if not r.fault])


def tables(stage: Stage) -> list[Table]:
    """The one that all other figures use, and made for this: smaller and, if asked for, larger."""
    sizes = stage.options.sizes
    here = urlsplit(stage.services.database_url).path.strip("/")
    wanted = [sizes.rows // 10] + ([sizes.rows * 10] if stage.options.full else [])
    found = [Table(sizes.rows, here, stage.people)]
    for rows in wanted:
        name = f"rows_{rows}"
        stage.say(f"  making a table of about {rows:,} list rows")
        data.created(stage.services.database_url, name)
        url = stage.services.database(name)
        found.append(Table(rows, name, data.filled(url, sizes.of_rows(rows), stage.secret)))
    return sorted(found, key=lambda table: table.rows)


def buffers_of(stage: Stage, made: list[Table]) -> list[Buffers]:
    return [
        each
        for table in made
        for each in buffers.measured(
            stage.services, table.database, table.rows, stage.secret, table.people
        )
    ]


def costs(stage: Stage, made: list[Table]) -> list[Point]:
    """Rounds of all lengths and tables in turn, and of the longest list at several depths."""
    with ExitStack() as stack:
        points, entries = [], []
        for table in made:
            server = stack.enter_context(
                servers.started(
                    "uncached",
                    stage.services,
                    stage.secret,
                    table.people,
                    stage.services.database(table.database),
                )
            )
            for length, item, path, token in places(
                server, table, deep=table.people is stage.people
            ):
                points.append(Point(table.rows, length, item, []))
                entries.append(entry(stage, server, path, token))
        arena = replace(stage.arena, seconds=min(SECONDS, stage.arena.seconds))
        for turn in rounds.turns(arena, entries, TURNS, stage.say):
            for point, each in zip(points, turn, strict=True):
                point.kept.append(each)
    return points


def places(server: Server, table: Table, *, deep: bool) -> list[tuple[int, int, str, str]]:
    """Length of the list, number of the page's first item, path, whose."""
    first = f"{LIST_PATH}?page_size={PAGE}"
    found = [(length, 1, first, token) for length, token in table.people.of_length.items()]
    if deep:
        length, token = max(table.people.of_length.items())
        depths = [10**n for n in range(2, 9) if 10**n < length] + [length - PAGE]
        paths = walked(server, token, depths)
        found += [(length, depth + 1, paths[depth], token) for depth in depths]
    return found


def walked(server: Server, token: str, depths: list[int]) -> dict[int, str]:
    """The paths of the pages that begin behind so many items, by following `next`."""
    found, path, at = {}, LIST_PATH, 0
    while at < max(depths):
        step = next_step(at, depths)
        path = page_of(path, step)
        following = json.loads(server.ask(token, path)[2])["next"]
        path, at = following.removeprefix(server.address), at + step
        if at in depths:
            found[at] = page_of(path, PAGE)
    return found


def next_step(at: int, depths: list[int]) -> int:
    ahead = min(depth for depth in depths if depth > at) - at
    return min(STRIDE, ahead)


def page_of(path: str, size: int) -> str:
    """The same place with another number of items."""
    bare, _, query = path.partition("?")
    words = [word for word in query.split("&") if word and not word.startswith("page_size=")]
    return f"{bare}?{'&'.join([*words, f'page_size={size}'])}"


def entry(stage: Stage, server: Server, path: str, token: str) -> Entry:
    one = data.People({0: token})
    crowd = load.crowd(one, stage.services.directory, f"one-{next(numbers)}")
    return Entry(server, Load("read", CONNECTIONS, path), crowd=crowd)


def rows(points: list[Point], counted: list[Buffers]) -> list[Row]:
    """What of it stands in the table."""
    found = [buffer_row(counted)] if counted else []
    if points:
        found += [
            depth_row(points),
            *(row for row in (length_row(points), table_row(points)) if row),
        ]
    return found


def buffer_row(counted: list[Buffers]) -> Row:
    spread = Spread.of([each.page for each in counted])
    worst = max(each.page for each in counted)
    return Row(
        "buffers",
        "shared buffers of a page query, any list length, any table size (the most)",
        "uncached",
        100,
        60,
        Spread(worst, spread.least, spread.most, spread.rounds),
        unit="buffers",
        note=f"with sign-in and count {max(each.all for each in counted)}",
    )


def depth_row(points: list[Point]) -> Row:
    longest = max(points, key=lambda p: (p.item, p.length))
    same = [p for p in points if (p.rows, p.length) == (longest.rows, longest.length)]
    title = f"page at item {longest.item:,}, CPU with PostgreSQL's / at item 1"
    return compared("depth", title, longest, min(same, key=lambda p: p.item))


def length_row(points: list[Point]) -> Row:
    rows = max((p for p in points), key=lambda p: (p.length, -p.rows)).rows
    first = [p for p in points if p.item == 1 and p.rows == rows]
    short, long = min(first, key=lambda p: p.length), max(first, key=lambda p: p.length)
    title = f"list of {long.length:,}, CPU with PostgreSQL's / list of {short.length:,}"
    return compared("length", title, long, short)


def table_row(points: list[Point]) -> Row | None:
    small, large = min(p.rows for p in points), max(p.rows for p in points)
    if small == large:
        return None
    lengths = {p.length for p in points if p.rows == small}
    length = sorted(lengths)[len(lengths) // 2]
    first = {p.rows: p for p in points if p.item == 1 and p.length == length}
    title = f"table of {large:,} rows, CPU with PostgreSQL's / of {small:,}"
    return compared("table", title, first[large], first[small])


def compared(name: str, title: str, subject: Point, yardstick: Point) -> Row:
    pairs = zip(subject.kept, yardstick.kept, strict=True)
    sound = [
        (a.app_ms + a.postgres_ms) / (b.app_ms + b.postgres_ms)
        for a, b in pairs
        if not a.fault and not b.fault
    ]
    return Row(
        name,
        title,
        "uncached",
        SAME,
        None,
        Spread.of(sound),
        subject.cost.median if subject.cost else None,
        yardstick.cost.median if yardstick.cost else None,
    )
