"""Settings come from the environment, and what cannot be understood stops the start."""

import os
import re
import runpy
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import structlog
from django.conf import settings as configured
from django.core.exceptions import ImproperlyConfigured

from config.tests.serving import environment

ROOT = Path(configured.BASE_DIR)
KEY = "only-for-tests-" + "0" * 40
# gunicorn's own, not ours to read.
NOT_OURS = {"FORWARDED_ALLOW_IPS"}
OURS = re.compile(r"DJANGO_|DATABASE_|REDIS_|EMAIL_|DEFAULT_FROM|MYLIST_|CORS_|LOG_|SERVICE_NAME")


@pytest.fixture
def read(monkeypatch, tmp_path):
    """`read(NAME="value", ...)`: the settings of such an environment, in a house of their own."""
    before = structlog.get_config()
    for name in filter(OURS.match, list(os.environ)):
        monkeypatch.delenv(name)
    (tmp_path / "config").mkdir()
    copy = shutil.copy(ROOT / "config" / "settings.py", tmp_path / "config" / "settings.py")

    def run(**variables):
        for name, value in ({"DJANGO_SECRET_KEY": KEY} | variables).items():
            monkeypatch.setenv(name, value)
        try:
            return runpy.run_path(str(copy))
        finally:
            for name in variables:
                monkeypatch.delenv(name)

    yield run
    structlog.configure(**before)


def same(one, other):
    # LOGGING holds functions, which are made anew each time.
    for name in [each for each in one if each.isupper() and each != "LOGGING"]:
        assert one[name] == other[name], name


# --- what is understood --------------------------------------------------------------------------


def test_unset_is_safe(read, tmp_path):
    made = read()
    assert made["DEBUG"] is made["HTTPS"] is False
    assert made["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert made["CORS_ALLOWED_ORIGINS"] == []
    assert (made["LOG_LEVEL"], made["LOG_FORMAT"], made["SERVICE_NAME"]) == (
        "INFO",
        "json",
        "mylist",
    )
    assert made["MYLIST_MAX_ITEMS"] == 10_000
    assert made["DATABASES"]["default"]["NAME"] == str(tmp_path / "var" / "db.sqlite3")
    assert made["CACHES"]["default"]["BACKEND"].endswith("LocMemCache")
    assert made["EMAIL_BACKEND"].endswith("smtp.EmailBackend")


@pytest.mark.parametrize("word", ["on", "ON", "true", "yes", "1", " on "])
def test_a_switch_is_on(read, word):
    assert read(DJANGO_HTTPS=word)["HTTPS"] is True


@pytest.mark.parametrize("word", ["off", "False", "no", "0", "", "  "])
def test_a_switch_is_off(read, word):
    assert read(DJANGO_HTTPS=word)["HTTPS"] is False


def test_words_stand_between_commas(read):
    made = read(
        DJANGO_ALLOWED_HOSTS="a.example, b.example,", CORS_ALLOWED_ORIGINS="https://a.example"
    )
    assert made["ALLOWED_HOSTS"] == ["a.example", "b.example"]
    assert made["CORS_ALLOWED_ORIGINS"] == ["https://a.example"]


def test_empty_is_not_set(read):
    names = ["LOG_LEVEL", "MYLIST_MAX_ITEMS", "DATABASE_URL", "REDIS_URL", "EMAIL_URL"]
    same(read(**dict.fromkeys([*names, "DJANGO_ALLOWED_HOSTS"], "")), read())


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_postgresql(read, scheme):
    made = read(DATABASE_URL=f"{scheme}://ann:p%40ss@db.example:5433/mylist")["DATABASES"][
        "default"
    ]
    assert made["ENGINE"] == "django.db.backends.postgresql"
    names = ("USER", "PASSWORD", "HOST", "PORT", "NAME")
    assert [made[name] for name in names] == ["ann", "p@ss", "db.example", 5433, "mylist"]
    assert made["CONN_MAX_AGE"] is None
    assert made["OPTIONS"] == {"connect_timeout": 3}


def test_what_the_address_asks_of_postgresql_is_kept(read):
    made = read(DATABASE_URL="postgres://a:b@c/d?sslmode=require&connect_timeout=9")
    assert made["DATABASES"]["default"]["OPTIONS"] == {"sslmode": "require", "connect_timeout": 9}


def test_a_pool_keeps_the_connections_itself(read):
    made = read(DATABASE_URL="postgres://a:b@c/d", DATABASE_POOL="on")["DATABASES"]["default"]
    assert made["CONN_MAX_AGE"] == 0
    assert made["OPTIONS"]["pool"] is True


def test_sqlite(read):
    made = read(DATABASE_URL="sqlite:////data/my.sqlite3")["DATABASES"]["default"]
    assert (made["ENGINE"], made["NAME"]) == ("django.db.backends.sqlite3", "/data/my.sqlite3")
    assert made["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@pytest.mark.parametrize(
    "url", ["redis://:p@r.example:6379/0", "rediss://r.example", "unix:///r.sock"]
)
def test_redis(read, url):
    cache = read(REDIS_URL=url)["CACHES"]["default"]
    assert (cache["BACKEND"], cache["LOCATION"]) == ("django_redis.cache.RedisCache", url)


def test_mail(read):
    made = read(EMAIL_URL="smtp+tls://ann:p@mail.example:587")
    assert (made["EMAIL_HOST"], made["EMAIL_PORT"]) == ("mail.example", 587)
    assert made["EMAIL_USE_TLS"] is True
    assert read(DJANGO_DEBUG="on")["EMAIL_BACKEND"].endswith("console.EmailBackend")


def test_https(read):
    made = read(DJANGO_HTTPS="on")
    for name in ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"):
        assert made[name] is True
    assert made["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert read()["SECURE_HSTS_SECONDS"] == 0


# --- what is not ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DJANGO_DEBUG", "maybe"),
        ("DJANGO_HTTPS", "2"),
        ("LOG_LEVEL", "loud"),
        ("LOG_LEVEL", "info"),
        ("LOG_FORMAT", "xml"),
        ("MYLIST_MAX_ITEMS", "-1"),
        ("MYLIST_MAX_ITEMS", "1_000"),
        ("MYLIST_MAX_ITEMS", "1.5"),
        ("MYLIST_MAX_ITEMS", "٣"),
        ("DATABASE_URL", "mysql://a:b@c/d"),
        ("DATABASE_URL", "postgres:/a"),
        ("DATABASE_URL", "postgres://a:zebra@c:port/d"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "http://localhost"),
        ("EMAIL_URL", "zebra://mail.example"),
        ("EMAIL_URL", "smtp://mail.example:port"),
    ],
)
def test_what_is_not_understood_stops_the_start_and_is_named(read, name, value):
    with pytest.raises(ImproperlyConfigured, match=rf"\A{name} ") as error:
        read(**{name: value})
    assert "zebra" not in str(error.value)


def test_a_pool_must_be_on_or_off(read):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_POOL"):
        read(DATABASE_URL="postgres://a:b@c/d", DATABASE_POOL="10")


# --- the key -------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", "short", "é" * 15, "x" * 31])
def test_without_a_good_key_it_does_not_start_and_says_how_to_make_one(read, key):
    with pytest.raises(ImproperlyConfigured, match="DJANGO_SECRET_KEY") as error:
        read(DJANGO_SECRET_KEY=key)
    (command,) = re.findall(r"python -c '(.+)'", str(error.value))
    made = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True
    )
    assert read(DJANGO_SECRET_KEY=made.stdout)["SECRET_KEY"] == made.stdout.strip()


def test_with_debugging_on_a_key_is_made_once_and_kept_from_others(read, tmp_path):
    first = read(DJANGO_SECRET_KEY="", DJANGO_DEBUG="on")["SECRET_KEY"]
    assert read(DJANGO_SECRET_KEY="", DJANGO_DEBUG="on")["SECRET_KEY"] == first
    kept = tmp_path / "var" / "secret_key"
    assert kept.read_text() == first
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_key_that_is_given_is_taken_with_debugging_on_too(read, tmp_path):
    assert read(DJANGO_DEBUG="on")["SECRET_KEY"] == KEY
    assert not (tmp_path / "var" / "secret_key").exists()


def test_a_short_key_is_refused_with_debugging_on_too(read):
    with pytest.raises(ImproperlyConfigured, match="DJANGO_SECRET_KEY"):
        read(DJANGO_DEBUG="on", DJANGO_SECRET_KEY="short")


# --- the whole -----------------------------------------------------------------------------------


def test_it_is_fit_to_be_deployed_behind_https(tmp_path):
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    environ = environment(tmp_path, {"DJANGO_HTTPS": "on"})
    checked = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert "0 silenced" in checked.stdout


def names_read():
    """The variables that the code reads."""
    of_settings = r'\b(?:text|flag|number|one_of|words|url)\(\s*"([A-Z_]+)"'
    of_gunicorn = r'environ\.get\(\s*["\']([A-Z_]+)'
    here = (ROOT / "config" / "settings.py").read_text()
    there = (ROOT / "config" / "gunicorn.py").read_text()
    return set(re.findall(of_settings, here)) | set(re.findall(of_gunicorn, there))


def example():
    """(name, default, what the lines above it say) for each variable of .env.example."""
    said = []
    for line in (ROOT / ".env.example").read_text().splitlines():
        if found := re.fullmatch(r"#([A-Z_]+)=(.*)", line):
            yield *found.groups(), " ".join(said)
        else:
            said = [*said, line] if line else []


def test_the_example_lists_what_is_read_and_nothing_else():
    names = [name for name, _, _ in example()]
    assert set(names) == names_read() | NOT_OURS
    assert len(names) == len(set(names))


def test_the_example_says_what_each_is_for():
    assert all(said.startswith("# ") for _, _, said in example())


def test_the_defaults_of_the_example_are_the_defaults(read):
    given = {name: value for name, value, _ in example() if value and OURS.match(name)}
    assert len(given) >= 8
    same(read(**given), read())
