"""What processes cost, from /proc: CPU time of a whole tree, memory of each of its members."""

import os
from collections.abc import Iterator
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
# Where they stand in /proc/PID/stat, counted from behind the name, which may hold spaces.
PARENT, TIMES = 1, slice(11, 15)


def stat(pid: int) -> list[str]:
    """The fields behind the name; empty when the process is no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def children() -> dict[int, list[int]]:
    """Of every process on the machine, those it started."""
    found: dict[int, list[int]] = {}
    for pid in (int(name) for name in os.listdir("/proc") if name.isdigit()):
        if fields := stat(pid):
            found.setdefault(int(fields[PARENT]), []).append(pid)
    return found


def tree(root: int) -> list[int]:
    """The process and all that descend from it."""
    by_parent = children()

    def below(pid: int) -> Iterator[int]:
        yield pid
        for child in by_parent.get(pid, []):
            yield from below(child)

    return sorted(below(root))


def child_named(name: str) -> int:
    """The youngest child of this process with that command name."""
    mine = children().get(os.getpid(), [])
    return max(pid for pid in mine if Path(f"/proc/{pid}/comm").read_text().strip() == name)


def seconds(pids: list[int]) -> float:
    """User and system time since they were started, with that of children that have ended."""
    return sum(int(ticks) for pid in pids for ticks in stat(pid)[TIMES]) / TICKS


def memory(pid: int) -> dict[str, float]:
    """MB: `rss` counts what is shared with other processes in full, `pss` by their number."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {
        name: int(rest.split()[0]) / 1024 for name, _, rest in (s.partition(":") for s in lines)
    }
    return {"rss": sizes["Rss"], "pss": sizes["Pss"]}
