"""A run, judged: what the table shows, and the part of the history around what is wrong."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf

from benchmarks.faults import cards
from benchmarks.faults.histories import Event, Operation, Record, Sighting, Wrong
from benchmarks.faults.linearizability import Finding, Violation, judge
from benchmarks.faults.lists import (
    Added,
    Gone,
    State,
    ids_told,
    unsure_of,
    with_ids,
)

# Seconds of history that are shown before an answer that is wrong.
BEFORE = 1.0
# How long after its call a write of unknown outcome may tear a count, in seconds.
LATE = 5.0
# What must not be. A torn count is told only: see `kind_of_count`.
MUST_BE_ZERO = ("5xx", "unexpected", "stale", "lost", "doubled")


@dataclass
class Verdict:
    wrong: Counter[str] = field(default_factory=Counter)
    # One text for each thing that is wrong.
    windows: list[str] = field(default_factory=list)
    whole: int = 0
    by_title: int = 0
    unjudged: int = 0

    @property
    def good(self) -> bool:
        return not any(self.wrong[kind] for kind in MUST_BE_ZERO)

    def add(self, kind: str, window: str) -> None:
        self.wrong[kind] += 1
        self.windows.append(f"{kind.upper()}\n{window}\n")


def judged(
    record: Record, versions: cards.Versions, gone: dict[str, Event], events: list[Event]
) -> Verdict:
    verdict = Verdict()
    for person, operations in by_person(record.operations).items():
        history = prepared(person, operations, gone)
        take_in(verdict, judge(history), history, events)
    for sighting in cards.stale(versions, record.sightings):
        verdict.add("stale", told_of_card(sighting, versions, events))
    writes = [each for each in record.operations if each.effect.alters]
    for wrong in record.wrong:
        kind = kind_of_count(wrong, writes, gone) if wrong.kind == "count" else wrong.kind
        verdict.add(kind, f"  {line(wrong.event)}, person {wrong.person}")
    return verdict


def by_person(operations: Iterable[Operation]) -> dict[int, list[Operation]]:
    people: dict[int, list[Operation]] = defaultdict(list)
    for operation in operations:
        people[operation.person].append(operation)
    return people


def take_in(
    verdict: Verdict, finding: Finding, history: list[Operation], events: list[Event]
) -> None:
    verdict.whole += finding.whole
    verdict.by_title += not finding.whole
    verdict.unjudged += len(finding.unjudged)
    for violation in finding.violations:
        verdict.add(name_of(violation), told(violation, history, events))


def name_of(violation: Violation) -> str:
    """Lost: the database has forgotten, or brought back, what was acknowledged. Stale: it is
    right, but an answer was not."""
    return "lost" if violation.operation.surely else "stale"


# --- a history, made ready ----------------------------------------------------------


def prepared(person: int, operations: list[Operation], gone: dict[str, Event]) -> list[Operation]:
    """With the titles that staff deleted, the ids that writes of unknown outcome can have got,
    and without what a reading told of a title while it was being deleted."""
    ids = orphans(operations)
    ready = [each.with_effect(with_ids(each.effect, ids)) for each in operations]
    ready = [each for one in ready if (each := hedged(one, gone)) is not None]
    deleted = [
        Operation(person, Gone(title), event.start, event.end, event.text, "staff")
        for title, event in gone.items()
    ]
    return ready + deleted


def orphans(operations: list[Operation]) -> dict[str, set[float]]:
    """Ids that were shown, but of which no acknowledged add told, by title."""
    effects = [each.effect for each in operations]
    acknowledged = {each.id for each in effects if isinstance(each, Added)}
    ids: dict[str, set[float]] = defaultdict(set)
    for effect in effects:
        for entry in ids_told(effect):
            if entry.id not in acknowledged:
                ids[entry.title].add(entry.id)
    return ids


def hedged(operation: Operation, gone: dict[str, Event]) -> Operation | None:
    unsure = {title for title, event in gone.items() if overlap(event, operation)}
    if not unsure:
        return operation
    effect = unsure_of(operation.effect, frozenset(unsure))
    return None if effect is None else operation.with_effect(effect)


def overlap(one: Event | Operation, other: Event | Operation) -> bool:
    return one.start <= other.end and other.start <= one.end


def kind_of_count(told: Wrong, writes: list[Operation], gone: dict[str, Event]) -> str:
    """A `count` that differs from the items beside it while nothing changed is stale. While
    something did it is torn: each may have been true during the request, not at one instant."""
    mine = (each for each in writes if each.person == told.person)
    spans = [Event(each.start, min(each.end, each.start + LATE), "") for each in mine]
    meanwhile = any(overlap(told.event, each) for each in (*spans, *gone.values()))
    return "torn" if meanwhile else "stale"


# --- as text --------------------------------------------------------------------------


def moment(instant: float) -> str:
    return "open" if instant == inf else f"{instant:.4f}"


def told(violation: Violation, history: list[Operation], events: list[Event]) -> str:
    wrong = violation.operation
    around = Event(wrong.start - BEFORE, wrong.end, "")
    lines = [line(each) for each in history if each.end < inf and overlap(around, each)]
    lines += [line(each) for each in history if each.end == inf and each.start < wrong.end]
    lines += [line(each) for each in events if overlap(around, each)]
    states = [f"  could be: {listed(state)}" for state in violation.possible]
    head = f"  person {wrong.person}, this answer: {line(wrong)}"
    return "\n".join([head, *states, *(f"    {text}" for text in sorted(lines))])


def line(each: Operation | Event) -> str:
    when = f"{moment(each.start)} to {moment(each.end)}"
    if isinstance(each, Event):
        return f"{when} *** {each.text}"
    return f"{when} {each.who}: {each.text}: {each.effect}"


def listed(state: State) -> str:
    items = [f"{entry.id} {entry.title} {entry.note!r}" for entry in reversed(state.entries)]
    return ", ".join(items) or "empty"


def told_of_card(sighting: Sighting, versions: cards.Versions, events: list[Event]) -> str:
    around = Event(sighting.start - BEFORE, sighting.end, "")
    known = [
        f"    {moment(each.start)} to {moment(each.end)}: {each.shown}"
        for each in versions[sighting.of]
        if each.start <= sighting.end
    ]
    lines = [f"    {line(each)}" for each in events if overlap(around, each)]
    when = f"{moment(sighting.start)} to {moment(sighting.end)}"
    head = f"  {sighting.of} shown as {sighting.shown}: {when} {sighting.text}; its versions:"
    return "\n".join([head, *known[-5:], *lines])
