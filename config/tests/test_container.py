"""The Dockerfile can't be built in every test run; what it counts on is checked here instead."""

import json
import re
from importlib import import_module
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management import get_commands

ROOT = Path(settings.BASE_DIR)
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def stages():
    """A list of (instruction, argument) for each stage; what comes before the first is left out."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    found = []
    for instruction, argument in lines:
        if instruction == "FROM":
            found.append([])
        if found:
            found[-1].append((instruction, argument.strip()))
    return found


def final(instruction):
    """The arguments of that instruction in the stage that becomes the image."""
    return [argument for name, argument in stages()[-1] if name == instruction]


def copied():
    """What the image takes out of the checkout."""
    sources = [argument.split()[:-1] for argument in final("COPY") if "--from" not in argument]
    return {source.rstrip("/") for names in sources for source in names}


def documented():
    """The variables in .env.example, those that are commented out too."""
    return set(re.findall(r"^#?\s*([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.M))


def test_what_is_copied_exists_and_is_not_ignored():
    ignored = set((ROOT / ".dockerignore").read_text().split())
    assert {name for name in copied() if not (ROOT / name).exists()} == set()
    assert copied() & ignored == set()


def test_every_app_of_ours_is_copied():
    ours = {Path(app.path).name for app in apps.get_app_configs() if Path(app.path).parent == ROOT}
    assert ours >= {"config", "mylist"}
    assert ours - copied() == set()


def test_nothing_is_installed_in_the_final_stage():
    builder, image = stages()
    assert "--require-hashes -r requirements.txt" in dict(builder)["RUN"]
    assert "AS" not in dict(image)["FROM"].split()
    assert not re.search(r"\b(pip|apt|apt-get)\b", " ".join(final("RUN")))


def test_the_python_is_one_that_the_lock_is_for():
    base = re.search(r"^ARG BASE=\S*python:(\d+)\.(\d+)-slim", DOCKERFILE, re.MULTILINE)
    lock = re.search(r"--python-version (\d+)\.(\d+)", (ROOT / "requirements.txt").read_text())
    assert [int(part) for part in base.groups()] >= [int(part) for part in lock.groups()]


def test_it_does_not_run_as_root():
    (user,) = final("USER")
    assert user.isdigit()
    assert int(user) > 0
    # By number, so that an orchestrator that refuses root can tell.
    assert f"useradd --uid {user} " in " ".join(final("RUN"))


def test_it_may_write_to_var():
    assert not settings.STATIC_ROOT.is_relative_to(settings.VAR_DIR)
    assert f"chown -R app {settings.VAR_DIR.relative_to(ROOT)}" in " ".join(final("RUN"))


def test_the_server_it_starts_is_there():
    (command,) = final("CMD")
    server, _, server_settings, *worker, module = json.loads(command)
    assert (server, worker, module) == ("gunicorn", ["--worker-class", "asgi"], "config.asgi")
    assert (ROOT / server_settings).is_file()
    assert server_settings.split("/")[0] in copied()
    assert callable(import_module(module).application)


def test_the_management_commands_it_names_exist():
    commands = set(re.findall(r"manage\.py ([a-z_]+)", DOCKERFILE))
    assert commands >= {"collectstatic", "migrate"}
    assert commands - set(get_commands()) == set()


def test_the_variables_it_sets_are_documented():
    names = set(re.findall(r"(\w+)=", " ".join(final("ENV"))))
    assert {name for name in names if not name.startswith(("PATH", "PYTHON"))} <= documented()


def test_the_variables_that_gunicorn_reads_are_documented():
    source = (ROOT / "config" / "gunicorn.py").read_text()
    names = set(re.findall(r"(?:text|number)\(['\"](\w+)", source))
    assert names >= {"GUNICORN_HOST", "PORT"}
    assert names <= documented()


def health_path():
    (check,) = final("HEALTHCHECK")
    return re.search(r"http://127\.0\.0\.1:\$\{PORT:-8000\}(/[\w/-]+)", check)[1]


def test_the_health_check_passes_whatever_hosts_are_allowed_and_behind_https(client, settings):
    """It comes from inside the container, by plain http and to 127.0.0.1; it needs no database."""
    settings.ALLOWED_HOSTS = ["mylist.example.com"]
    settings.SECURE_SSL_REDIRECT = True
    assert client.get(health_path(), headers={"host": "127.0.0.1:8000"}).status_code == 200
