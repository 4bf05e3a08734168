"""A throwaway PostgreSQL and Redis, set as a service that must not lose data would set them."""

import glob
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis

from benchmarks import cpu
from scripts import with_services

# Commits reach the disk, as they do where lists matter. The data fits into memory, as it should.
POSTGRES_SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "1GB",
    "max_wal_size": "4GB",
    "random_page_cost": "1.1",
}


@dataclass(frozen=True)
class Services:
    """Where they are. `postgres_pid` and `redis_pid` are the processes at the top."""

    directory: Path
    database_url: str
    redis_url: str
    postgres_pid: int
    redis_pid: int

    def database(self, name: str) -> str:
        """The address of another database of the same server."""
        return urlsplit(self.database_url)._replace(path=f"/{name}").geturl()

    def store(self, number: int) -> str:
        """The address of one of Redis's numbered databases."""
        return urlsplit(self.redis_url)._replace(path=f"/{number}").geturl()

    def postgres_log(self) -> Path:
        return self.directory / "postgres.log"

    def versions(self) -> dict[str, str]:
        with psycopg.connect(self.database_url) as connection:
            postgres = connection.execute("SHOW server_version").fetchone()[0].split()[0]
        with redis.Redis.from_url(self.redis_url) as client:
            return {"PostgreSQL": postgres, "Redis": client.info("server")["redis_version"]}


@contextmanager
def started() -> Iterator[Services]:
    with_services.POSTGRES_SETTINGS |= POSTGRES_SETTINGS
    initdb = with_services.find_program("initdb", "postgresql", with_services.POSTGRES_DIRS)
    redis_server = with_services.find_program("redis-server", "redis-server")
    with (
        tempfile.TemporaryDirectory(prefix="mylist-bench-") as name,
        with_services.postgres(Path(initdb).parent, Path(name)) as database_url,
        with_services.redis(redis_server, Path(name)) as redis_url,
    ):
        postgres_pid, redis_pid = cpu.child_named("postgres"), cpu.child_named("redis-server")
        yield Services(Path(name), database_url, redis_url, postgres_pid, redis_pid)


def require_programs() -> None:
    """Before minutes are spent: everything that is not Python."""
    with_services.find_program("wrk", "wrk")
    with_services.find_program("initdb", "postgresql", with_services.POSTGRES_DIRS)
    with_services.find_program("redis-server", "redis-server")


def require_auto_explain() -> None:
    """PostgreSQL's own module; some distributions pack it apart."""
    initdb = with_services.find_program("initdb", "postgresql", with_services.POSTGRES_DIRS)
    config = shutil.which("pg_config", path=str(Path(initdb).parent)) or "pg_config"
    libraries = subprocess.run([config, "--pkglibdir"], capture_output=True, text=True, check=False)
    if not glob.glob(f"{libraries.stdout.strip()}/auto_explain*"):
        sys.exit("PostgreSQL's auto_explain is missing. On Debian and Ubuntu: it is in postgresql")
