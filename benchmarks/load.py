"""Load by wrk: people drawn by Zipf's law, each request with its own person's token."""

import itertools
import json
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.data import People

SCRIPT = Path(__file__).with_name("load.lua")
DRAWS = 200_000
ZIPF = 1.0
LONGEST_SECONDS = 300
numbers = itertools.count(1)


@dataclass(frozen=True)
class Load:
    """`mode` is one of load.lua. Where connections write, each has a thread of its own, because
    wrk's script does not see connections."""

    mode: str
    connections: int = 32
    path: str = "/api/v1/mylist/"
    # Requests a second; 0: as many as there can be.
    rate: float = 0

    @property
    def threads(self) -> int:
        return self.connections if self.mode in ("write", "mix") else 1

    def at(self, **changes: Any) -> "Load":
        return replace(self, **changes)


@dataclass(frozen=True)
class Crowd:
    """The people as files that wrk's script reads."""

    people: Path
    draws: Path
    spare_title: int


def crowd(people: People, directory: Path, name: str) -> Crowd:
    lines = directory / f"{name}.people"
    # Whose place it is in Zipf's law has nothing to do with who came first.
    order = list(range(len(people.tokens)))
    random.Random(1).shuffle(order)
    rows = [
        f"{people.tokens[i]} {people.etags[i]}" if people.etags else people.tokens[i] for i in order
    ]
    lines.write_text("\n".join(rows) + "\n")
    draws = directory / f"{name}.draws"
    draws.write_bytes(b"".join(rank.to_bytes(3, "big") for rank in zipf(len(order))))
    return Crowd(lines, draws, people.spare_title)


def zipf(people: int) -> list[int]:
    """Ranks from 0; the rank r is drawn in proportion to 1 / (r + 1)."""
    weights = [1 / (rank + 1) ** ZIPF for rank in range(people)]
    return random.Random(2).choices(range(people), weights, k=DRAWS)


def wrk(address: str, load: Load, crowd: Crowd, seconds: float) -> dict[str, Any]:
    """Run it: requests, seconds, bytes, latencies, errors, and what wrk itself cost."""
    # What wrk's connections wait between two requests, beside the answers' own time.
    pace = 1000 * load.connections / load.rate if load.rate else 0
    command = [shutil.which("wrk") or "wrk", "-t", str(load.threads), "-c", str(load.connections)]
    command += [
        "-d",
        f"{max(1, round(seconds))}s",
        "--timeout",
        "5s",
        "-s",
        str(SCRIPT),
        address,
        "--",
    ]
    command += [load.mode, str(crowd.people), str(crowd.draws), str(crowd.spare_title)]
    command += [str(next(numbers)), f"{pace:.3f}", load.path]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
    )
    found = [line for line in ended.stdout.splitlines() if line.startswith("RESULT ")]
    if not found:
        sys.exit(f"wrk failed:\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(found[0].removeprefix("RESULT "))
    return result


def fault(result: dict[str, Any], load: Load, page_bytes: int) -> str:
    """What was wrong with the answers; empty when all were as they should be."""
    for name in ("refused", "broken", "late", "unexpected"):
        if result[name]:
            return f"{result[name]} {name} ({result['example']})"
    if not result["requests"]:
        return "no answers"
    mean = result["bytes"] / result["requests"]
    if load.mode == "unchanged" and mean > page_bytes / 2:
        return "pages instead of 304s"
    if load.mode in ("read", "once") and load.path == Load.path and mean < page_bytes * 0.8:
        return "answers shorter than a page"
    return ""
