"""The results as pictures: small, and readable without telling colours apart."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from benchmarks.buffers import Buffers
from benchmarks.figures import Row
from benchmarks.growth import Point
from benchmarks.report import Results
from benchmarks.rounds import Round

# Okabe and Ito's palette, and a marker for each colour.
LOOKS = (("#0072B2", "o"), ("#D55E00", "s"), ("#009E73", "^"), ("#CC79A7", "D"), ("#000000", "v"))
LABELS = {"hit": "hit", "miss": "miss", "write": "add, remove", "mix": "mix"}
mpl.rcParams |= {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    # Text stays text: the files are a third of the size.
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["Helvetica", "Arial", "DejaVu Sans"],
    # The same results make the same file.
    "svg.hashsalt": "mylist",
}


def drawn(results: Results, folder: Path) -> None:
    if any(row.figure in LABELS for row in results.rows):
        costs(results.rows, folder / "cost.svg")
    if results.points or results.buffers:
        growth(results.points, results.buffers, folder / "growth.svg")
    if results.concurrency:
        concurrency(results.concurrency, folder / "concurrency.svg")


def saved(path: Path) -> None:
    plt.savefig(path, metadata={"Date": None})
    plt.close()


def costs(rows: Sequence[Row], path: Path) -> None:
    """Bars: CPU of the app for each request, beside the yardstick's."""
    _, axes = plt.subplots(figsize=(6.4, 3))
    names = [name for name in LABELS if any(row.figure == name for row in rows)]
    servers = list(dict.fromkeys(row.server for row in rows if row.figure in names))
    width = 0.8 / (len(servers) + 1)
    for number, server in enumerate([*servers, "fastapi"]):
        heights = [cost_of(rows, name, server) for name in names]
        places = [at + number * width for at in range(len(names))]
        color, _ = LOOKS[number % len(LOOKS)]
        bars = axes.bar(places, heights, width * 0.92, label=said(server), color=color)
        axes.bar_label(bars, fmt="%.2f", fontsize=7)
    middle = width * len(servers) / 2
    axes.set_xticks([at + middle for at in range(len(names))], [LABELS[name] for name in names])
    axes.set_ylabel("CPU ms per request")
    axes.set_title("What a request costs (mix: with PostgreSQL and Redis)", loc="left", fontsize=9)
    axes.grid(visible=False, axis="x")
    axes.legend()
    saved(path)


def said(server: str) -> str:
    names = {"wsgi": "My List, WSGI", "asgi": "My List, ASGI", "fastapi": "FastAPI"}
    return names.get(server, server)


def cost_of(rows: Sequence[Row], figure: str, server: str) -> float:
    of_figure = [row for row in rows if row.figure == figure]
    if server == "fastapi":
        return of_figure[0].yardstick_ms or 0
    return next((row.subject_ms or 0 for row in of_figure if row.server == server), 0)


def growth(points: Sequence[Point], counted: Sequence[Buffers], path: Path) -> None:
    _, panels = plt.subplots(2, 2, figsize=(7.6, 5.2))
    by_length, by_latency, by_depth, by_buffers = panels.flat
    first = [p for p in points if p.item == 1]
    for look, rows in zip(LOOKS, sorted({p.rows for p in first}), strict=False):
        of_table = [p for p in first if p.rows == rows]
        xs = [p.length for p in of_table]
        label = f"table of {rows:,} rows"
        line(by_length, xs, [p.cost.median if p.cost else 0 for p in of_table], look, label)
        line(by_latency, xs, [p.p99.median if p.p99 else 0 for p in of_table], look, label)
    deep = sorted(longest(points), key=lambda p: p.item)
    line(by_depth, [p.item for p in deep], [p.cost.median if p.cost else 0 for p in deep], LOOKS[0])
    for look, rows in zip(LOOKS, sorted({b.rows for b in counted}), strict=False):
        of_table_ = [b for b in counted if b.rows == rows]
        xs, ys = [b.length for b in of_table_], [b.page for b in of_table_]
        line(by_buffers, xs, ys, look, f"table of {rows:,} rows")
    named(by_length, "CPU by length of list", "items on the list", "CPU ms (app, PostgreSQL)")
    named(by_latency, "latency by length of list", "items on the list", "p99 ms, 2 connections")
    named(by_depth, "CPU by depth", "first item of the page", "CPU ms (app, PostgreSQL)")
    named(by_buffers, "shared buffers by length", "items on the list", "8 kB buffers, page of 20")
    saved(path)


def longest(points: Sequence[Point]) -> list[Point]:
    """The list that was read at several depths."""
    deepest = max(points, key=lambda p: p.item, default=None)
    if deepest is None:
        return []
    return [p for p in points if (p.rows, p.length) == (deepest.rows, deepest.length)]


def concurrency(found: Sequence[Sequence[Round]], path: Path) -> None:
    _, (rates, latencies) = plt.subplots(1, 2, figsize=(7.6, 2.8))
    by_server: dict[str, list[Round]] = {}
    for each in (r for turn in found for r in turn if not r.fault):
        by_server.setdefault(each.server, []).append(each)
    for look, (server, each) in zip(LOOKS, by_server.items(), strict=False):
        xs = [r.connections for r in each]
        line(rates, xs, [r.rate for r in each], look, said(server))
        line(latencies, xs, [r.p99_ms for r in each], look, f"{said(server)}, p99")
        line(latencies, xs, [r.p50_ms for r in each], look, style=":")
    named(rates, "hits", "connections", "requests per second")
    latencies.set_yscale("log")
    latencies.yaxis.set_major_formatter("{x:g}")
    named(latencies, "latency (dotted: p50)", "connections", "ms, wrk on the same cores")
    saved(path)


def line(
    axes: Axes,
    xs: Iterable[float],
    ys: Iterable[float],
    look: tuple[str, str],
    label: str | None = None,
    style: str = "-",
) -> None:
    color, marker = look
    axes.plot(list(xs), list(ys), style, color=color, marker=marker, markersize=4, label=label)


def named(axes: Axes, title: str, x: str, y: str) -> None:
    axes.set_title(title, loc="left", fontsize=9)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    if axes.get_yscale() == "linear":
        axes.set_ylim(0, axes.get_ylim()[1] * 1.1)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=7)
