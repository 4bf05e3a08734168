"""PostgreSQL, Redis and gunicorn of one run, to be killed, paused and restarted.

`scripts/with_services.py` starts such servers once and stops them at the end; this needs the
processes themselves, on the same ports and with the same data after each restart.
"""

import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg
import redis

from scripts.with_services import (
    POSTGRES_DIRS,
    POSTGRES_SETTINGS,
    START_SECONDS,
    accepts,
    fail,
    find_program,
    free_port,
    start,
    stop,
)

ROOT = Path(__file__).resolve().parents[2]
# A run must not depend on what the shell has set for another one.
OURS = (
    *("DJANGO_", "DATABASE_", "REDIS_", "LOG_", "CORS_", "MYLIST_", "EMAIL_", "SERVICE_"),
    *("RATE_", "GUNICORN_", "METRICS_", "TMDB_"),
)
ROOM = "64mb"


def until(is_ready: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not start within {START_SECONDS} seconds")
        time.sleep(0.02)


class PostgreSQL:
    """Commits wait for the write to the log, unlike those of the tests: a server that is stopped
    at once must not forget what it confirmed. The machine does not crash, so nothing waits for
    the disk."""

    def __init__(self, directory: Path) -> None:
        self.programs = Path(find_program("initdb", "postgresql", POSTGRES_DIRS)).parent
        self.directory, self.data, self.port = directory, directory / "postgres", free_port()
        self.password = secrets.token_hex(16)
        self.owner = "postgres" if os.geteuid() == 0 else None
        self.process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        password_file = self.directory / "postgres-password"
        password_file.write_text(self.password)
        for path in (self.directory, password_file):
            if self.owner:
                shutil.chown(path, self.owner, self.owner)
        command = [f"{self.programs}/initdb", f"--pgdata={self.data}", "--username=mylist"]
        command += [f"--pwfile={password_file}", "--auth=scram-sha-256", "--no-sync"]
        command += ["--encoding=UTF8", "--locale=C.UTF-8"]
        if start(command, self.directory, self.owner).wait() != 0:
            fail(command, self.directory)

    def start(self) -> None:
        command = [f"{self.programs}/postgres", "-D", str(self.data), "-p", str(self.port)]
        for name, value in (POSTGRES_SETTINGS | {"synchronous_commit": "on"}).items():
            command += ["-c", f"{name}={value}"]
        self.process = start(command, self.directory, self.owner)
        until(self.is_ready, "PostgreSQL")

    def is_ready(self) -> bool:
        with suppress(psycopg.OperationalError):
            self.connect().close()
            return True
        return False

    def connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(self.address(self.port), autocommit=True, connect_timeout=2)

    def address(self, port: int) -> str:
        """As seen through a proxy on `port`."""
        return f"postgres://mylist:{self.password}@127.0.0.1:{port}/postgres"

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: end every connection and write all out. SIGQUIT: stop at once, recover later."""
        if self.process is not None:
            stop(self.process, how)


class Redis:
    """Its own copies of its data are made only when asked for, and put back by `start(data)`."""

    def __init__(self, directory: Path) -> None:
        self.program = find_program("redis-server", "redis-server")
        self.directory, self.port = directory, free_port()
        self.dump = directory / "dump.rdb"
        self.password = secrets.token_hex(16)
        self.process: subprocess.Popen[bytes] | None = None
        self.config = directory / "redis.conf"
        self.client = redis.Redis(
            port=self.port, password=self.password, socket_timeout=5, socket_connect_timeout=1
        )

    def start(self, data: bytes | None = None) -> None:
        self.config.write_text(
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\n"
            f'dir {self.directory}\nsave ""\nmaxmemory {ROOM}\nmaxmemory-policy allkeys-lru\n'
        )
        self.dump.unlink(missing_ok=True)
        if data is not None:
            self.dump.write_bytes(data)
        self.process = start([self.program, str(self.config)], self.directory, None)
        until(self.is_ready, "Redis")

    def is_ready(self) -> bool:
        if not accepts(self.port):
            return False
        with suppress(redis.RedisError):
            return bool(self.client.ping())
        return False

    def saved(self) -> bytes:
        """All that it holds now."""
        self.client.save()
        return self.dump.read_bytes()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def pause(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)

    def address(self, port: int) -> str:
        """As seen through a proxy on `port`."""
        return f"redis://default:{self.password}@127.0.0.1:{port}/0"


class Instance:
    """gunicorn with the product, by one of its doors."""

    doors = {
        "wsgi": ["config.wsgi"],
        "asgi": ["--worker-class", "asgi", "config.asgi"],
    }

    def __init__(self, door: str, number: int, log: Path, environment: dict[str, str]) -> None:
        self.door, self.name, self.log, self.port = door, f"{door}{number}", log, free_port()
        self.environment = environment | {"PORT": str(self.port)}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, *self.doors[self.door]],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def workers(self) -> list[int]:
        if self.process is None:
            return []
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(child) for child in children]

    def kill_a_worker(self, chance: random.Random) -> bool:
        """Whether there was one: they are away for a moment after the last kill."""
        workers = self.workers()
        if workers:
            with suppress(ProcessLookupError):
                os.kill(chance.choice(workers), signal.SIGKILL)
        return bool(workers)

    def stop(self) -> None:
        if self.process is not None:
            stop(self.process, signal.SIGTERM)


def environment(database: str, cache: str, key: str, more: dict[str, str]) -> dict[str, str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return mine | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_SECRET_KEY": key,
        "DATABASE_URL": database,
        "REDIS_URL": cache,
        "RATE_LIMIT_MAX": "0",
        "WEB_CONCURRENCY": "2",
        "GUNICORN_THREADS": "2",
        **more,
    }


def manage(environment: dict[str, str], *command: str) -> None:
    subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True)
