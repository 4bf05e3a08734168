"""Latency at half load, latency by concurrency, memory over many requests."""

import time
from typing import Any

from benchmarks import rounds
from benchmarks.figures import Row, entry
from benchmarks.rounds import Entry, Round, Spread
from benchmarks.servers import Server
from benchmarks.stage import Stage

P99_MS = 10
MEMORY_MB = 150
# As flat as two looks at a living process can be.
FLAT = 1.03
# How near to the wanted rate is near enough, and how often it is tried.
NEAR, TRIES = 0.1, 3
LONGEST_SECONDS = 300


def half_load(stage: Stage, name: str, load: str) -> dict[str, Any]:
    """Latency at half of the rate that saturates the machine, in ms: `server` as the access lines
    tell, `client` as wrk saw it, on the same cores."""
    each = entry(stage, name, load)
    full = rounds.one(stage.arena, each, warming=False).rate
    found = paced(stage, each, full / 2)
    inside = inside_ms(each.server, found)
    return {
        "server": name,
        "load": load,
        "saturating_rate": full,
        "rate": found.rate,
        "client_p50": found.p50_ms,
        "client_p99": found.p99_ms,
        "server_p50": quantile(inside, 0.50),
        "server_p99": quantile(inside, 0.99),
        "fault": found.fault,
    }


def paced(stage: Stage, each: Entry, wanted: float) -> Round:
    """A round of about that rate. wrk waits between two requests of a connection, so what the
    answers take themselves is found out by trying."""
    rate = wanted
    for _ in range(TRIES):
        slower = Entry(each.server, each.load.at(rate=rate), each.before)
        found = rounds.one(stage.arena, slower, warming=False)
        if abs(found.rate / wanted - 1) < NEAR:
            break
        rate *= wanted / found.rate
    return found


def inside_ms(server: Server, found: Round) -> list[float]:
    return sorted(float(line["ms"]) for line in server.access_lines(found.log_start))


def quantile(values: list[float], share: float) -> float | None:
    return values[min(len(values) - 1, int(len(values) * share))] if values else None


def half_load_row(found: dict[str, Any]) -> Row:
    title = f"p99 in the server at half of the saturating load, {found['load']}"
    return single("p99", title, found["server"], P99_MS, found["server_p99"], "ms", found["fault"])


def by_concurrency(stage: Stage, names: list[str], counts: tuple[int, ...]) -> list[list[Round]]:
    """Hits, for each number of connections a round of each server."""
    found = []
    for count in counts:
        each = [entry(stage, name, "hit") for name in names]
        entries = [Entry(e.server, e.load.at(connections=count), e.before) for e in each]
        found.append([rounds.one(stage.arena, e, warming=False) for e in entries])
    return found


def memory(stage: Stage, name: str, requests: int) -> dict[str, Any]:
    """MB of each worker after everybody was there once, and after so many requests more."""
    server = stage.server(name)
    stage.fill(server, anew=True)
    before, done, began = stage.memory(server), 0, time.monotonic()
    each = entry(stage, name, "mix")
    while done < requests and time.monotonic() - began < LONGEST_SECONDS:
        done += rounds.one(stage.arena, each, warming=False).requests
    return {"server": name, "requests": done, "before": before, "after": stage.memory(server)}


def memory_rows(found: dict[str, Any]) -> list[Row]:
    before, after = (max(worker["rss"] for worker in found[when]) for when in ("before", "after"))
    name, requests = found["server"], f"{found['requests']:,} requests"
    return [
        single("memory", "memory of a worker (RSS)", name, MEMORY_MB, after, "MB"),
        single("flat", f"memory after {requests} more / before", name, FLAT, after / before),
    ]


def single(
    figure: str,
    title: str,
    server: str,
    must: float,
    value: float | None,
    unit: str = "",
    note: str = "",
) -> Row:
    """A figure that was looked at once."""
    once = Spread(value, value, value, 1) if value is not None else None
    return Row(figure, title, server, must, None, once, unit=unit, note=note)
