"""The figures of the table: who runs against whom, and what is compared."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import rounds
from benchmarks.load import Load
from benchmarks.rounds import Entry, Round, Spread
from benchmarks.stage import Stage

LOADS = {
    "hit": Load("read"),
    "not-modified": Load("unchanged"),
    # Redis is emptied before the round, and nobody asks twice.
    "miss": Load("once"),
    "write": Load("write"),
    "mix": Load("mix"),
}


def app(of: Round) -> float:
    return of.app_ms


def everything(of: Round) -> float:
    """What two cores are divided by to get the capacity."""
    return of.all_ms


def wall(of: Round) -> float:
    """The time each request took of a saturated machine."""
    return 1 / of.rate


@dataclass(frozen=True)
class Figure:
    """`yardstick` is a server; without one the subject is compared with its own hits.
    `capacity` figures are the yardstick's cost by the subject's: more is better."""

    name: str
    title: str
    load: str
    must: float
    aim: float
    yardstick: str | None = "fastapi"
    subject: str | None = None
    capacity: bool = False


FIGURES = (
    Figure(
        "view",
        "hit through the DRF view alone, CPU / constant-bytes Django view",
        "hit",
        2.5,
        2.0,
        "constant",
        "view",
    ),
    Figure("hit", "hit as shipped, CPU / FastAPI's hit", "hit", 0.8, 0.5),
    Figure("not-modified", "304 as shipped, CPU / hit", "not-modified", 1.0, 0.8, None),
    Figure("miss", "miss, CPU / FastAPI's miss", "miss", 1.5, 1.0),
    Figure("write", "add and remove, CPU / FastAPI's", "write", 1.4, 1.0),
    Figure(
        "mix",
        "mix of 90 % reads, 5 % adds, 5 % removes, capacity / FastAPI's",
        "mix",
        1.0,
        1.5,
        capacity=True,
    ),
)


@dataclass(frozen=True)
class Row:
    """A line of the table. `must` and `aim` are bounds that the median is held to."""

    figure: str
    title: str
    server: str
    must: float | None
    aim: float | None
    ratio: Spread | None
    subject_ms: float | None = None
    yardstick_ms: float | None = None
    subject_rate: float | None = None
    yardstick_rate: float | None = None
    capacity: bool = False
    unit: str = ""
    note: str = ""

    @property
    def verdict(self) -> str:
        if self.ratio is None:
            return "not measured"
        if self.must is None:
            return ""
        if self.reaches(self.aim):
            return "aim"
        return "must" if self.reaches(self.must) else "MISSED"

    def reaches(self, bound: float | None) -> bool:
        if bound is None or self.ratio is None:
            return False
        return self.ratio.median >= bound if self.capacity else self.ratio.median <= bound


def measured(stage: Stage, figure: Figure) -> tuple[list[Row], list[list[Round]]]:
    """Its rows, one for each door, and all its rounds."""
    names = [figure.subject] if figure.subject else list(stage.options.servers)
    entries = [entry(stage, name, figure.load) for name in names]
    against = [len(names)] * len(names)
    if figure.yardstick is None:
        entries += [entry(stage, name, "hit") for name in names]
        against = list(range(len(names), 2 * len(names)))
    else:
        entries.append(entry(stage, figure.yardstick, figure.load))
    kept = rounds.turns(stage.arena, entries, stage.options.turns, stage.say)
    pairs = zip(names, range(len(names)), against, strict=True)
    return [row for pair in pairs for row in rows(figure, kept, *pair)], kept


def rows(
    figure: Figure, kept: list[list[Round]], name: str, subject: int, yardstick: int
) -> list[Row]:
    if figure.capacity:
        return [
            row(figure, kept, name, subject, yardstick, everything, ", by CPU"),
            row(figure, kept, name, subject, yardstick, wall, ", as driven", bounded=False),
        ]
    return [row(figure, kept, name, subject, yardstick, app)]


def row(
    figure: Figure,
    kept: list[list[Round]],
    name: str,
    subject: int,
    yardstick: int,
    cost: Callable[[Round], float],
    more: str = "",
    *,
    bounded: bool = True,
) -> Row:
    pair = (yardstick, subject) if figure.capacity else (subject, yardstick)
    return Row(
        figure.name,
        figure.title + more,
        name,
        figure.must if bounded else None,
        figure.aim if bounded else None,
        rounds.ratios(kept, *pair, cost),
        rounds.middle(kept, subject, everything if figure.capacity else app),
        rounds.middle(kept, yardstick, everything if figure.capacity else app),
        rounds.middle(kept, subject, lambda of: of.rate),
        rounds.middle(kept, yardstick, lambda of: of.rate),
        figure.capacity,
        note=notes([turn[subject] for turn in kept], figure.load),
    )


def notes(of: list[Round], load: str) -> str:
    """Whether hits were hits, as Redis counts them, and what was not counted."""
    found = [each.found for each in of if each.found is not None]
    said = []
    if load == "hit" and of[0].server != "constant" and not found:
        said.append("no reads of Redis")
    if load == "hit" and found and min(found) < 0.99:
        said.append(f"only {min(found):.0%} of Redis's reads found a page")
    if thrown := sum(bool(each.fault) for each in of):
        said.append(f"{thrown} rounds thrown out")
    return "; ".join(said)


def entry(stage: Stage, name: str, load: str) -> Entry:
    """The server under that load, with what must be so before each round."""
    server = stage.server(name)
    before = {
        "hit": lambda: stage.fill(server),
        "not-modified": lambda: stage.fill(server),
        "miss": lambda: stage.forget(server),
        "write": lambda: stage.tidy(server),
        "mix": lambda: (stage.tidy(server), stage.fill(server)),
    }[load]
    crowd = stage.with_etags(server) if load == "not-modified" else None
    return Entry(server, LOADS[load], before, crowd=crowd)
