"""python -m benchmarks.faults: is the list always right, whatever fails?

Starts a PostgreSQL and a Redis of its own and two instances of the product, one for each door, each
of which reaches both through proxies of its own. Clients use lists, staff change titles, and one
thing after another fails. Then the histories are judged, see `linearizability` and `cards`. Prints
one table; exits with 1 when a figure that must be 0 is not, with the history around it in a file.
"""

import argparse
import http.client
import random
import re
import secrets
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.faults.asking import Answer, Connection, NotSent, Unanswered
from benchmarks.faults.breaking import CLIENTS
from benchmarks.faults.histories import Event, Operation, Record, Wrong, clock, merged
from benchmarks.faults.lists import Entry, Page
from benchmarks.faults.people import KINDS, WHOLE, Client, Person, Titles
from benchmarks.faults.proxy import Proxy
from benchmarks.faults.servers import (
    ROOT,
    Instance,
    PostgreSQL,
    Redis,
    environment,
    manage,
    until,
)
from benchmarks.faults.staff import PATHS, Staff
from benchmarks.faults.troubles import KINDS as TROUBLES
from benchmarks.faults.troubles import Lines, Stage, Troubles
from benchmarks.faults.verdict import MUST_BE_ZERO, Verdict, judged
from benchmarks.faults.visitors import Account, Visitor

PASSWORD, METRICS_TOKEN = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
STAFF, VISITOR = "staff@example.com", "visitor@example.com"
POOL = {"movie": 14, "tvshow": 10}
# How much of what is wrong is written down.
MOST_WINDOWS = 100
# Seconds to finish what is under way, and to recover.
PATIENCE = 30
# A token lasts for 15 minutes.
LONGEST = 600


def main(arguments: list[str]) -> int:
    options = read(arguments)
    seed = options.seed if options.seed is not None else secrets.randbelow(10**6)
    print(f"seed {seed}, {options.seconds} seconds, {options.clients} clients", flush=True)
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, lambda signum, frame: sys.exit(128 + signum))
    with stage(options, seed) as ready:
        run = Run(ready, options, seed)
        run.go()
    verdict = run.verdict()
    if run.cache[MISMATCH]:
        verdict.add("stale", f"  {run.cache[MISMATCH]} mismatches found by the product's sampler")
    print(table(run, verdict), flush=True)
    return conclude(verdict, run, options.report)


def read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--people", type=int, default=4, help="whom the clients share")
    parser.add_argument("--seed", type=int, help="orders faults and what clients do")
    parser.add_argument("--doors", nargs="+", default=["wsgi", "asgi"], choices=Instance.doors)
    parser.add_argument("--faults", nargs="*", default=list(TROUBLES), choices=TROUBLES)
    parser.add_argument(
        "--set", nargs="*", default=[], metavar="NAME=VALUE", help="for the product's environment"
    )
    parser.add_argument(
        "--break",
        dest="broken",
        nargs="?",
        const="stale",
        choices=[name for name in CLIENTS if name],
        help="a defect on purpose: the run must report it and exit with 1",
    )
    parser.add_argument("--report", type=Path, default=ROOT / "var" / "faults.txt")
    options = parser.parse_args(arguments)
    if not 1 <= options.seconds <= LONGEST:
        parser.error(f"--seconds is from 1 to {LONGEST}")
    return options


# --- what runs --------------------------------------------------------------------


@contextmanager
def stage(options: argparse.Namespace, seed: int) -> Iterator[Stage]:
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mylist-faults-")))
        postgres, redis = PostgreSQL(directory), Redis(directory)
        stack.callback(postgres.stop)
        postgres.create()
        postgres.start()
        stack.callback(redis.kill)
        redis.start()
        more = {"METRICS_TOKEN": METRICS_TOKEN}
        more |= dict(each.split("=", 1) for each in options.set)
        key = secrets.token_urlsafe(48)
        first = environment(postgres.address(postgres.port), redis.address(redis.port), key, more)
        fill(first)
        ready = Stage(postgres, redis, random.Random(seed))
        for number, door in enumerate(options.doors, 1):
            lines = Lines(Proxy(postgres.port, seed), Proxy(redis.port, seed))
            for proxy in lines:
                proxy.start()
                stack.callback(proxy.stop)
            own = first | {
                "DATABASE_URL": postgres.address(lines.postgres.port),
                "REDIS_URL": redis.address(lines.redis.port),
            }
            log = options.report.with_suffix(f".{number}-{door}.log")
            instance = Instance(door, number, log, own)
            stack.callback(instance.stop)
            instance.start()
            ready.lines.append(lines)
            ready.instances.append(instance)
        yield ready


def fill(variables: dict[str, str]) -> None:
    manage(variables, "migrate", "--verbosity", "0")
    manage(variables, "seed")
    own = variables | {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    manage(own, "createsuperuser", "--noinput", "--email", STAFF, "--name", "Staff")


class Run:
    def __init__(self, ready: Stage, options: argparse.Namespace, seed: int) -> None:
        self.ready, self.options, self.seed = ready, options, seed
        self.ports = {each.name: each.port for each in ready.instances}
        self.door = Connection(ready.instances[0].port)
        for instance in ready.instances:
            until(partial(answers, instance.port), f"gunicorn ({instance.log})")
        self.people = [self.person(number) for number in range(options.people)]
        self.titles = Titles([title for kind in KINDS for title in self.popular(kind)])
        self.staff = Staff(
            self.sign_in(STAFF), self.ports, ready.postgres.connect, self.titles, seed
        )
        self.clients = [self.client(number) for number in range(options.clients)]
        self.troubles = Troubles(ready, options.faults)
        self.visitor = Visitor(self.visitor_account(), self.ports, ready.postgres.connect, seed)
        self.last = Record()
        self.cache: Counter[str] = Counter()

    # --- before ---------------------------------------------------------------------

    def person(self, number: int) -> Person:
        email = f"person{number}@example.com"
        return Person(self.register(email), self.sign_in(email))

    def register(self, email: str) -> int:
        body = {"email": email, "name": "Somebody", "password": PASSWORD}
        pk: int = self.door.ask("POST", "/api/v1/users/", body).body["id"]
        return pk

    def visitor_account(self) -> Account:
        return Account(self.register(VISITOR), VISITOR, PASSWORD)

    def sign_in(self, email: str) -> str:
        body = {"email": email, "password": PASSWORD}
        token: str = self.door.ask("POST", "/api/v1/auth/token/", body).body["access"]
        return token

    def popular(self, kind: str) -> list[str]:
        found = self.door.ask("GET", f"{PATHS[kind]}?page_size={POOL[kind]}").body["results"]
        return [f"{kind}/{each['id']}" for each in found]

    def client(self, number: int) -> Client:
        person = self.people[number % len(self.people)]
        return CLIENTS[self.options.broken](
            f"client{number}",
            person,
            self.ports,
            self.titles,
            self.ready.postgres.connect,
            self.seed,
        )

    # --- the run --------------------------------------------------------------------

    def go(self) -> None:
        self.staff.begin()
        # The last trouble is healed before anybody else is waited for.
        threads: list[Any] = [self.troubles, *self.clients, self.staff, self.visitor]
        failures = failures_of_threads()
        try:
            for thread in threads:
                thread.start()
            time.sleep(self.options.seconds)
        finally:
            # When this is interrupted too: a trouble must not start a server after all are stopped.
            for thread in threads:
                thread.over.set()
            for thread in threads:
                thread.join(PATIENCE)
        failures += [f"{each.name} hangs" for each in threads if each.is_alive()]
        if failures:
            raise RuntimeError("\n".join(failures))
        # An instance waits for who is still connected before it stops.
        for connection in self.connections():
            connection.close()
        self.look_back()
        for port in self.ports.values():
            self.cache += page_reads(port)

    def connections(self) -> Iterator[Connection]:
        yield self.door
        yield from self.staff.connections
        for client in self.clients:
            yield from client.connections.values()

    def look_back(self) -> None:
        """Every list once more, by each instance and in the database itself."""
        for person in self.people:
            for at, port in self.ports.items():
                with closing(Connection(port, person.token)) as connection:
                    start, answer = patiently(connection)
                self.write(person, start, answer, f"{at}, at the end")
            start, rows = clock(), self.rows(person.id)
            page = Page(tuple(Entry(*row) for row in rows), size=10**6)
            self.last.operations.append(
                Operation(person.id, page, start, clock(), "by SQL", "at the end", surely=True)
            )
            titles = [title for _, title, _ in rows]
            if len(set(titles)) < len(titles):
                event = Event(start, clock(), f"by SQL: {titles}")
                self.last.wrong.append(Wrong("doubled", event, person.id))

    def write(self, person: Person, start: float, answer: Answer, who: str) -> None:
        entries = tuple(
            Entry(item["id"], f"{item['content_type']}/{item['content_id']}", item["note"])
            for item in answer.body["results"]
        )
        page = Page(entries, answer.body["next"] is not None, WHOLE)
        self.last.operations.append(Operation(person.id, page, start, clock(), "GET the list", who))

    def rows(self, person: int) -> list[Any]:
        statement = (
            "SELECT item.id, kind.model || '/' || item.content_id, item.note"
            " FROM mylist_mylistitem item JOIN django_content_type kind"
            " ON kind.id = item.content_type_id WHERE item.user_id = %s ORDER BY item.id DESC"
        )
        with self.ready.postgres.connect() as connection:
            return connection.execute(statement, [person]).fetchall()

    # --- after ------------------------------------------------------------------------

    def record(self) -> Record:
        whole = merged([*(client.record for client in self.clients), self.last])
        whole.wrong += self.staff.wrong + self.visitor.wrong
        return whole

    def events(self) -> list[Event]:
        return self.staff.events + self.troubles.events

    def verdict(self) -> Verdict:
        return judged(self.record(), self.staff.versions, self.staff.gone, self.events())


def failures_of_threads() -> list[str]:
    """Fills when they come. A client that is gone finds nothing wrong any more: that must not look
    like a good run."""
    failures: list[str] = []

    def note(failed: Any) -> None:
        failures.append("".join(traceback.format_exception(failed.exc_value)))

    threading.excepthook = note
    return failures


def answers(port: int) -> bool:
    try:
        return Connection(port).ask("GET", "/health/ready/").status == 200
    except (NotSent, Unanswered):
        return False


def patiently(connection: Connection) -> tuple[float, Answer]:
    deadline = clock() + PATIENCE
    while clock() < deadline:
        try:
            start = clock()
            answer = connection.ask("GET", f"/api/v1/mylist/?page_size={WHOLE}")
            if answer.status == 200:
                return start, answer
        except (NotSent, Unanswered):
            pass
        time.sleep(0.2)
    raise TimeoutError("an instance does not recover when all is healed")


def page_reads(port: int) -> Counter[str]:
    """What an instance counted of its page cache; nothing where it has none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        headers = {"Authorization": f"Bearer {METRICS_TOKEN}"}
        connection.request("GET", "/metrics", headers=headers)
        lines = connection.getresponse().read().decode(errors="replace").splitlines()
    finally:
        connection.close()
    found = [match for each in lines if (match := COUNTED.fullmatch(each))]
    return Counter({f"{match[1]} {match[2]}": int(float(match[3])) for match in found})


COUNTED = re.compile(r'mylist_page_(reads|samples)_total\{outcome="(\w+)"\} (\S+)')


# --- what is told -------------------------------------------------------------------


def table(run: Run, verdict: Verdict) -> str:
    record = run.record()
    asked = record.asked
    rows: list[tuple[str, int]] = [
        ("operations", asked["reads"] + asked["writes"]),
        ("  reads", asked["reads"]),
        ("  writes", asked["writes"]),
        ("changes by staff", sum(run.staff.done.values())),
        *((f"  {what}", count) for what, count in sorted(run.staff.done.items())),
        *((f"visitors {what}", count) for what, count in sorted(run.visitor.done.items())),
        ("faults", sum(run.troubles.done.values())),
        *((f"  {what}", run.troubles.done[what]) for what in run.options.faults),
        ("indeterminate", asked["503"] + asked["no answer"]),
        ("  answered with 503", asked["503"]),
        ("  no answer", asked["no answer"]),
        ("refused connections", asked["not sent"]),
        *((f"page cache: {what}", count) for what, count in sorted(run.cache.items()) if count),
        ("people whose whole list is checked", verdict.whole),
        ("people checked title by title only", verdict.by_title),
        ("titles that could not be checked", verdict.unjudged),
        ("counts of another instant than their items", verdict.wrong["torn"]),
        *((NAMES[kind], verdict.wrong[kind]) for kind in MUST_BE_ZERO),
    ]
    return "\n".join(f"{what:<44}{count:>8,}" for what, count in rows)


MISMATCH = "samples mismatch"
NAMES = {
    "5xx": "5xx that are not 503 (must be 0)",
    "unexpected": "answers against the contract (must be 0)",
    "stale": "stale reads (must be 0)",
    "lost": "lost (must be 0)",
    "doubled": "doubled (must be 0)",
}


def conclude(verdict: Verdict, run: Run, report: Path) -> int:
    report.unlink(missing_ok=True)
    if verdict.windows:
        shown = sorted(verdict.windows, key=lambda each: each.startswith("TORN"))[:MOST_WINDOWS]
        report.write_text(f"seed {run.seed}\n\n" + "\n".join(shown))
        print(f"{len(shown)} windows of the history in {report}", flush=True)
    return 0 if verdict.good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
