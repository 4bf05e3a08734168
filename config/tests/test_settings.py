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
# gunicorn's and prometheus_client's own, not ours to read.
NOT_OURS = {"FORWARDED_ALLOW_IPS", "PROMETHEUS_MULTIPROC_DIR"}
OURS = re.compile(
    r"DJANGO_|GUNICORN_|WEB_|PORT\b|DATABASE_|REDIS_|EMAIL_|DEFAULT_FROM|MYLIST_|CORS_|LOG_|SERVICE_NAME"
    r"|RATE_LIMIT_|NUM_PROXIES|METRICS_"
)


@pytest.fixture
def read(monkeypatch, tmp_path):
    """`read(NAME="value", ...)`: the settings of such an environment, in a house of their own."""
    for name in ("config/settings.py", "api/guide.md"):
        (tmp_path / name).parent.mkdir()
        shutil.copy(ROOT / name, tmp_path / name)
    yield from reader(tmp_path / "config" / "settings.py", monkeypatch)


@pytest.fixture
def serve(monkeypatch):
    """The same for what gunicorn is told."""
    yield from reader(ROOT / "config" / "gunicorn.py", monkeypatch)


def reader(file, monkeypatch):
    before = structlog.get_config()
    for name in filter(OURS.match, list(os.environ)):
        monkeypatch.delenv(name)

    def run(**variables):
        for name, value in ({"DJANGO_SECRET_KEY": KEY} | variables).items():
            monkeypatch.setenv(name, value)
        try:
            return runpy.run_path(str(file))
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
        DJANGO_ALLOWED_HOSTS="a.example, .b.example,*,[::1]",
        CORS_ALLOWED_ORIGINS="https://a.example, http://localhost:5173,capacitor://localhost",
    )
    assert made["ALLOWED_HOSTS"] == ["a.example", ".b.example", "*", "[::1]"]
    assert made["CORS_ALLOWED_ORIGINS"] == [
        "https://a.example",
        "http://localhost:5173",
        "capacitor://localhost",
    ]


def test_empty_is_not_set(read):
    names = ["LOG_LEVEL", "MYLIST_MAX_ITEMS", "DATABASE_URL", "REDIS_URL", "EMAIL_URL"]
    names += ["DEFAULT_FROM_EMAIL", "CORS_ALLOWED_ORIGINS", "DJANGO_HSTS_SUBDOMAINS"]
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
    assert made["OPTIONS"] == {"connect_timeout": 3, "prepare_threshold": 0}


def test_what_the_address_asks_of_postgresql_is_kept(read):
    made = read(DATABASE_URL="postgres://a:b@c/d?sslmode=require&connect_timeout=9")
    assert made["DATABASES"]["default"]["OPTIONS"] == {
        "sslmode": "require",
        "connect_timeout": 9,
        "prepare_threshold": 0,
    }


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
    assert read(EMAIL_URL="dummymail://")["EMAIL_BACKEND"].endswith("dummy.EmailBackend")


@pytest.mark.parametrize("sender", ["a@b", "Ann <ann@mail.example>", '"List, My" <a@b.example>'])
def test_whom_mails_come_from(read, sender):
    assert read(DEFAULT_FROM_EMAIL=sender)["DEFAULT_FROM_EMAIL"] == sender


def test_https(read):
    made = read(DJANGO_HTTPS="on")
    for name in ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"):
        assert made[name] is True
    assert made["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert made["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is made["SECURE_HSTS_PRELOAD"] is True
    assert read()["SECURE_HSTS_SECONDS"] == 0


def test_https_of_this_host_alone(read):
    made = read(DJANGO_HTTPS="on", DJANGO_HSTS_SUBDOMAINS="off")
    assert made["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is made["SECURE_HSTS_PRELOAD"] is False
    assert made["SECURE_HSTS_SECONDS"] >= 31_536_000


def test_gunicorn(serve):
    unset = serve()
    assert (unset["bind"], unset["threads"]) == ("127.0.0.1:8000", 4)
    assert unset["workers"] == os.cpu_count()
    assert (unset["loglevel"], unset["logconfig_dict"]["root"]["level"]) == ("info", "INFO")
    made = serve(
        GUNICORN_HOST="0.0.0.0",  # noqa: S104
        PORT="9000",
        WEB_CONCURRENCY="2",
        GUNICORN_THREADS="1",
        LOG_LEVEL="ERROR",
    )
    assert (made["bind"], made["workers"], made["threads"]) == ("0.0.0.0:9000", 2, 1)
    assert made["loglevel"] == "error"


# --- what is not ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DJANGO_DEBUG", "maybe"),
        ("DJANGO_HTTPS", "2"),
        ("DJANGO_HSTS_SUBDOMAINS", "some"),
        ("DJANGO_ALLOWED_HOSTS", "https://a.example"),
        ("DJANGO_ALLOWED_HOSTS", "a.example b.example"),
        ("DJANGO_ALLOWED_HOSTS", "a.example:8000"),
        ("CORS_ALLOWED_ORIGINS", "a.example"),
        ("CORS_ALLOWED_ORIGINS", "https://a.example/"),
        ("CORS_ALLOWED_ORIGINS", "https://A.example"),
        ("CORS_ALLOWED_ORIGINS", "https://b.example,*"),
        ("DEFAULT_FROM_EMAIL", "My List"),
        ("DEFAULT_FROM_EMAIL", "noreply"),
        ("DEFAULT_FROM_EMAIL", "My List <noreply>"),
        ("DEFAULT_FROM_EMAIL", "a@b, c@d"),
        ("DEFAULT_FROM_EMAIL", "a@b\nBcc: c@d"),
        ("METRICS_TOKEN", "zebra"),
        ("METRICS_TOKEN", "zebra" * 3),
        ("METRICS_TOKEN", "zebra " * 5),
        ("METRICS_TOKEN", "zebré" * 5),
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
        ("EMAIL_URL", "smtp:zebra"),
        ("EMAIL_URL", "smtp://"),
        ("EMAIL_URL", "smtp://zebra@"),
        ("EMAIL_URL", "zebra"),
    ],
)
def test_what_is_not_understood_stops_the_start_and_is_named(read, name, value):
    with pytest.raises(ImproperlyConfigured, match=rf"\A{name} ") as error:
        read(**{name: value})
    assert "zebra" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "abc"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("WEB_CONCURRENCY", "many"),
        ("WEB_CONCURRENCY", "0"),
        ("GUNICORN_THREADS", "0"),
        ("GUNICORN_THREADS", "-1"),
        ("GUNICORN_PIN", "2"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_nor_does_gunicorn_start_on_it(serve, name, value):
    with pytest.raises(ImproperlyConfigured, match=rf"\A{name} "):
        serve(**{name: value})


@pytest.mark.parametrize("value", ["many", ""])
def test_what_gunicorn_reads_before_us_stops_it_by_name_as_well(tmp_path, value):
    command = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi"]
    environ = environment(tmp_path, {"WEB_CONCURRENCY": value})
    started = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert started.returncode != 0
    assert "WEB_CONCURRENCY" in started.stderr


# --- the key -------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", "short", "é" * 15, "x" * 31])
def test_without_a_good_key_it_does_not_start_and_says_how_to_make_one(read, key):
    with pytest.raises(ImproperlyConfigured, match="DJANGO_SECRET_KEY") as error:
        read(DJANGO_SECRET_KEY=key)
    assert "or DJANGO_DEBUG=on to develop" in str(error.value)
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
    # There is neither PostgreSQL nor Redis in this environment.
    assert re.findall(r"\((\w+\.[A-Z]\d+)\)", checked.stderr) == ["mylist.I001"]


def names_read():
    """The variables that the code reads."""
    readers = r"(?:text|secret|flag|number|one_of|words|url|mail_server|sender)"
    files = ("settings.py", "gunicorn.py", "environment.py")
    code = "".join((ROOT / "config" / file).read_text() for file in files)
    return set(re.findall(readers + r"""\(\s*["']([A-Z_]+)["']""", code))


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
