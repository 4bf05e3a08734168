"""PostgreSQL and Redis themselves, for tests of what depends on them."""

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager

import pytest
import redis
from django.conf import settings as configured
from django.db import connection

from api import limits, redislink

keeps_tokens = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="needs PostgreSQL, which keeps the tokens"
)


@pytest.fixture
def asks(monkeypatch):
    """The commands that Redis was sent, by round trip."""
    sent, really = [], redislink.send

    def send(*commands):
        sent.append([command[0] for command in commands])
        return really(*commands)

    monkeypatch.setattr(redislink, "send", send)
    return sent


@pytest.fixture
def on_redis(settings, monkeypatch):
    """An empty database of the real Redis, for this test alone, and nothing left in this process
    of an earlier one. The client of the test goes its own way to it."""
    if not getattr(configured, "REDIS_URL", None):
        pytest.skip("needs Redis")
    # Tests that run side by side share the server, not the database.
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    url, _, _ = configured.REDIS_URL.rpartition("/")
    yield from using(f"{url}/{worker + 1}", settings, monkeypatch)


@pytest.fixture
def redis_of_its_own(settings, monkeypatch, tmp_path):
    """A Redis that this test may fill, stop and kill: `.process`, `.start()`."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL, which keeps the tokens")
    if shutil.which("redis-server") is None:
        pytest.skip("needs redis-server")
    with running(tmp_path) as server:
        for client in using(server.url, settings, monkeypatch):
            server.client = client
            yield server


def using(url, settings, monkeypatch):
    settings.REDIS_URL = url
    settings.MYLIST_PAGE_CACHE = True
    settings.CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": url,
            "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 0.1, "SOCKET_TIMEOUT": 0.1},
        }
    }
    monkeypatch.setattr(redislink, "breaker", redislink.Breaker())
    monkeypatch.setattr(redislink, "complaints", redislink.Complaints())
    monkeypatch.setattr(redislink, "kept", redislink.Kept())
    monkeypatch.setattr(limits, "here", limits.Here())
    client = redis.Redis.from_url(url)
    client.flushdb()
    yield client
    client.close()


class Server:
    def __init__(self, directory):
        self.directory = directory
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""],
            cwd=self.directory,
            stdout=subprocess.DEVNULL,
        )
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("redis-server does not start")

    def kill(self):
        self.process.kill()
        self.process.wait()

    @contextmanager
    def hanging(self):
        """It takes connections and says nothing."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextmanager
def running(directory):
    server = Server(directory)
    server.start()
    try:
        yield server
    finally:
        server.kill()
