"""A real gunicorn to test against, for what Django's test client does not show."""

import json
import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

OURS = (
    "DJANGO_",
    "DATABASE_",
    "REDIS_",
    "LOG_",
    "CORS_",
    "MYLIST_",
    "EMAIL_",
    "SERVICE_",
    "RATE_",
    "NUM_",
    "METRICS_",
    "PROMETHEUS_",
)
SECONDS = 30


class Server:
    """On a socket that listens before gunicorn starts, so that nobody has to wait for it."""

    def __init__(self, process, port, log):
        self.process, self.port, self.log = process, port, log

    def exchange(self, request):
        """All that comes back for these bytes, until the server closes: (status, headers, body)."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS) as connection:
            connection.sendall(request)
            return parsed(b"".join(iter(lambda: connection.recv(65536), b"")))

    def get(self, path, *headers):
        return self.send("GET", path, *headers)

    def send(self, method, path, *headers, body=b""):
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
        return self.exchange("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def log_lines(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]


def parsed(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.split(": ", 1) for line in lines)
    return int(first.split()[1]), {name.lower(): value for name, value in pairs}, body


def environment(directory, variables):
    mine = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return mine | {
        "DJANGO_SECRET_KEY": "only-for-tests-" + "0" * 40,
        "DATABASE_URL": f"sqlite:///{directory / 'db.sqlite3'}",
        "WEB_CONCURRENCY": "1",
        "RATE_LIMIT_MAX": "0",
        **variables,
    }


@contextmanager
def serving(directory, *, migrate=True, through=(), app=("config.wsgi",), **variables):
    """`through`: the words of a command that runs the one after it. `app`: what gunicorn is told
    last."""
    environ, root = environment(directory, variables), Path(settings.BASE_DIR)
    if migrate:
        command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
        subprocess.run(command, cwd=root, env=environ, check=True, timeout=2 * SECONDS)
    log = directory / "server.log"
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as stderr:
        fd = listener.fileno()
        command = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py"]
        process = subprocess.Popen(
            [*through, *command, f"--bind=fd://{fd}", *app],
            cwd=root,
            env=environ,
            stderr=stderr,
            pass_fds=[fd],
        )
        try:
            yield Server(process, listener.getsockname()[1], log)
        finally:
            process.terminate()
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
