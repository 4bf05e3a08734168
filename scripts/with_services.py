#!/usr/bin/env python3
"""with_services.py COMMAND...: run it with a throwaway PostgreSQL and Redis of its own.

COMMAND finds them in DATABASE_URL and REDIS_URL. Both listen on free ports of 127.0.0.1, keep
their files in a temporary directory, and are stopped, and the directory removed, when COMMAND
ends or this is interrupted. Returns COMMAND's exit code. Works as root too.

initdb rather than Debian's pg_virtualenv: that one picks its port long before it listens, so two
calls at once can collide, and it prints the server's log after every failing test.
"""

import glob
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

# Debian keeps PostgreSQL's server programs off the PATH.
POSTGRES_DIRS = "/usr/lib/postgresql/*/bin"
# Nothing here outlives the run: trade durability for speed. No Unix socket: its default
# directory belongs to the machine's own server.
POSTGRES_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
}
START_SECONDS = 30
STOP_SECONDS = 10

# Signals that came. They are noted here and looked for while waiting, instead of raising wherever
# they strike: an exception between starting a server and guarding it would leave it behind.
interrupts: list[int] = []


def main(command: list[str]) -> int:
    if not command:
        sys.exit(__doc__)
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, lambda signum, frame: interrupts.append(signum))
    initdb = find_program("initdb", "postgresql", POSTGRES_DIRS)
    redis_server = find_program("redis-server", "redis-server")
    with (
        tempfile.TemporaryDirectory(prefix="mylist-services-") as directory,
        postgres(Path(initdb).parent, Path(directory)) as database_url,
        redis(redis_server, Path(directory)) as redis_url,
    ):
        return run(command, DATABASE_URL=database_url, REDIS_URL=redis_url)


def find_program(name: str, package: str, beside_path: str = "") -> str:
    """Its path, the newest version first; exits naming the Debian package when there is none."""
    versions = sorted(glob.glob(beside_path), key=version_of, reverse=True)
    found = shutil.which(name, path=os.pathsep.join([*versions, os.environ.get("PATH", "")]))
    if found is None:
        sys.exit(f"{name} is not installed. On Debian and Ubuntu: sudo apt install {package}")
    return found


def version_of(directory: str) -> int:
    """15 for /usr/lib/postgresql/15/bin, so that 9 does not come after 15."""
    version = Path(directory).parent.name
    return int(version) if version.isdigit() else 0


@contextmanager
def postgres(programs: Path, directory: Path) -> Iterator[str]:
    password = secrets.token_hex(16)
    data, password_file = directory / "postgres", directory / "postgres-password"
    password_file.write_text(password)
    owner = None
    if os.geteuid() == 0:
        # The server refuses to run as root, so it runs as the user that its package made.
        owner = "postgres"
        shutil.chown(directory, owner, owner)
        shutil.chown(password_file, owner, owner)
    initdb = [f"{programs}/initdb", f"--pgdata={data}", "--username=mylist"]
    initdb += [f"--pwfile={password_file}", "--auth=scram-sha-256"]
    initdb += ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    if start(initdb, directory, owner).wait() != 0:
        fail(initdb, directory)
    port = free_port()
    command = [f"{programs}/postgres", "-D", str(data), "-p", str(port)]
    for name, value in POSTGRES_SETTINGS.items():
        command += ["-c", f"{name}={value}"]
    ask = [f"{programs}/pg_isready", "--quiet", "--host=127.0.0.1", f"--port={port}"]
    with server(command, directory, lambda: subprocess.call(ask) == 0, owner):
        yield f"postgres://mylist:{password}@127.0.0.1:{port}/postgres"


@contextmanager
def redis(program: str, directory: Path) -> Iterator[str]:
    password, port = secrets.token_hex(16), free_port()
    config = directory / "redis.conf"
    config.write_text(
        f'bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir {directory}\nsave ""\n'
    )
    with server([program, str(config)], directory, lambda: accepts(port)):
        yield f"redis://default:{password}@127.0.0.1:{port}/0"


@contextmanager
def server(
    command: list[str], directory: Path, is_ready: Callable[[], bool], user: str | None = None
) -> Iterator[None]:
    process = start(command, directory, user)
    deadline = time.monotonic() + START_SECONDS
    try:
        while not is_ready():
            if interrupts:
                sys.exit(128 + interrupts[0])
            if process.poll() is not None or time.monotonic() > deadline:
                fail(command, directory)
            time.sleep(0.05)
        yield
    finally:
        # To PostgreSQL this is the fast shutdown, which does not wait for connections to close.
        stop(process, signal.SIGINT)


def start(command: list[str], directory: Path, user: str | None) -> subprocess.Popen[bytes]:
    """In a session of its own, out of reach of the terminal's Ctrl-C."""
    with log_of(command, directory).open("wb") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=directory,
            user=user,
            group=user,
            start_new_session=True,
        )


def fail(command: list[str], directory: Path) -> NoReturn:
    sys.exit(f"{command[0]} failed:\n{log_of(command, directory).read_text(errors='replace')}")


def log_of(command: list[str], directory: Path) -> Path:
    return directory / f"{Path(command[0]).name}.log"


def run(command: list[str], **variables: str) -> int:
    """The exit code, as a shell would give it."""
    try:
        process = subprocess.Popen(command, env=os.environ | variables)
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")
    while process.poll() is None and not interrupts:
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
    if interrupts:
        if interrupts[0] == signal.SIGINT:
            # The terminal sent Ctrl-C to the command too: let it end in its own way.
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
        stop(process, signal.SIGTERM)
        return 128 + interrupts[0]
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def stop(process: subprocess.Popen[bytes], signum: signal.Signals) -> None:
    process.send_signal(signum)  # does nothing when it has ended
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
