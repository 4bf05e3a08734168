"""Every setting, read from the environment once; .env.example lists the variables.

A value that cannot be understood stops the start with the name of its variable.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

from config.logs import logging_config

# Makes `ModelAdmin[Movie]` and the like legal at run time, for the type checker.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
(VAR_DIR / "static").mkdir(parents=True, exist_ok=True)

env = environ.Env()


def text(name: str, default: str = "") -> str:
    """A variable that is empty is not set."""
    return str(env.str(name, default)).strip() or default


def flag(name: str, *, default: bool = False) -> bool:
    """A switch: on/off, true/false, yes/no or 1/0. Anything else is refused, not taken for off."""
    word = text(name, "on" if default else "off").lower()
    if word in ("on", "true", "yes", "1"):
        return True
    if word in ("off", "false", "no", "0"):
        return False
    raise ImproperlyConfigured(f"{name} is {word!r}: say on or off")


def number(name: str, *, default: int) -> int:
    """A whole number, zero or more."""
    word = text(name, str(default))
    if not (word.isascii() and word.isdigit()):
        raise ImproperlyConfigured(f"{name} is {word!r}: it takes a whole number, zero or more")
    return int(word)


def one_of(name: str, words: tuple[str, ...], *, default: str) -> str:
    word = text(name, default)
    if word not in words:
        raise ImproperlyConfigured(f"{name} is {word!r}: it takes one of {', '.join(words)}")
    return word


def words(name: str, *default: str) -> list[str]:
    """What stands between commas."""
    found = text(name, ",".join(default)).split(",")
    return [word.strip() for word in found if word.strip()]


def url(name: str, *schemes: str, default: str = "") -> str:
    address = text(name) or default
    if address and address.partition("://")[0] not in schemes:
        raise ImproperlyConfigured(f"{name} must begin with {':// or '.join(schemes)}://")
    return address


def parsed(name: str, parse: Callable[[str], dict[str, Any]], address: str) -> dict[str, Any]:
    """What an address says. An error must not quote it: it can hold a password."""
    try:
        return parse(address)
    except (ValueError, ImproperlyConfigured):
        raise ImproperlyConfigured(f"{name} cannot be read as an address") from None


def secret_key() -> str:
    """The signing key: from the environment or, when debugging, made once and kept in var/."""
    key = text("DJANGO_SECRET_KEY", "")
    if not key and DEBUG:
        kept = VAR_DIR / "secret_key"
        if not kept.exists():
            kept.touch(mode=0o600)
            kept.write_text(get_random_secret_key())
        key = kept.read_text()
    if len(key.encode()) < 32:
        raise ImproperlyConfigured(
            "DJANGO_SECRET_KEY must be set to 32 bytes or more. Make one with: "
            "python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    return key


# --- the usual ---------------------------------------------------------------

DEBUG = flag("DJANGO_DEBUG")
SECRET_KEY = secret_key()
ALLOWED_HOSTS = words("DJANGO_ALLOWED_HOSTS", "localhost", "127.0.0.1", "[::1]")
HTTPS = flag("DJANGO_HTTPS")
SERVICE_NAME = text("SERVICE_NAME", "mylist")
LOG_LEVEL = one_of("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), default="INFO")
LOG_FORMAT = one_of("LOG_FORMAT", ("json", "console"), default="json")

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False
# Both forms of a path are answered, not redirected: api.paths.
APPEND_SLASH = False

INSTALLED_APPS = [
    "config",
    "accounts",
    "catalog",
    "mylist",
    "api",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "api.requestlog.RequestLogMiddleware",
    "api.conditional.ConditionalMiddleware",
    "api.answers.ProblemMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "api.paths.TrailingSlashMiddleware",
    "api.bodies.BodySizeMiddleware",
    # What follows serves the admin and the pages, not the API.
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_config(LOG_LEVEL, LOG_FORMAT, SERVICE_NAME)

# --- servers behind us -------------------------------------------------------

embedded = f"sqlite:///{VAR_DIR / 'db.sqlite3'}"
database = url("DATABASE_URL", "postgres", "postgresql", "sqlite", default=embedded)
DATABASES = {"default": parsed("DATABASE_URL", env.db_url_config, database)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # A connection for each worker thread, kept: opening one costs 3 ms. Under ASGI, where threads
    # come and go, config.asgi asks for psycopg's pool instead.
    pooled = flag("DATABASE_POOL")
    DATABASES["default"]["CONN_MAX_AGE"] = 0 if pooled else None
    # What stands after the ? of the address wins, such as sslmode.
    named = DATABASES["default"].get("OPTIONS", {})
    DATABASES["default"]["OPTIONS"] = (
        {"connect_timeout": 3} | ({"pool": True} if pooled else {}) | named
    )
else:
    DATABASES["default"]["OPTIONS"] = {
        # Take the write lock when a transaction begins: one that only asks for it on its first
        # write is refused at once when another was faster.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }

REDIS_URL = url("REDIS_URL", "redis", "rediss", "unix")
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 0.1, "SOCKET_TIMEOUT": 0.1},
        }
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# e.g. smtp+tls://user:password@mail.example.com:587
mail = text("EMAIL_URL", "consolemail://" if DEBUG else "smtp://localhost:25")
vars().update(parsed("EMAIL_URL", env.email_url_config, mail))
DEFAULT_FROM_EMAIL = text("DEFAULT_FROM_EMAIL", "My List <noreply@localhost>")

# --- people ------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = (
    [
        {
            "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
            "OPTIONS": {"user_attributes": ("email", "name")},
        }
    ]
    + [
        {"NAME": f"django.contrib.auth.password_validation.{name}"}
        for name in (
            "MinimumLengthValidator",
            "CommonPasswordValidator",
            "NumericPasswordValidator",
        )
    ]
    + [{"NAME": "accounts.passwords.LongestPasswordValidator"}]
)
PASSWORD_RESET_TIMEOUT = 60 * 60

SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": SECRET_KEY,
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=30),
}

# --- the list ----------------------------------------------------------------

MYLIST_MAX_ITEMS = number("MYLIST_MAX_ITEMS", default=10_000)

# --- the API -----------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["api.bodies.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["api.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "api.renderers.OnlyJSON",
    "DEFAULT_METADATA_CLASS": "api.renderers.AllowedMethods",
    "DEFAULT_PAGINATION_CLASS": "api.paging.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "api.schema.AutoSchema",
    "EXCEPTION_HANDLER": "api.answers.answer_in_view",
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "My List",
    "VERSION": "1",
    "DESCRIPTION": (
        "The catalog of movies and TV shows, and people's lists. Every error is "
        "application/problem+json with a stable `code`; all of them are listed at "
        "[/api/docs/errors/](/api/docs/errors/)."
    ),
    "OAS_VERSION": "3.1.0",
    "SERVERS": [{"url": "/", "description": "This server"}],
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {
        "deepLinking": True,
        "persistAuthorization": True,
        # It would have the document checked by a server elsewhere, and show a badge.
        "validatorUrl": None,
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "api.schema.add_problem_component",
    ],
    "TAGS": [
        {"name": "sign-in", "description": "Tokens, sign-ins and passwords."},
        {"name": "users", "description": "People: their own account; staff see everybody's."},
        {"name": "movies", "description": "The movies of the catalog."},
        {"name": "tv-shows", "description": "The TV shows of the catalog."},
        {"name": "genres", "description": "What titles are filed under."},
        {"name": "mylist", "description": "The list of the person who asks."},
        {"name": "health", "description": "For load balancers and operators."},
    ],
}

# --- browsers ----------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
WHITENOISE_USE_FINDERS = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
CSRF_FAILURE_VIEW = "api.answers.csrf_failure"

CORS_ALLOWED_ORIGINS = words("CORS_ALLOWED_ORIGINS")
CORS_URLS_REGEX = r"^/(api|health)/"
CORS_EXPOSE_HEADERS = ["ETag", "Link", "Location", "Retry-After", "X-Request-ID"]
CORS_ALLOW_HEADERS = [
    "accept",
    "authorization",
    "content-type",
    "idempotency-key",
    "if-none-match",
    "x-request-id",
]

SECURE_SSL_REDIRECT = HTTPS
# A load balancer asks over plain http on the inside.
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
X_FRAME_OPTIONS = "DENY"
