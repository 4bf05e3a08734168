"""What goes wrong during a run. Each trouble comes, lasts and is healed before the next comes."""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

import redis

from benchmarks.faults.histories import Event, clock
from benchmarks.faults.proxy import Proxy
from benchmarks.faults.servers import ROOM, Instance, PostgreSQL, Redis

# Seconds that a trouble lasts, and between two of them: some come while the product still rests
# from asking Redis (two seconds), some when it serves from the cache again.
LASTS, PEACE = (0.4, 1.6), (0.5, 3.0)


class Lines(NamedTuple):
    """What an instance reaches its servers by."""

    postgres: Proxy
    redis: Proxy


@dataclass
class Stage:
    """All that can fail."""

    postgres: PostgreSQL
    redis: Redis
    chance: random.Random
    instances: list[Instance] = field(default_factory=list)
    lines: list[Lines] = field(default_factory=list)
    # What Redis held at some time.
    old: bytes = b""


def last(stage: Stage) -> None:
    time.sleep(stage.chance.uniform(*LASTS))


def worker_killed(stage: Stage) -> None:
    stage.chance.choice(stage.instances).kill_a_worker(stage.chance)


def redis_flushed(stage: Stage) -> None:
    stage.redis.client.flushall()


def redis_hung(stage: Stage) -> None:
    """It takes connections and commands, and answers them late."""
    stage.redis.pause()
    try:
        last(stage)
    finally:
        stage.redis.resume()


def redis_paused(stage: Stage) -> None:
    """As above, by its own means."""
    for_seconds = stage.chance.uniform(*LASTS)
    stage.redis.client.client_pause(int(1000 * for_seconds))
    time.sleep(for_seconds)


def redis_restarted_empty(stage: Stage) -> None:
    restart(stage, None)


def redis_restarted_with_old_data(stage: Stage) -> None:
    restart(stage, stage.old)
    stage.old = stage.redis.saved()


def restart(stage: Stage, data: bytes | None) -> None:
    stage.redis.kill()
    time.sleep(stage.chance.uniform(0, 1))
    stage.redis.start(data)


def redis_full(stage: Stage) -> None:
    """Every write is refused; what it holds can be read."""
    client = stage.redis.client
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", 1)
    try:
        last(stage)
    finally:
        client.config_set("maxmemory", ROOM)
        client.config_set("maxmemory-policy", "allkeys-lru")


def bad_line(server: str, mode: str) -> Callable[[Stage], None]:
    """Between one instance and one server."""

    def trouble(stage: Stage) -> None:
        proxy: Proxy = getattr(stage.chance.choice(stage.lines), server)
        proxy.set(mode)
        try:
            last(stage)
        finally:
            proxy.set("open")

    return trouble


def postgres_restarted_fast(stage: Stage) -> None:
    stage.postgres.stop(signal.SIGINT)
    stage.postgres.start()


def postgres_restarted_immediate(stage: Stage) -> None:
    stage.postgres.stop(signal.SIGQUIT)
    stage.postgres.start()


KINDS: dict[str, Callable[[Stage], None]] = {
    "worker killed -9": worker_killed,
    "Redis flushed": redis_flushed,
    "Redis hung": redis_hung,
    "Redis paused": redis_paused,
    "Redis restarted empty": redis_restarted_empty,
    "Redis restarted with old data": redis_restarted_with_old_data,
    "Redis full": redis_full,
    "Redis cut off from one instance": bad_line("redis", "cut"),
    "Redis held back from one instance": bad_line("redis", "held"),
    "Redis slow for one instance": bad_line("redis", "slow"),
    "PostgreSQL restarted (fast)": postgres_restarted_fast,
    "PostgreSQL restarted (immediate)": postgres_restarted_immediate,
    "PostgreSQL cut off from one instance": bad_line("postgres", "cut"),
    "PostgreSQL held back from one instance": bad_line("postgres", "held"),
    "PostgreSQL slow for one instance": bad_line("postgres", "slow"),
}


class Troubles(threading.Thread):
    """Every kind once in a random order, then again in another one."""

    def __init__(self, stage: Stage, kinds: list[str]) -> None:
        super().__init__(name="troubles", daemon=True)
        self.stage, self.kinds = stage, kinds
        self.done: Counter[str] = Counter()
        self.events: list[Event] = []
        self.over = threading.Event()

    def run(self) -> None:
        self.over.wait(1)
        self.stage.old = self.stage.redis.saved()
        while not self.over.is_set() and self.kinds:
            self.round()

    def round(self) -> None:
        for kind in self.stage.chance.sample(self.kinds, len(self.kinds)):
            if self.over.wait(self.stage.chance.uniform(*PEACE)):
                return
            self.cause(kind)

    def cause(self, kind: str) -> None:
        start = clock()
        with suppress(redis.ConnectionError, redis.TimeoutError):
            KINDS[kind](self.stage)
        self.done[kind] += 1
        self.events.append(Event(start, clock(), kind))
