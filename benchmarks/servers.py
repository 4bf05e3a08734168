"""The servers that are compared, each with two worker processes: how they are started."""

import http.client
import json
import os
import shlex
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import cpu
from benchmarks.data import People
from benchmarks.services import Services
from scripts import with_services

ROOT = Path(__file__).parent.parent
WORKERS = 2
START_SECONDS = 30
STOP_SECONDS = 30
LIST_PATH = "/api/v1/mylist/"

GUNICORN = ".venv/bin/gunicorn -c config/gunicorn.py"
UVICORN = ".venv-bench/bin/uvicorn --loop uvloop --http httptools --no-access-log"


@dataclass(frozen=True)
class Recipe:
    """`store` is the number of the Redis database that it keeps its pages in."""

    command: str
    variables: dict[str, str] = field(default_factory=dict)
    store: int = 0


RECIPES = {
    # The two doors of the product, as shipped.
    "wsgi": Recipe(f"{GUNICORN} config.wsgi"),
    "asgi": Recipe(f"{GUNICORN} --worker-class asgi config.asgi"),
    # The DRF view alone.
    "view": Recipe(f"{GUNICORN} config.wsgi", {"MYLIST_FRONT": "off"}),
    # Every page from the database, through Django.
    "uncached": Recipe(
        f"{GUNICORN} config.wsgi", {"MYLIST_FRONT": "off", "MYLIST_PAGE_CACHE": "off"}
    ),
    # The yardsticks.
    "constant": Recipe(f"{GUNICORN} benchmarks.constant_view.wsgi"),
    "fastapi": Recipe(
        f"{UVICORN} --host 127.0.0.1 --port $PORT --workers $WEB_CONCURRENCY"
        " --log-level warning benchmarks.fastapi_app:app",
        store=1,
    ),
}
DOORS = ("wsgi", "asgi")

# What the product reads. Limits are counted, with bounds that no load reaches.
VARIABLES = {
    "WEB_CONCURRENCY": str(WORKERS),
    "LOG_LEVEL": "INFO",
    "RATE_LIMIT_MAX": "1000000000",
    "RATE_LIMIT_USER_MAX": "1000000000",
}


@dataclass
class Server:
    name: str
    port: int
    pid: int
    log: Path
    store: str

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def processes(self) -> list[int]:
        return cpu.tree(self.pid)

    def workers(self) -> list[int]:
        """Those that answer: uvicorn also keeps a small process that cleans up after the others."""
        mine = cpu.children().get(self.pid, [])
        return sorted(mine, key=lambda pid: cpu.memory(pid)["rss"])[-WORKERS:]

    def log_end(self) -> int:
        return self.log.stat().st_size

    def access_lines(self, start: int) -> list[dict[str, object]]:
        """What was logged of requests from that place in the file on."""
        with self.log.open("rb") as log:
            log.seek(start)
            lines = [json.loads(line) for line in log if line.startswith(b"{")]
        return [line for line in lines if "ms" in line]

    def ask(
        self, token: str, path: str = LIST_PATH, method: str = "GET"
    ) -> tuple[int, dict[str, str], bytes]:
        """One request: status, headers in lower case, body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Authorization": f"Bearer {token}"}
        try:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return response.status, names, response.read()
        finally:
            connection.close()


@contextmanager
def started(
    name: str, services: Services, secret: str, people: People, database_url: str = "", **more: str
) -> Iterator[Server]:
    """A server that answers its first request. `more` are variables of the environment."""
    recipe, port = RECIPES[name], with_services.free_port()
    log = services.directory / f"{name}-{port}.log"
    variables = VARIABLES | recipe.variables | more
    variables |= {
        "PORT": str(port),
        "DJANGO_SECRET_KEY": secret,
        "DATABASE_URL": database_url or services.database_url,
        "REDIS_URL": services.store(recipe.store),
    }
    words = [os.path.expandvars(w) for w in shlex.split(expanded(recipe.command, variables))]
    with log.open("wb") as output:
        process = subprocess.Popen(
            words, cwd=ROOT, env=surroundings() | variables, stdout=output, stderr=output
        )
    try:
        server = Server(name, port, process.pid, log, services.store(recipe.store))
        wait_for(server, process, people.tokens[0])
        yield server
    finally:
        stop(process)


def expanded(command: str, variables: dict[str, str]) -> str:
    for name, value in variables.items():
        command = command.replace(f"${name}", value)
    return command


def surroundings() -> dict[str, str]:
    """Whatever a developer has set stays out: what is compared is what is shipped."""
    keep = ("PATH", "HOME", "LANG", "TMPDIR", "GUNICORN_THREADS")
    return {name: os.environ[name] for name in keep if name in os.environ}


def wait_for(server: Server, process: subprocess.Popen[bytes], token: str) -> None:
    deadline, status = time.monotonic() + START_SECONDS, 0
    while status != 200:
        time.sleep(0.1)
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(
                f"{server.name} does not answer ({status}):\n{server.log.read_text()[-4000:]}"
            )
        try:
            status = server.ask(token)[0]
        except OSError:
            status = 0


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
