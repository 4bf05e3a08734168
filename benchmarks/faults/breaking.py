"""Defects on purpose, by which the harness shows that it can find them: `--break`."""

import random
import threading
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from typing import Any

import psycopg

from benchmarks.faults.asking import Answer
from benchmarks.faults.histories import clock
from benchmarks.faults.lists import Added, Effect
from benchmarks.faults.people import Client

# One answer of so many is broken.
ONE_IN = 50
# How old a page that a bad cache still answers is at least, in seconds.
OLD = 0.5


class BadCache:
    """Pages by person and path, and when they were seen."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.pages: dict[Any, list[tuple[float, Answer]]] = defaultdict(list)

    def old(self, key: Any, answer: Answer) -> Answer:
        with self.lock:
            pages = self.pages[key]
            pages.append((clock(), answer))
            aged = [page for seen, page in pages if seen < clock() - OLD]
            return aged[-1] if aged else answer


class Stale(Client):
    """Sometimes gets a page from a cache that nobody invalidates."""

    cache = BadCache()

    def served(self, path: str, answer: Answer) -> Answer:
        old = self.cache.old((self.person.id, path), answer)
        return old if self.chance.randrange(ONE_IN) == 0 else answer


class Doubled(Client):
    """Sometimes gets the first item of a page twice."""

    def served(self, path: str, answer: Answer) -> Answer:
        if answer.status != 200 or not answer.body["results"] or self.chance.randrange(ONE_IN):
            return answer
        twice = [answer.body["results"][0], *answer.body["results"]]
        return replace(answer, body={**answer.body, "results": twice})


class Lost(Client):
    """Some of what was added is taken away again by nobody."""

    def write(self, effect: Effect, start: float, end: float, text: str, *, surely: bool) -> None:
        super().write(effect, start, end, text, surely=surely)
        if isinstance(effect, Added) and random.Random(text).randrange(ONE_IN // 5) == 0:
            with suppress(psycopg.Error), self.connect() as connection:
                connection.execute("DELETE FROM mylist_mylistitem WHERE id = %s", [effect.id])


CLIENTS: dict[str | None, type[Client]] = {
    None: Client,
    "stale": Stale,
    "doubled": Doubled,
    "lost": Lost,
}
