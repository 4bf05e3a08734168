"""python -m benchmarks: what a request costs, beside yardsticks. See benchmarks/README.md."""

import argparse
import signal
import sys
from contextlib import ExitStack
from typing import Any

from benchmarks import data, endurance, figures, growth, load, plots, report, servers, services
from benchmarks.data import Sizes
from benchmarks.figures import FIGURES
from benchmarks.report import ROOT, Results
from benchmarks.rounds import Arena
from benchmarks.servers import DOORS
from benchmarks.stage import Options, Stage

MORE = ("p99", "concurrency", "memory", "buffers", "growth")
NAMES = (*(figure.name for figure in FIGURES), *MORE)
CONNECTIONS = (1, 2, 4, 8, 16, 32, 64, 128)
MEMORY_REQUESTS, QUICK_REQUESTS = 100_000, 5_000
# Where a run goes that is not the whole: what is published is one run.
PARTIAL = ROOT / "var" / "bench"
WHOLE = ROOT / "benchmarks" / "results"


def main(words: list[str]) -> None:
    signal.signal(signal.SIGTERM, lambda signum, frame: sys.exit(128 + signum))
    asked = arguments(words)
    services.require_programs()
    options = options_of(asked)
    with services.started() as running, ExitStack() as stack:
        say("seeding")
        stage = set_up(running, options, stack)
        results = Results(report.machine(running.versions()), options)
        measure(stage, results, asked.only)
    folder = PARTIAL if asked.quick or len(asked.only) < len(NAMES) else WHOLE
    results.written(folder)
    plots.drawn(results, folder)
    print(results.text())
    say(f"written to {folder.relative_to(ROOT)}")


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", type=listed(NAMES), default=NAMES, help=", ".join(NAMES))
    parser.add_argument("--servers", type=listed(DOORS), default=DOORS, help=", ".join(DOORS))
    parser.add_argument("--quick", action="store_true", help="little data, short rounds")
    parser.add_argument("--full", action="store_true", help="also a table of ten times the rows")
    parser.add_argument("--turns", type=int, help="rounds of each server; unset: 7, quick: 3")
    parser.add_argument("--seconds", type=int, help="of a round; unset: 4, quick: 1")
    for name in ("titles", "people", "items"):
        parser.add_argument(f"--{name}", type=int, help=f"unset: {getattr(Sizes, name):,}")
    return parser.parse_args(words)


def listed(names: tuple[str, ...]) -> Any:
    """Some of the names, with commas between them."""

    def parse(text: str) -> tuple[str, ...]:
        if unknown := set(text.split(",")) - set(names):
            raise argparse.ArgumentTypeError(f"{unknown} are none of {', '.join(names)}")
        return tuple(text.split(","))

    return parse


def options_of(asked: argparse.Namespace) -> Options:
    usual = Sizes(2_000, 1_000, 50, (10, 100, 1_000)) if asked.quick else Sizes()
    sizes = Sizes(
        asked.titles or usual.titles,
        asked.people or usual.people,
        asked.items or usual.items,
        usual.lengths,
    )
    turns, seconds = (3, 1) if asked.quick else (7, 4)
    return Options(
        asked.servers,
        sizes,
        asked.seconds or seconds,
        asked.turns or turns,
        asked.quick,
        asked.full,
    )


def set_up(running: services.Services, options: Options, stack: ExitStack) -> Stage:
    secret = data.new_secret()
    people = data.filled(running.database_url, options.sizes, secret)
    crowd = load.crowd(people, running.directory, "everybody")
    with servers.started("uncached", running, secret, people) as server:
        page_bytes = len(server.ask(people.tokens[0])[2])
    arena = Arena(running, crowd, options.seconds, page_bytes)
    return Stage(running, secret, people, options, arena, stack, say)


def measure(stage: Stage, results: Results, only: tuple[str, ...]) -> None:
    for figure in FIGURES:
        if figure.name in only:
            say(figure.title)
            rows, results.rounds[figure.name] = figures.measured(stage, figure)
            results.rows += rows
            for row in rows:
                say("  " + report.line(row))
    for name, step in (
        ("p99", half_loads),
        ("concurrency", concurrency),
        ("memory", memory),
    ):
        if name in only:
            say(name)
            step(stage, results)
    if "buffers" in only or "growth" in only:
        grow(stage, results, only)


def half_loads(stage: Stage, results: Results) -> None:
    names = [*stage.options.servers, "fastapi"]
    for name, what in ((name, what) for what in ("hit", "miss") for name in names):
        results.half_loads.append(endurance.half_load(stage, name, what))
    ours = [each for each in results.half_loads if each["server"] in stage.options.servers]
    results.rows += [endurance.half_load_row(each) for each in ours]


def concurrency(stage: Stage, results: Results) -> None:
    names = [*stage.options.servers, "fastapi"]
    results.concurrency = endurance.by_concurrency(stage, names, CONNECTIONS)


def memory(stage: Stage, results: Results) -> None:
    requests = QUICK_REQUESTS if stage.options.quick else MEMORY_REQUESTS
    for name in stage.options.servers:
        results.memory.append(endurance.memory(stage, name, requests))
        results.rows += endurance.memory_rows(results.memory[-1])


def grow(stage: Stage, results: Results, only: tuple[str, ...]) -> None:
    say("buffers and growth")
    services.require_auto_explain()
    made = growth.tables(stage)
    if "buffers" in only:
        results.buffers = growth.buffers_of(stage, made)
    if "growth" in only:
        results.points = growth.costs(stage, made)
    results.rows += growth.rows(results.points, results.buffers)


def say(text: str) -> None:
    """What happens now; the table alone goes to stdout."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
