"""Whether a history could have happened in some order, one thing after another.

A history is linearizable when each operation can be given one instant between its call and its
answer, so that all the answers are right in the order of those instants (Herlihy and Wing, 1990).
The search is that of Wing and Gong (1993) with Lowe's two savings ("Testing for linearizability",
2017): it goes through calls and answers by time and places an operation only when an answer needs
it, and it keeps configurations (state of the list, operations placed already) in a set, so that no
two ways to the same one are both followed.

What is proven when nothing is found:

- `whole`: the history of a person is linearizable as that of one list, with pages, look-ups and
  writes of all its titles together. The search is complete, for these reasons:
  - What only looks is placed as soon as it fits. It changes nothing, so placing it later could
    only be harder.
  - An operation whose outcome is unknown (no answer, or a 503) may take effect at any time after
    its call, or never. One that touches a single title is tried only while an open operation
    cannot be placed because of that title: placed at another time it would either change nothing
    that anybody saw, or could be put off until it does. One that empties the list is always tried.
- `by_title`: each title by itself is linearizable as a register, with pages projected to it. That
  is necessary, not sufficient: a page could mix two instants and pass. It is the fallback for a
  person whose search outgrew `LIMIT`, and the table says for how many.

When something is found, it is certain: no order explains that answer. The search then goes on
without it; or, when the database itself gave it, from a list that agrees with it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from benchmarks.faults.histories import Operation
from benchmarks.faults.lists import EMPTY, State

LIMIT = 3000


class TooMany(Exception):
    """More configurations than are worth following."""


class Configuration(NamedTuple):
    """The list, and which of the open operations have happened."""

    state: State
    done: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Violation:
    """An answer that no order explains, and what the list could have been."""

    operation: Operation
    possible: tuple[State, ...]


@dataclass
class Search:
    operations: list[Operation]
    limit: int = LIMIT
    open: set[int] = field(default_factory=set)
    found: list[Violation] = field(default_factory=list)

    def run(self, first: State) -> list[Violation]:
        now = {Configuration(first)}
        for is_answer, index in self.events():
            if is_answer:
                now = self.answered(index, now)
            else:
                self.open.add(index)
                now = {self.settled(each) for each in now}
            if len(now) > self.limit:
                raise TooMany
        return self.found

    def events(self) -> Iterator[tuple[bool, int]]:
        """Calls and answers by time; at the same instant calls come first, which allows more."""
        times = []
        for index, operation in enumerate(self.operations):
            times.append((operation.start, False, index))
            if operation.end < inf:
                times.append((operation.end, True, index))
        return ((is_answer, index) for _, is_answer, index in sorted(times))

    def answered(self, index: int, now: set[Configuration]) -> set[Configuration]:
        after: set[Configuration] = set()
        for each in now:
            after |= self.placed(index, each)
        if not after:
            after = self.impossible(index, now)
        self.open.discard(index)
        return {each._replace(done=each.done - {index}) for each in after}

    def placed(self, index: int, start: Configuration) -> set[Configuration]:
        """Every way to let open operations happen so that this one does."""
        found: set[Configuration] = set()
        seen, waiting = {start}, [start]
        while waiting:
            each = waiting.pop()
            if index in each.done:
                found.add(each)
                continue
            fresh = set(self.nexts(each)) - seen
            seen |= fresh
            waiting += fresh
            if len(seen) > self.limit:
                raise TooMany
        return found

    def nexts(self, now: Configuration) -> Iterator[Configuration]:
        for index in self.candidates(now):
            for state in self.operations[index].effect.step(now.state):
                yield self.settled(now._replace(state=state, done=now.done | {index}))

    def candidates(self, now: Configuration) -> Iterator[int]:
        waiting = sorted(self.open - now.done)
        wanted = self.wanted(now.state, waiting)
        twins = set()
        for index in waiting:
            operation = self.operations[index]
            if not operation.effect.alters:
                continue
            if operation.end == inf:
                if operation.effect in twins or not concerns(operation, wanted):
                    continue
                twins.add(operation.effect)
            yield index

    def wanted(self, state: State, waiting: Iterable[int]) -> set[str]:
        """The titles that keep an open operation from being placed."""
        certain = (self.operations[index] for index in waiting)
        wants = [each.effect.wants(state) for each in certain if each.end < inf]
        return set().union(*wants)

    def settled(self, now: Configuration) -> Configuration:
        """With every look placed that fits."""
        looks = [
            index
            for index in self.open - now.done
            if not self.operations[index].effect.alters
            and self.operations[index].effect.step(now.state)
        ]
        return now._replace(done=now.done.union(looks)) if looks else now

    def impossible(self, index: int, now: set[Configuration]) -> set[Configuration]:
        operation = self.operations[index]
        self.found.append(Violation(operation, tuple({each.state for each in now})[:3]))
        if not operation.surely:
            return now
        return {each._replace(state=operation.effect.force(each.state)) for each in now}


def concerns(operation: Operation, wanted: set[str]) -> bool:
    titles = operation.effect.changes()
    return titles is None or not wanted.isdisjoint(titles)


@dataclass(frozen=True)
class Finding:
    """What became of one person's history."""

    violations: list[Violation]
    whole: bool = True
    # Titles whose search outgrew the limit even by themselves.
    unjudged: tuple[str, ...] = ()


def judge(operations: list[Operation], limit: int = LIMIT) -> Finding:
    """The whole list, which begins empty, if that can be searched; else each of its titles."""
    try:
        return Finding(Search(operations, limit).run(EMPTY))
    except TooMany:
        return by_title(operations, limit)


def by_title(operations: list[Operation], limit: int = LIMIT) -> Finding:
    violations, unjudged = [], []
    for title in sorted({each for op in operations for each in op.effect.changes() or ()}):
        try:
            violations += Search(list(projected(operations, title)), limit).run(EMPTY)
        except TooMany:
            unjudged.append(title)
    return Finding(violations, False, tuple(unjudged))


def projected(operations: list[Operation], title: str) -> Iterator[Operation]:
    for operation in operations:
        if (effect := operation.effect.on(title)) is not None:
            yield operation.with_effect(effect)
