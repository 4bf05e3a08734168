"""Short rounds in turn, A B A B, and what a request cost in each."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import redis

from benchmarks import cpu, load
from benchmarks.load import Crowd, Load
from benchmarks.servers import Server
from benchmarks.services import Services

# What is still under way when wrk ends.
SETTLE_SECONDS = 0.2


@dataclass
class Round:
    """Milliseconds of CPU for each request: of the app's processes, PostgreSQL and Redis."""

    server: str
    load: str
    requests: int
    seconds: float
    app_ms: float
    postgres_ms: float
    redis_ms: float
    p50_ms: float
    p99_ms: float
    # Of the reads of Redis, those that found something; None when there were none.
    found: float | None
    fault: str = ""
    connections: int = 0
    log_start: int = 0

    @property
    def rate(self) -> float:
        return self.requests / self.seconds

    @property
    def all_ms(self) -> float:
        return self.app_ms + self.postgres_ms + self.redis_ms


@dataclass
class Arena:
    """Who drives, and whose CPU is counted."""

    services: Services
    crowd: Crowd
    seconds: float
    page_bytes: int

    def run(
        self,
        server: Server,
        what: Load,
        seconds: float | None = None,
        crowd: Crowd | None = None,
    ) -> Round:
        log_start, before, finds = server.log_end(), self.cpu(server), self.finds()
        result = load.wrk(server.address, what, crowd or self.crowd, seconds or self.seconds)
        time.sleep(SETTLE_SECONDS)
        after, found = self.cpu(server), self.finds()
        fault = load.fault(result, what, self.page_bytes)
        if after.keys() != before.keys():
            fault = "processes came or went"
        return Round(
            server.name,
            what.mode,
            result["requests"],
            result["seconds"],
            *spent(before, after, result["requests"]),
            result["p50_ms"],
            result["p99_ms"],
            share(found[0] - finds[0], found[1] - finds[1]),
            fault,
            what.connections,
            log_start,
        )

    def cpu(self, server: Server) -> "dict[Any, float]":
        """Seconds so far: of each process of the server, and of the two behind it."""
        each: dict[Any, float] = {pid: cpu.seconds([pid]) for pid in server.processes()}
        each["postgres"] = cpu.seconds(cpu.tree(self.services.postgres_pid))
        each["redis"] = cpu.seconds([self.services.redis_pid])
        return each

    def finds(self) -> tuple[int, int]:
        """Reads of Redis that found something, and that did not."""
        with redis.Redis.from_url(self.services.redis_url) as client:
            stats = client.info("stats")
        return stats["keyspace_hits"], stats["keyspace_misses"]

    def forget(self, server: Server) -> None:
        """Empty the server's Redis database."""
        with redis.Redis.from_url(server.store) as client:
            client.flushdb()


def spent(
    before: dict[Any, float], after: dict[Any, float], requests: int
) -> tuple[float, float, float]:
    cost = {name: after[name] - before.get(name, 0) for name in after}
    postgres, redis_ = cost.pop("postgres"), cost.pop("redis")
    each = 1000 / max(1, requests)
    return sum(cost.values()) * each, postgres * each, redis_ * each


def share(hits: int, misses: int) -> float | None:
    return hits / (hits + misses) if hits + misses else None


@dataclass(frozen=True)
class Entry:
    """One who runs in a contest. `before` is done before each round and not measured."""

    server: Server
    load: Load
    before: Callable[[], object] = lambda: None
    # Whose requests; without one, everybody's.
    crowd: Crowd | None = None


def turns(
    arena: Arena, entries: Sequence[Entry], count: int, say: Callable[[str], None]
) -> list[list[Round]]:
    """`count` times one round of each entry. The first turn warms up and is not kept."""
    kept = []
    for number in range(count + 1):
        rounds = [one(arena, entry, number == 0) for entry in entries]
        for each in rounds:
            if each.fault:
                say(f"    thrown out: {each.server} {each.load}: {each.fault}")
        if number:
            kept.append(rounds)
    return kept


def one(arena: Arena, entry: Entry, warming: bool) -> Round:
    entry.before()
    return arena.run(entry.server, entry.load, 1 if warming else None, entry.crowd)


@dataclass(frozen=True)
class Spread:
    """A middle, and how far the rounds lie apart."""

    median: float
    least: float
    most: float
    rounds: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread | None":
        if not values:
            return None
        return cls(statistics.median(values), min(values), max(values), len(values))


def ratios(
    kept: list[list[Round]], subject: int, yardstick: int, cost: Callable[[Round], float]
) -> Spread | None:
    """Of each turn, what the subject cost by what the yardstick cost."""
    pairs = [(turn[subject], turn[yardstick]) for turn in kept]
    sound = [(a, b) for a, b in pairs if not a.fault and not b.fault]
    return Spread.of([cost(a) / cost(b) for a, b in sound])


def middle(kept: list[list[Round]], which: int, value: Callable[[Round], float]) -> float | None:
    values = [value(turn[which]) for turn in kept if not turn[which].fault]
    return statistics.median(values) if values else None
