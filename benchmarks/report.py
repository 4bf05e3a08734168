"""The results as a table, as a file for programs, and as a file for people."""

import json
import os
import platform
import subprocess
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.buffers import Buffers
from benchmarks.figures import Row
from benchmarks.growth import Point
from benchmarks.rounds import Round, Spread
from benchmarks.stage import Options

ROOT = Path(__file__).parent.parent


@dataclass
class Results:
    machine: dict[str, Any]
    options: Options
    rows: list[Row] = field(default_factory=list)
    rounds: dict[str, list[list[Round]]] = field(default_factory=dict)
    buffers: list[Buffers] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    concurrency: list[list[Round]] = field(default_factory=list)
    half_loads: list[dict[str, Any]] = field(default_factory=list)
    memory: list[dict[str, Any]] = field(default_factory=list)

    def written(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "latest.json").write_text(json.dumps(asdict(self), indent=1) + "\n")
        (folder / "latest.md").write_text(self.text())

    def text(self) -> str:
        parts = [head(self.machine, self.options), table(self.rows)]
        parts += [half_load_table(self.half_loads)] if self.half_loads else []
        parts += [memory_table(self.memory)] if self.memory else []
        parts += [growth_table(self.points, self.buffers)] if self.points or self.buffers else []
        parts += [concurrency_table(self.concurrency)] if self.concurrency else []
        return "\n".join(parts)


def machine(versions: dict[str, str]) -> dict[str, Any]:
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "Python": platform.python_version(),
        **versions,
    }


def commit() -> str:
    """With a + when the checkout differs from it."""
    command = ["git", "describe", "--always", "--dirty=+"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return ended.stdout.strip() or "unknown"


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def head(machine: dict[str, Any], options: Options) -> str:
    sizes = options.sizes
    said = ", ".join(f"{name} {value}" for name, value in machine.items())
    return (
        f"{said}.\n\n{sizes.titles:,} titles, {sizes.people:,} people with {sizes.items} items"
        f" each and one with each of {', '.join(f'{n:,}' for n in sizes.lengths)};"
        f" {options.turns} rounds of {options.seconds:g} s each, in turn.\n"
    )


def table(rows: list[Row]) -> str:
    lines = [
        "| figure | server | must | aim | measured (least to most) | CPU ms | yardstick's | req/s"
        " | yardstick's | |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join(lines + [line(row) for row in rows]) + "\n"


def line(row: Row) -> str:
    sign = "≥" if row.capacity else "≤"
    cells = [
        row.title,
        row.server,
        f"{sign} {row.must:g}" if row.must is not None else "",
        f"{sign} {row.aim:g}" if row.aim is not None else "",
        spread(row.ratio, 0 if row.unit in ("buffers", "MB") else 2, row.unit),
        number(row.subject_ms, 3),
        number(row.yardstick_ms, 3),
        number(row.subject_rate, 0),
        number(row.yardstick_rate, 0),
        "; ".join(filter(None, [row.verdict, row.note])),
    ]
    return f"| {' | '.join(cells)} |"


def spread(found: Spread | None, digits: int, unit: str = "") -> str:
    if found is None:
        return "-"
    middle, least, most = (f"{n:.{digits}f}" for n in (found.median, found.least, found.most))
    said = f"**{middle}** {unit}".strip()
    return said if found.rounds == 1 else f"{said} ({least} to {most})"


def number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def half_load_table(found: list[dict[str, Any]]) -> str:
    lines = [
        "Latency in ms at half of the saturating load. In the server: the access"
        " lines' `ms`; from outside: as wrk sees it on the same cores.\n",
        "| server | load | req/s | of | p50 in the server | p99 in the server | p50 outside"
        " | p99 outside | |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for each in found:
        numbers = (
            "rate",
            "saturating_rate",
            "server_p50",
            "server_p99",
            "client_p50",
            "client_p99",
        )
        cells = [number(each[name], 0 if "rate" in name else 2) for name in numbers]
        lines.append(
            f"| {each['server']} | {each['load']} | {' | '.join(cells)} | {each['fault']} |"
        )
    return "\n".join(lines) + "\n"


def memory_table(found: list[dict[str, Any]]) -> str:
    lines = [
        "MB of each worker. RSS counts what workers share in full, PSS by their number.\n",
        "| server | requests between | RSS before | RSS after | PSS before | PSS after |",
        "|---|---|---|---|---|---|",
    ]
    for each in found:
        cells = [
            " + ".join(f"{worker[kind]:.0f}" for worker in each[when])
            for kind in ("rss", "pss")
            for when in ("before", "after")
        ]
        lines.append(f"| {each['server']} | {each['requests']:,} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def growth_table(points: list[Point], counted: list[Buffers]) -> str:
    buffers = {(each.rows, each.length): each for each in counted}
    costs = {(each.rows, each.length, each.item): each for each in points}
    places = sorted({*costs, *((rows, length, 1) for rows, length in buffers)})
    lines = [
        "Pages from the database: CPU (the app's and PostgreSQL's) and latency of pages of 10,"
        " shared buffers of pages of 20.\n",
        "| list rows | length | from item | CPU ms | p99 ms | buffers of the page | of all"
        " | statements |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for place in places:
        point, touched = costs.get(place), buffers.get(place[:2]) if place[2] == 1 else None
        cells = [spread(point.cost, 2), spread(point.p99, 1)] if point else ["", ""]
        cells += (
            [str(n) for n in (touched.page, touched.all, len(touched.statements))]
            if touched
            else [""] * 3
        )
        lines.append(f"| {' | '.join([f'{n:,}' for n in place] + cells)} |")
    return "\n".join(lines) + "\n"


def concurrency_table(found: list[list[Round]]) -> str:
    lines = [
        "Hits by number of connections.\n",
        "| server | connections | req/s | p50 ms | p99 ms | CPU ms | |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in sorted(
        (r for turn in found for r in turn), key=lambda r: (r.server, r.connections)
    ):
        cells = [
            number(each.rate, 0),
            number(each.p50_ms, 2),
            number(each.p99_ms, 2),
            number(each.app_ms, 3),
        ]
        lines.append(f"| {each.server} | {each.connections} | {' | '.join(cells)} | {each.fault} |")
    return "\n".join(lines) + "\n"
