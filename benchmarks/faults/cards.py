"""Whether what a title shows was true when it was shown.

Staff change one thing at a time and wait for the answer, so that the versions of a card follow one
another. For such a register it is known what linearizability takes (Lamport's atomic register with
one writer): a reading shows a version whose change had begun before it ended, none older than a
change that had been answered before it began, and none older than what a reading that ended before
it began has shown.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

from benchmarks.faults.histories import Sighting


@dataclass(frozen=True)
class Version:
    """What is shown from some instant between `start` and `end` on."""

    shown: object
    start: float = -inf
    end: float = -inf


Versions = dict[str, list[Version]]


def stale(versions: Versions, sightings: Iterable[Sighting]) -> list[Sighting]:
    """Those that were not true at any instant while they were read."""
    by_subject: dict[str, list[Sighting]] = defaultdict(list)
    for sighting in sightings:
        by_subject[sighting.of].append(sighting)
    return [
        each
        for of, seen in by_subject.items()
        if of in versions
        for each in stale_of_one(versions[of], seen)
    ]


def stale_of_one(versions: list[Version], sightings: list[Sighting]) -> list[Sighting]:
    found, floor = [], 0
    shown: dict[int, int] = {}
    ended = sorted(sightings, key=lambda each: each.end, reverse=True)
    for sighting in sorted(sightings, key=lambda each: each.start):
        while ended and ended[-1].end < sighting.start:
            floor = max(floor, shown[id(ended.pop())])
        least = max(floor, newest_answered(versions, sighting.start))
        shown[id(sighting)] = version = first_like(versions, sighting, least)
        if version < 0:
            found.append(sighting)
    return found


def newest_answered(versions: list[Version], instant: float) -> int:
    return max((k for k, version in enumerate(versions) if version.end < instant), default=0)


def first_like(versions: list[Version], sighting: Sighting, least: int) -> int:
    """The oldest version that it can have been; -1 for none."""
    for k, version in enumerate(versions[least:], least):
        if version.shown == sighting.shown and version.start <= sighting.end:
            return k
    return -1
