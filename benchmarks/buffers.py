"""How many of PostgreSQL's shared buffers a page's statements touch, as PostgreSQL itself tells.

auto_explain writes EXPLAIN (ANALYZE, BUFFERS) of whatever the service sends into the server's log,
so nothing here repeats, or can differ from, the service's own SQL.
"""

import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from benchmarks import servers
from benchmarks.data import People
from benchmarks.servers import Server
from benchmarks.services import Services

SETTINGS = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_buffers": "on",
    "auto_explain.log_timing": "off",
    "auto_explain.log_format": "json",
}
# PostgreSQL looks for a plan that fits all values after five uses of a statement, on each of the
# connections.
WARM, COUNTED = 60, 5
LOG_SECONDS = 0.1
PAGE_TABLES = ("mylist_mylistitem", "catalog_")


@dataclass(frozen=True)
class Buffers:
    """`page` of the statements that read items and titles, `all` with those that let somebody in
    and count."""

    rows: int
    length: int
    page: int
    all: int
    # Each statement of one request.
    statements: dict[str, int]


def measured(
    services: Services, database: str, rows: int, secret: str, people: People
) -> list[Buffers]:
    """The first page of each length of list in that database."""
    url = services.database(database)
    set_up(url, database)
    try:
        with servers.started("uncached", services, secret, people, database_url=url) as server:
            for token in people.of_length.values():
                warm(server, token)
            found = [
                of_list(services, server, rows, length, token)
                for length, token in people.of_length.items()
            ]
    finally:
        take_down(url, database)
    return found


def set_up(url: str, database: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for name, value in SETTINGS.items():
            connection.execute(f"ALTER DATABASE {database} SET {name} = '{value}'")


def take_down(url: str, database: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {database} RESET ALL")


def warm(server: Server, token: str) -> None:
    for _ in range(WARM):
        server.ask(token)


def of_list(services: Services, server: Server, rows: int, length: int, token: str) -> Buffers:
    counted = [of_request(services, server, token) for _ in range(COUNTED)]
    page = statistics.median(sum(of_page(each).values()) for each in counted)
    everything = statistics.median(sum(each.values()) for each in counted)
    return Buffers(rows, length, round(page), round(everything), counted[-1])


def of_request(services: Services, server: Server, token: str) -> dict[str, int]:
    """The buffers of each statement, by its number and text."""
    start = services.postgres_log().stat().st_size
    server.ask(token)
    time.sleep(LOG_SECONDS)
    plans = list(logged(services, start))
    return {f"{n} {plan['Query Text']}": touched(plan["Plan"]) for n, plan in enumerate(plans, 1)}


def of_page(statements: dict[str, int]) -> dict[str, int]:
    """Those that read items and titles."""
    return {
        text: number
        for text, number in statements.items()
        if any(table in text for table in PAGE_TABLES)
    }


def touched(plan: dict[str, Any]) -> int:
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def logged(services: Services, start: int) -> Iterator[dict[str, Any]]:
    """The plans in PostgreSQL's log from there on: their lines begin with a tab."""
    with services.postgres_log().open("rb") as log:
        log.seek(start)
        lines = log.read().decode(errors="replace").splitlines()
    text: list[str] = []
    for line in [*lines, ""]:
        if line.startswith("\t"):
            text.append(line)
        elif text:
            yield json.loads("\n".join(text))
            text = []
