"""What was asked and answered, and when, by one clock for all."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.faults.lists import Effect

clock = time.monotonic


@dataclass(frozen=True, eq=False)
class Operation:
    """`end` is infinity when its outcome is unknown: it may happen at any time after `start`.

    `surely` marks what the database itself told: the answers of writes, and what was read by SQL.
    """

    person: int
    effect: "Effect"
    start: float
    end: float = inf
    text: str = ""
    who: str = ""
    surely: bool = False

    def with_effect(self, effect: "Effect") -> "Operation":
        return replace(self, effect=effect)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a page showed of something that staff change: a title's card, a genre's name."""

    of: str
    shown: object
    start: float
    end: float
    text: str = ""


@dataclass(frozen=True)
class Event:
    """A fault that began, or something that staff did."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Wrong:
    """An answer that is wrong by itself, and whom it was about."""

    kind: str
    event: Event
    person: int | None = None


@dataclass
class Record:
    """What one client writes down; nobody else writes here."""

    operations: list[Operation] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    wrong: list[Wrong] = field(default_factory=list)


def merged(records: Iterable[Record]) -> Record:
    whole = Record()
    for record in records:
        whole.operations += record.operations
        whole.sightings += record.sightings
        whole.asked += record.asked
        whole.wrong += record.wrong
    return whole
