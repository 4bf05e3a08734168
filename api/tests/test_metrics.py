"""What is counted, where it is kept, and what it may cost."""

import os
import subprocess
import sys
import threading

import pytest
from django.conf import settings
from prometheus_client.parser import text_string_to_metric_families

from api import countfiles, metrics


def samples(page):
    """{(name, labels): value}"""
    return {
        (each.name, tuple(sorted(each.labels.items()))): each.value
        for family in text_string_to_metric_families(page)
        for each in family.samples
    }


def here(name, **labels):
    return metrics.REGISTRY.get_sample_value(name, labels)


# --- what is counted -----------------------------------------------------------------------------


def test_a_request_is_counted_and_timed():
    named = {"method": "GET", "route": "somewhere/<id:id>/", "status": "200"}
    metrics.observe("GET", "somewhere/<id:id>/", 200, 0.0004)
    metrics.observe("GET", "somewhere/<id:id>/", 200, 0.3)
    metrics.observe("GET", "somewhere/<id:id>/", 404, 0.0001)
    assert here("mylist_requests_total", **named) == 2
    assert here("mylist_requests_total", **named | {"status": "404"}) == 1
    buckets = {"0.00025": 1, "0.0005": 2, "0.25": 2, "1.0": 3, "+Inf": 3}
    for bound, count in buckets.items():
        route = named["route"]
        assert here("mylist_request_seconds_bucket", route=route, le=bound) == count
    assert here("mylist_request_seconds_sum", route=named["route"]) == pytest.approx(0.3005)


def test_what_is_always_there_starts_at_nothing():
    code = "from api import metrics; print(metrics.page().decode())"
    page = samples(run(code).stdout)
    for outcome in ("hit", "miss", "not_modified", "refused", "off"):
        assert page["mylist_page_reads_total", (("outcome", outcome),)] == 0
    for outcome in ("same", "moved", "mismatch"):
        assert page["mylist_page_samples_total", (("outcome", outcome),)] == 0
    assert page["mylist_redis_failures_total", ()] == 0
    assert page["mylist_redis_breaker_open", ()] == 0


def test_nothing_is_lost_between_threads():
    def count():
        for _ in range(2000):
            metrics.observe("PUT", "threads/", 200, 0.001)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert here("mylist_requests_total", method="PUT", route="threads/", status="200") == 16_000


# --- what a client can vary makes no series ------------------------------------------------------


@pytest.fixture
def _nothing_seen(monkeypatch):
    monkeypatch.setattr(metrics, "_seen", {})
    monkeypatch.setattr(metrics, "_routes", set())


@pytest.mark.usefixtures("_nothing_seen")
def test_an_odd_method_is_one_of_the_others():
    for word in ("BREW", "get", "", "\ud800"):
        metrics.observe(word, "odd/", 405, 0.001)
    assert here("mylist_requests_total", method="other", route="odd/", status="405") == 4
    assert list(metrics._seen) == [("other", "odd/", 405)]


@pytest.mark.usefixtures("_nothing_seen")
def test_routes_are_bounded(monkeypatch):
    monkeypatch.setattr(metrics, "MOST_ROUTES", 2)
    for route in ("r1/", "r2/", "r3/", "r4/", "r1/"):
        metrics.observe("GET", route, 299, 0.001)
    named = {"method": "GET", "status": "299"}
    assert here("mylist_requests_total", route="r1/", **named) == 2
    assert here("mylist_requests_total", route="r3/", **named) is None
    assert here("mylist_requests_total", method="other", route="other", status="299") == 2


@pytest.mark.usefixtures("_nothing_seen")
def test_series_are_bounded(monkeypatch):
    monkeypatch.setattr(metrics, "MOST_SERIES", 2)
    for status in (280, 281, 282, 283, 280):
        metrics.observe("GET", "s/", status, 0.001)
    assert here("mylist_requests_total", method="GET", route="s/", status="280") == 2
    assert here("mylist_requests_total", method="GET", route="s/", status="282") is None
    assert here("mylist_requests_total", method="other", route="other", status="282") == 1


def test_our_routes_are_far_below_the_bound():
    from django.urls import URLResolver, get_resolver

    def routes(resolver):
        for each in resolver.url_patterns:
            yield from routes(each) if isinstance(each, URLResolver) else [each]

    assert sum(1 for _ in routes(get_resolver())) < metrics.MOST_ROUTES * 2 / 3


def test_a_request_that_cannot_be_counted_is_answered(monkeypatch, caplog):
    def broken(*_):
        raise OSError("broken")

    monkeypatch.setattr(metrics, "first", broken)
    metrics.observe("GET", "never seen/", 200, 0.001)
    assert "not counted" in caplog.text


# --- several processes ---------------------------------------------------------------------------


def run(code, **variables):
    """In a process of its own, as metrics decide at their import where they count."""
    environ = {name: value for name, value in os.environ.items() if name != countfiles.VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env=environ | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


WORKER = """
import os
from api import countfiles
assert countfiles.reserve(os.getpid())
from api import metrics
assert metrics.SHARED
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(countfiles.VARIABLE, str(tmp_path))
    monkeypatch.setattr(countfiles, "_waiting", set())
    return tmp_path


def work(folder, code):
    """What a worker does, until it ends; its process id."""
    done = run(WORKER + code + "\nprint(os.getpid())", **{countfiles.VARIABLE: str(folder)})
    return int(done.stdout)


COUNT = """
for _ in range(3):
    metrics.observe("GET", "a/", 200, 0.003)
metrics.PAGE_READS.labels("hit").inc()
metrics.BREAKER_OPEN.set(1)
"""
A = (("method", "GET"), ("route", "a/"), ("status", "200"))


def test_workers_count_together(folder):
    work(folder, COUNT)
    work(folder, COUNT + "metrics.observe('GET', 'b/', 200, 0.2)")
    page = samples(countfiles.read(str(folder)).decode())
    assert page["mylist_requests_total", A] == 6
    assert page["mylist_requests_total", (A[0], ("route", "b/"), A[2])] == 1
    assert page["mylist_request_seconds_count", (("route", "a/"),)] == 6
    assert page["mylist_request_seconds_sum", (("route", "a/"),)] == pytest.approx(0.018)
    assert page["mylist_page_reads_total", (("outcome", "hit"),)] == 2
    assert page["mylist_redis_breaker_open", ()] == 1


def test_counts_stay_when_workers_go_and_the_folder_does_not_grow(folder):
    before, sizes = {}, set()
    for number in range(1, 5):
        countfiles.depart(work(folder, COUNT), alive=[])
        page = samples(countfiles.read(str(folder)).decode())
        assert page["mylist_requests_total", A] == 3 * number
        assert page["mylist_request_seconds_count", (("route", "a/"),)] == 3 * number
        # Not by one that is gone.
        assert ("mylist_redis_breaker_open", ()) not in page
        assert all(page[name] >= value for name, value in before.items())
        before = page
        sizes.add(tuple(sorted(path.name for path in folder.iterdir())))
    assert sizes == {("counter_departed.db", "histogram_departed.db")}


def test_what_only_some_workers_have_counted_is_kept(folder):
    for route in ("a/", "b/", "c/"):
        pid = work(folder, f"metrics.observe('GET', {route!r}, 200, 0.01)")
        countfiles.depart(pid, alive=[])
    page = samples(countfiles.read(str(folder)).decode())
    for route in ("a/", "b/", "c/"):
        assert page["mylist_requests_total", (A[0], ("route", route), A[2])] == 1


def test_while_somebody_reads_the_files_wait(folder):
    import fcntl

    first, second = work(folder, COUNT), work(folder, COUNT)
    held = countfiles.locked(folder, fcntl.LOCK_SH)
    countfiles.depart(first, alive=[])
    assert (folder / f"counter_{first}.db").exists()
    os.close(held)
    countfiles.depart(second, alive=[])
    assert not list(folder.glob("counter_[0-9]*"))
    page = samples(countfiles.read(str(folder)).decode())
    assert page["mylist_requests_total", A] == 6


def test_an_id_that_is_alive_again_keeps_its_file(folder):
    import fcntl

    pid = work(folder, COUNT)
    held = countfiles.locked(folder, fcntl.LOCK_SH)
    countfiles.depart(pid, alive=[])
    os.close(held)
    countfiles.depart(pid + 1, alive=[pid])
    assert (folder / f"counter_{pid}.db").exists()


@pytest.mark.parametrize("mode", countfiles.KEPT)
def test_no_count_is_lost_where_there_is_no_room_to_add_up(folder, monkeypatch, mode):
    countfiles.depart(work(folder, COUNT), alive=[])
    pid = work(folder, COUNT)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(countfiles, "fill", full)
    with pytest.raises(OSError, match="No space"):
        countfiles.depart(pid, alive=[])
    assert samples(countfiles.read(str(folder)).decode())["mylist_requests_total", A] == 6


def test_a_command_leaves_nothing_in_the_folder(folder):
    code = (
        "from api import metrics; metrics.observe('GET', 'a/', 200, 1); assert not metrics.SHARED"
    )
    run(code, **{countfiles.VARIABLE: str(folder)})
    assert not list(folder.iterdir())


# --- a full memory -------------------------------------------------------------------------------

FILL = """
methods, route = sorted(metrics.METHODS), "api/v1/" + "r" * 80 + "/%d/"
for n in range(metrics.MOST_SERIES * 5):
    metrics.observe(methods[n % 7], route % (n % 201), 200 + n // 7 % 43, 0.001)
assert len(metrics._routes) == metrics.MOST_ROUTES + 1
assert len(metrics._seen) >= metrics.MOST_SERIES
"""


def test_the_room_is_taken_at_once_and_is_enough_for_the_most_that_is_counted(folder):
    work(folder, "")
    taken = {path.name.split("_")[0]: path.stat() for path in folder.glob("*.db")}
    for path in folder.glob("*.db"):
        path.unlink()
    work(folder, FILL)
    for path in folder.glob("*.db"):
        before = taken[path.name.split("_")[0]]
        assert path.stat().st_size == before.st_size
        assert before.st_blocks * 512 >= before.st_size, "a hole that a full memory cannot fill"


def test_without_room_a_worker_counts_for_itself(folder):
    code = """
import os, resource
from api import countfiles
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
assert not countfiles.reserve(os.getpid())
from api import metrics
metrics.observe("GET", "a/", 200, 0.01)
assert metrics.REQUESTS.labels("GET", "a/", 200)._value.get() == 1
assert metrics.page() == b""
"""
    run(code, **{countfiles.VARIABLE: str(folder)})
    assert not list(folder.glob("*.new"))


@pytest.mark.parametrize("folder", ["", "/nowhere/deep"])
def test_without_a_folder_it_tells_its_own(folder):
    code = """
import os
from api import countfiles
assert not countfiles.reserve(os.getpid())
from api import metrics
metrics.observe("GET", "a/", 200, 0.01)
print(metrics.page().decode())
"""
    page = samples(run(code, **{countfiles.VARIABLE: folder}).stdout)
    assert page["mylist_requests_total", A] == 1


# --- the folder ----------------------------------------------------------------------------------


@pytest.fixture
def memory(tmp_path, monkeypatch):
    """A place of its own for folders of ours; none is named yet."""
    monkeypatch.setattr(countfiles, "PARENTS", (str(tmp_path / "none"), str(tmp_path)))
    monkeypatch.setattr(countfiles, "_made", {})
    monkeypatch.setenv(countfiles.VARIABLE, "")
    yield tmp_path
    countfiles.remove_folder()


def me():
    return os.geteuid(), os.getegid()


def test_a_folder_is_private_and_removed(memory):
    assert countfiles.make_folder(*me())
    made = os.environ[countfiles.VARIABLE]
    assert os.stat(made).st_mode & 0o777 == 0o700
    assert os.path.dirname(made) == str(memory)
    countfiles.remove_folder()
    assert not os.path.exists(made)


def test_an_operators_folder_is_taken_and_left(memory, monkeypatch):
    mine = memory / "counts"
    mine.mkdir()
    monkeypatch.setenv(countfiles.VARIABLE, str(mine))
    assert countfiles.make_folder(*me())
    assert os.environ[countfiles.VARIABLE] == str(mine)
    countfiles.remove_folder()
    assert mine.exists()
    assert list(memory.iterdir()) == [mine]


def test_a_server_that_replaces_another_makes_its_own(memory, monkeypatch):
    other = memory / (countfiles.PREFIX + "of-another")
    other.mkdir()
    monkeypatch.setenv(countfiles.VARIABLE, str(other))
    assert countfiles.make_folder(*me())
    assert os.environ[countfiles.VARIABLE] != str(other)
    assert other.exists()


def test_what_a_killed_server_left_is_removed_and_what_is_in_use_is_not(memory):
    code = f"""
import os
from api import countfiles
countfiles.PARENTS = ({str(memory)!r},)
assert countfiles.make_folder(os.geteuid(), os.getegid())
"""
    run(code)
    (left,) = memory.iterdir()
    assert countfiles.make_folder(*me())
    assert not left.exists()
    in_use = os.environ[countfiles.VARIABLE]
    run(code)
    assert os.path.exists(in_use)


def test_nowhere_to_make_one(memory, monkeypatch):
    monkeypatch.setattr(countfiles, "PARENTS", (str(memory / "none"),))
    assert not countfiles.make_folder(*me())
    assert countfiles.VARIABLE not in os.environ
