"""Where several processes keep one set of counts: a folder in memory, with files for each process.

prometheus_client writes and reads the files. What it leaves to us is here: the folder itself, room
that nobody can take away, and the files of processes that have ended. gunicorn's own process uses
this, too: no metric is made by importing it.
"""

import fcntl
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest, multiprocess
from prometheus_client.mmap_dict import MmapedDict

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
PREFIX = "mylist-metrics-"
PARENTS = ("/dev/shm", tempfile.gettempdir())  # noqa: S108 - mkdtemp makes the names
# Locked, in a folder of ours, by all who use it, for as long as they live.
IN_USE = "in-use"
# What a process may fill; api.metrics bounds its labels so that it never needs more. A file that
# grew under a full memory would not fail but kill the process, by SIGBUS.
ROOM = {"counter": 384 * 1024, "histogram": 640 * 1024, "gauge_livemax": 4 * 1024}
KEPT = ("counter", "histogram")
# The most that an entry takes beside its key, and a file beside its entries.
ENTRY_BYTES, HEAD_BYTES = 4 + 8 + 16, 8

# gunicorn's own process: its folders with what locks them, and workers whose files are to be added.
_made: dict[str, int] = {}
_waiting: set[int] = set()


# --- the folder ------------------------------------------------------------------------------


def make_folder(uid: int, gid: int) -> bool:
    """Name a private folder for this user's processes, in memory where there is some, for all that
    this one starts. An operator's own is left alone. False: there is no place for one."""
    given = os.environ.get(VARIABLE, "")
    if given and not Path(given).name.startswith(PREFIX):
        return True
    # A server that was told to replace itself (SIGUSR2) has handed the name of its own on.
    os.environ.pop(VARIABLE, None)
    for parent in PARENTS:
        with suppress(OSError):
            sweep(Path(parent))
            os.environ[VARIABLE] = prepared(tempfile.mkdtemp(prefix=PREFIX, dir=parent), uid, gid)
            return True
    return False


def prepared(folder: str, uid: int, gid: int) -> str:
    try:
        if (uid, gid) != (os.geteuid(), os.getegid()):
            os.chown(folder, uid, gid)
        # It has the name that others look for only once it is locked.
        early = Path(folder, IN_USE + ".new")
        _made[folder] = locked(early, fcntl.LOCK_EX, os.O_RDWR | os.O_CREAT)
        early.rename(early.with_name(IN_USE))
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def sweep(parent: Path) -> None:
    """Remove what servers that were killed have left. A worker that outlives its server holds the
    lock on: it is a fork."""
    for marker in parent.glob(f"{PREFIX}*/{IN_USE}"):
        with suppress(OSError):
            os.close(locked(marker, fcntl.LOCK_EX | fcntl.LOCK_NB, os.O_RDWR))
            shutil.rmtree(marker.parent, ignore_errors=True)


def remove_folder() -> None:
    while _made:
        folder, descriptor = _made.popitem()
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def locked(path: Path, how: int, flags: int = os.O_RDONLY) -> int:
    descriptor = os.open(path, flags, 0o600)
    try:
        fcntl.flock(descriptor, how)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


# --- one process -----------------------------------------------------------------------------


def reserve(pid: int) -> bool:
    """Take all the room that this process may need, at once. False where there is none."""
    if not os.environ.get(VARIABLE):
        return False
    try:
        for path, size in files(pid).items():
            # The file of an earlier process with the same id is continued.
            if not path.exists():
                fill(path, bytes(size))
    except OSError:
        return False
    return True


def has_room(pid: int) -> bool:
    """Not for commands, in an environment that has the folder: nobody notices that they end."""
    return bool(os.environ.get(VARIABLE)) and all(path.exists() for path in files(pid))


def files(pid: int) -> dict[Path, int]:
    folder = os.environ[VARIABLE]
    return {Path(folder, f"{kind}_{pid}.db"): size for kind, size in ROOM.items()}


def fill(path: Path, content: bytes) -> None:
    """Whole or not at all: nobody reads half a file."""
    early = path.with_suffix(".new")
    try:
        early.write_bytes(content)
        early.rename(path)
    finally:
        early.unlink(missing_ok=True)


# --- all processes ---------------------------------------------------------------------------


def read(folder: str) -> bytes:
    """Prometheus' text format. OSError, ValueError: the folder cannot be read or is not there."""
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    held = locked(Path(folder), fcntl.LOCK_SH)
    try:
        return generate_latest(registry)
    finally:
        os.close(held)


def depart(pid: int, alive: Iterable[int]) -> None:
    """Keep the counts of a process that has ended, with those of all others that have: counters
    never fall, and the folder does not grow with the workers that are replaced.

    Does not wait: while somebody reads, it is left for the next call.
    """
    _waiting.add(pid)
    _waiting.difference_update(alive)
    if folder := os.environ.get(VARIABLE):
        with suppress(BlockingIOError):
            held = locked(Path(folder), fcntl.LOCK_EX | fcntl.LOCK_NB)
            try:
                while _waiting:
                    fold(folder, _waiting.pop())
            finally:
                os.close(held)


def fold(folder: str, pid: int) -> None:
    multiprocess.mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]
    for kind in KEPT:
        left, kept = (Path(folder, f"{kind}_{name}.db") for name in (pid, "departed"))
        if left.exists():
            add_up(left, kept)


def add_up(left: Path, kept: Path) -> None:
    if not kept.exists():
        left.rename(kept)
        return
    counts = Counter(entries(kept))
    counts.update(entries(left))
    room = HEAD_BYTES + sum(len(key.encode()) + ENTRY_BYTES for key in counts)
    early = kept.with_suffix(".sum")
    fill(early, bytes(room))
    file = MmapedDict(str(early))  # type: ignore[no-untyped-call]
    for key, value in counts.items():
        file.write_value(key, value, 0.0)  # type: ignore[no-untyped-call]
    file.close()  # type: ignore[no-untyped-call]
    early.rename(kept)
    left.unlink()


def entries(path: Path) -> dict[str, float]:
    found = MmapedDict.read_all_values_from_file(str(path))  # type: ignore[no-untyped-call]
    return {key: value for key, value, _, _ in found}
