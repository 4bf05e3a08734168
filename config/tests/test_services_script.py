"""scripts/with_services.py: it says what is missing, passes on the outcome, and leaves nothing."""

import runpy
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings

SCRIPT = Path(settings.BASE_DIR) / "scripts" / "with_services.py"
NEEDS_SERVERS = pytest.mark.skipif(
    shutil.which("redis-server") is None
    or not list(Path("/").glob("usr/lib/postgresql/*/bin/initdb")),
    reason="needs PostgreSQL's and Redis' servers",
)


def start(*command):
    return subprocess.Popen(
        [sys.executable, SCRIPT, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize(
    ("program", "package"), [("initdb", "postgresql"), ("redis-server", "redis-server")]
)
def test_a_missing_server_is_an_error_that_names_its_package(monkeypatch, program, package):
    monkeypatch.setenv("PATH", "")
    find_program = runpy.run_path(str(SCRIPT))["find_program"]
    with pytest.raises(SystemExit, match=f"sudo apt install {package}$"):
        find_program(program, package, "/nowhere/*/bin")


def test_without_servers_the_command_does_not_run(tmp_path):
    done = subprocess.run(
        [sys.executable, SCRIPT, "/bin/echo", "ran"],
        capture_output=True,
        text=True,
        env={"PATH": str(tmp_path)},
    )
    assert done.returncode != 0
    assert "sudo apt install" in done.stderr
    assert "ran" not in done.stdout


@NEEDS_SERVERS
def test_the_exit_code_is_the_commands_and_the_servers_are_gone():
    script = start("sh", "-c", "echo $DATABASE_URL $REDIS_URL; exit 7")
    out, err = script.communicate(timeout=60)
    assert (script.returncode, err) == (7, "")
    urls = [urlsplit(url) for url in out.split()]
    assert [url.scheme for url in urls] == ["postgres", "redis"]
    assert {url.hostname for url in urls} == {"127.0.0.1"}
    assert not any(is_open(url.port) for url in urls)


@NEEDS_SERVERS
def test_when_it_is_stopped_so_are_the_command_and_the_servers():
    script = start("sh", "-c", "echo $DATABASE_URL $REDIS_URL; exec sleep 60")
    ports = [urlsplit(url).port for url in script.stdout.readline().split()]
    assert [is_open(port) for port in ports] == [True, True]
    script.send_signal(signal.SIGTERM)
    script.communicate(timeout=20)
    assert script.returncode == 128 + signal.SIGTERM
    assert not any(is_open(port) for port in ports)
