"""What is counted for Prometheus, and how it is read: by `/metrics`, for all workers together."""

import os
from collections.abc import Callable
from contextlib import suppress

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values

from api import countfiles

# Not left to the library, which decides when it is imported, maybe before there is a folder.
# Without room there this process counts for itself: too low, but requests are answered.
PID = os.getpid()
SHARED = countfiles.has_room(PID)
# Asking for the id costs a fifth of `observe`, and gunicorn has forked before it imports this.
values.ValueClass = (
    values.MultiProcessValue(lambda: PID) if SHARED else values.MutexValue  # type: ignore[no-untyped-call]
)

REGISTRY = CollectorRegistry()

REQUESTS = Counter(
    "mylist_requests",
    "Requests answered.",
    ("method", "route", "status"),
    registry=REGISTRY,
)
SECONDS = Histogram(
    "mylist_request_seconds",
    "Time to answer.",
    ("route",),
    # A hit takes less than a millisecond, a miss or a write a few, a password 50 on purpose.
    buckets=(
        0.00025,
        0.0005,
        0.001,
        0.002,
        0.003,
        0.005,
        0.0075,
        0.01,
        0.02,
        0.05,
        0.1,
        0.25,
        1,
        5,
    ),
    registry=REGISTRY,
)
PAGE_READS = Counter(
    "mylist_page_reads",
    "Pages of a list that were asked for, by what the cache said.",
    ("outcome",),
    registry=REGISTRY,
)
SAMPLES = Counter(
    "mylist_page_samples",
    "Hits that were rendered again and compared.",
    ("outcome",),
    registry=REGISTRY,
)
REDIS_FAILURES = Counter(
    "mylist_redis_failures",
    "Round trips to Redis that failed.",
    registry=REGISTRY,
)
BREAKER_OPEN = Gauge(
    "mylist_redis_breaker_open",
    "1 while a worker does not ask Redis.",
    registry=REGISTRY,
    multiprocess_mode="livemax",
)

# What is there from the start: the rate of a counter that appears with its first event misses it.
PAGE_OUTCOMES = ("hit", "miss", "not_modified", "refused", "off")
SAMPLE_OUTCOMES = ("same", "moved", "mismatch")
PAGE_READ = {outcome: PAGE_READS.labels(outcome) for outcome in PAGE_OUTCOMES}
for outcome in SAMPLE_OUTCOMES:
    SAMPLES.labels(outcome)

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
OTHER = "other"
# Far more than there are. A series is memory here and money in Prometheus, and what a client can
# vary must not make more of them.
MOST_ROUTES, MOST_SERIES = 160, 1500

Series = tuple[str, str, int]
_seen: dict[Series, tuple[Callable[[], None], Callable[[float], None]]] = {}
_routes: set[str] = set()


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count a request that was answered. 3 microseconds; never raises."""
    try:
        count, time = _seen.get((method, route, status)) or first(method, route, status)
        count()
        time(seconds)
    except Exception:
        structlog.get_logger("metrics").exception("not counted")


def first(
    method: str, route: str, status: int
) -> tuple[Callable[[], None], Callable[[float], None]]:
    series = bounded(method, route, status)
    if series not in _seen:
        _routes.add(series[1])
        count, time = REQUESTS.labels(*series), SECONDS.labels(series[1])
        _seen[series] = count.inc, time.observe
    return _seen[series]


def bounded(method: str, route: str, status: int) -> Series:
    if method not in METHODS:
        method = OTHER
    full = len(_seen) >= MOST_SERIES and (method, route, status) not in _seen
    if full or (len(_routes) >= MOST_ROUTES and route not in _routes):
        return OTHER, OTHER, status
    return method, route, status


def page() -> bytes:
    """Everything that all workers have counted, in Prometheus' text format."""
    with suppress(OSError, ValueError):
        # Also without room of its own there: figures must not jump with the worker that is asked.
        if folder := os.environ.get(countfiles.VARIABLE):
            return countfiles.read(folder)
    return generate_latest(REGISTRY)
