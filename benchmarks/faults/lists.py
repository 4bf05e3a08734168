"""A person's list as it is when one thing happens after another.

Each class here is one answer that the product gave: where it is possible, and what the list is
after it. The checker asks them and knows nothing of lists.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import inf
from typing import ClassVar, NamedTuple


class Entry(NamedTuple):
    """An item. `note` is None where an answer does not tell it."""

    id: float
    title: str
    note: str | None


class State(NamedTuple):
    """Entries by ascending id, and the ids that writes of unknown outcome have used up."""

    entries: tuple[Entry, ...] = ()
    used: frozenset[float] = frozenset()

    def find(self, title: str) -> Entry | None:
        return next((each for each in self.entries if each.title == title), None)

    def without(self, titles: Iterable[str]) -> "State":
        gone = set(titles)
        return self._replace(entries=tuple(e for e in self.entries if e.title not in gone))

    def with_entry(self, entry: Entry) -> "State":
        others = self.without([entry.title]).entries
        return self._replace(entries=tuple(sorted((*others, entry), key=lambda e: e.id)))


EMPTY = State()


class Effect(ABC):
    alters: ClassVar[bool] = False

    @abstractmethod
    def step(self, state: State) -> list[State]:
        """The states after it; none when it could not have been answered there."""

    @abstractmethod
    def force(self, state: State) -> State:
        """A state that agrees with it, to go on from when it was impossible."""

    @abstractmethod
    def wants(self, state: State) -> set[str]:
        """The titles that stand in its way."""

    @abstractmethod
    def on(self, title: str) -> "Effect | None":
        """What it tells of one title alone; None for nothing."""

    def changes(self) -> frozenset[str] | None:
        """The titles that it changes; None when it may be any."""
        return frozenset()


@dataclass(frozen=True)
class OfOneTitle(Effect):
    title: str

    def changes(self) -> frozenset[str]:
        return frozenset([self.title])

    def wants(self, state: State) -> set[str]:
        return set() if self.step(state) else {self.title}

    def on(self, title: str) -> Effect | None:
        return self if title == self.title else None


# --- what changes a list ------------------------------------------------------


@dataclass(frozen=True)
class Added(OfOneTitle):
    """201: it was not there, and is now, under this id."""

    id: float
    note: str
    alters: ClassVar = True

    def step(self, state: State) -> list[State]:
        return [] if state.find(self.title) else [self.force(state)]

    def force(self, state: State) -> State:
        return state.with_entry(Entry(self.id, self.title, self.note))


@dataclass(frozen=True)
class Adding(OfOneTitle):
    """An add of unknown outcome. Its item has one of `ids`, or one that nobody was ever told.

    `note` is what it would write on an item that is there; None for one that leaves it.
    """

    new_note: str
    note: str | None = None
    ids: tuple[float, ...] = ()
    alters: ClassVar = True

    def step(self, state: State) -> list[State]:
        there = state.find(self.title)
        if there is not None:
            return [] if self.note is None else [state.with_entry(there._replace(note=self.note))]
        ids = [pk for pk in self.ids if pk not in state.used]
        born = [self.born(state, pk) for pk in ids]
        return [*born, state.with_entry(Entry(inf, self.title, self.new_note))]

    def born(self, state: State, pk: float) -> State:
        state = state._replace(used=state.used | {pk})
        return state.with_entry(Entry(pk, self.title, self.new_note))

    def force(self, state: State) -> State:
        return state


@dataclass(frozen=True)
class Noted(OfOneTitle):
    """200: it was there under this id, and has this note now."""

    id: float
    note: str
    alters: ClassVar = True

    def step(self, state: State) -> list[State]:
        there = state.find(self.title)
        return [self.force(state)] if there and there.id == self.id else []

    def force(self, state: State) -> State:
        return state.with_entry(Entry(self.id, self.title, self.note))


@dataclass(frozen=True)
class Removed(OfOneTitle):
    """204: it was there, under `id` if that was asked for, and is no longer."""

    id: float | None = None
    alters: ClassVar = True

    def step(self, state: State) -> list[State]:
        there = state.find(self.title)
        fits = there is not None and self.id in (None, there.id)
        return [self.force(state)] if fits else []

    def force(self, state: State) -> State:
        return state.without([self.title])


@dataclass(frozen=True)
class Gone(OfOneTitle):
    """Staff deleted the title, and the database took it off the list if it was there."""

    alters: ClassVar = True

    def step(self, state: State) -> list[State]:
        return [self.force(state)]

    def force(self, state: State) -> State:
        return state.without([self.title])


@dataclass(frozen=True)
class Cleared(Effect):
    """204: the list was emptied."""

    alters: ClassVar = True

    def changes(self) -> None:
        return None

    def step(self, state: State) -> list[State]:
        return [self.force(state)]

    def force(self, state: State) -> State:
        return state._replace(entries=())

    def wants(self, state: State) -> set[str]:
        return set()

    def on(self, title: str) -> Effect:
        return self


# --- what only looks at it ----------------------------------------------------


@dataclass(frozen=True)
class Shown(Effect):
    """What was told of some titles: an entry for each, or None for one that is not there."""

    told: tuple[tuple[str, Entry | None], ...]

    def step(self, state: State) -> list[State]:
        return [] if self.wants(state) else [state]

    def wants(self, state: State) -> set[str]:
        return {title for title, entry in self.told if not agree(state.find(title), entry)}

    def force(self, state: State) -> State:
        for title, entry in self.told:
            state = state.without([title])
            if entry is not None:
                state = state.with_entry(entry._replace(note=entry.note or ""))
        return state

    def on(self, title: str) -> Effect | None:
        told = tuple(each for each in self.told if each[0] == title)
        return Shown(told) if told else None


@dataclass(frozen=True)
class Missing(OfOneTitle):
    """404 for an item's own id: no item of this id was there."""

    id: float

    def step(self, state: State) -> list[State]:
        return [] if any(entry.id == self.id for entry in state.entries) else [state]

    def force(self, state: State) -> State:
        return state.without([self.title])


@dataclass(frozen=True)
class Page(Effect):
    """A page, newest first: the first `size` items below the id `after`, of one `kind` or all.

    `more` tells whether others follow. `unsure` are titles that staff were deleting meanwhile: a
    page is allowed to leave them out or show them, because an item and its content are read by
    two statements and the content is gone between them.
    """

    entries: tuple[Entry, ...]
    more: bool = False
    size: int = 100
    after: float = inf
    kind: str | None = None
    unsure: frozenset[str] = frozenset()

    def step(self, state: State) -> list[State]:
        window, rest = self.window(state)
        fits = bool(rest) == self.more and self.sure(window) == self.sure(self.entries)
        return [state] if fits else []

    def window(self, state: State) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
        """What the page would show of this state, and what follows it."""
        mine = [e for e in reversed(state.entries) if e.id < self.after and self.is_of(e.title)]
        return tuple(mine[: self.size]), tuple(mine[self.size :])

    def is_of(self, title: str) -> bool:
        return self.kind is None or title.startswith(f"{self.kind}/")

    def sure(self, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        return tuple(entry for entry in entries if entry.title not in self.unsure)

    def wants(self, state: State) -> set[str]:
        if self.step(state):
            return set()
        window, rest = self.window(state)
        unlike = set(window) ^ set(self.entries)
        return {entry.title for entry in (*unlike, *(() if self.more else rest))}

    def force(self, state: State) -> State:
        window, rest = self.window(state)
        state = state.without(e.title for e in (*window, *(() if self.more else rest)))
        for entry in self.entries:
            state = state.with_entry(entry)
        return state

    def on(self, title: str) -> Effect | None:
        """That a title does not stand on a page tells something only when nothing was cut off."""
        if title in self.unsure or not self.is_of(title):
            return None
        shown = next((entry for entry in self.entries if entry.title == title), None)
        whole = self.after == inf and not self.more
        return Shown(((title, shown),)) if shown or whole else None


def agree(entry: Entry | None, told: Entry | None) -> bool:
    if entry is None or told is None:
        return entry is told
    return entry.id == told.id and told.note in (None, entry.note)


def with_ids(effect: Effect, ids: dict[str, set[float]]) -> Effect:
    """An add of unknown outcome learns which ids its item may have got."""
    if isinstance(effect, Adding):
        return replace(effect, ids=tuple(sorted(ids.get(effect.title, ()))))
    return effect


def unsure_of(effect: Effect, titles: frozenset[str]) -> Effect | None:
    """What remains of a reading when nothing is asked about these titles; None for nothing."""
    if isinstance(effect, Page):
        return replace(effect, unsure=titles)
    if isinstance(effect, Shown):
        told = tuple(each for each in effect.told if each[0] not in titles)
        return Shown(told) if told else None
    return effect


def ids_told(effect: Effect) -> list[Entry]:
    """The entries that an answer shows, whoever made them."""
    if isinstance(effect, Page):
        return list(effect.entries)
    if isinstance(effect, Shown):
        return [entry for _, entry in effect.told if entry is not None]
    if isinstance(effect, Noted):
        return [Entry(effect.id, effect.title, effect.note)]
    return []
