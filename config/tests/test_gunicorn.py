"""How gunicorn is told to spread its workers."""

import os
import runpy
from types import SimpleNamespace

import pytest
from django.conf import settings

from config.tests.serving import serving

needs_affinity = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="needs Linux, which binds a process to a core"
)


@pytest.fixture
def pre_fork(monkeypatch):
    """gunicorn's hook, on a machine with three cores for us."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {4, 0, 1}, raising=False)

    def made(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(settings.BASE_DIR / "config" / "gunicorn.py"))["pre_fork"]

    return made


def begun(server, pre_fork, pid):
    worker = SimpleNamespace()
    pre_fork(server, worker)
    server.WORKERS[pid] = worker
    return worker.core


def server_of(count):
    return SimpleNamespace(num_workers=count, WORKERS={})


def test_each_core_has_as_many_workers(pre_fork):
    server, hook = server_of(6), pre_fork()
    assert [begun(server, hook, pid) for pid in range(6)] == [0, 1, 4, 0, 1, 4]
    # One that ended is replaced on its core.
    for pid in (2, 0):
        del server.WORKERS[pid]
    assert [begun(server, hook, pid) for pid in (7, 8)] == [0, 4]


@pytest.mark.parametrize("count", [1, 2, 4])
def test_no_core_is_left_over(pre_fork, count):
    server = server_of(count)
    assert {begun(server, pre_fork(), pid) for pid in range(count)} == {None}


def test_it_can_be_switched_off(pre_fork):
    assert begun(server_of(3), pre_fork(GUNICORN_PIN="off"), 1) is None


def test_one_core_is_nothing_to_choose_from(pre_fork, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3})
    assert begun(server_of(2), pre_fork(), 1) is None


@needs_affinity
def test_a_machine_that_refuses_is_served_all_the_same():
    hook = runpy.run_path(str(settings.BASE_DIR / "config" / "gunicorn.py"))["post_fork"]
    before = os.sched_getaffinity(0)
    quiet = SimpleNamespace(log=SimpleNamespace(error=lambda *words: None))
    hook(quiet, SimpleNamespace(core=100_000, pid=os.getpid()))
    assert os.sched_getaffinity(0) == before


@needs_affinity
def test_workers_stay_on_their_cores(tmp_path):
    cores = os.sched_getaffinity(0)
    if len(cores) < 2:
        pytest.skip("needs two cores")
    with serving(tmp_path, WEB_CONCURRENCY=str(len(cores))) as server:
        assert server.get("/health/live/")[0] == 200
        pids = workers_of(server.process.pid, len(cores))
        assert sorted(map(sorted, map(os.sched_getaffinity, pids))) == [[n] for n in sorted(cores)]
        assert os.sched_getaffinity(server.process.pid) == cores


def workers_of(pid, count):
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        found = [int(word) for word in children.read().split()]
    assert len(found) == count
    return found
