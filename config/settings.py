"""Every setting, read from the environment once; .env.example lists the variables."""

from datetime import timedelta
from pathlib import Path

import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

from config.environment import (
    HOST,
    ORIGIN,
    env,
    flag,
    log_lines,
    mail_server,
    number,
    parsed,
    secret,
    sender,
    text,
    url,
    words,
)
from config.logs import logging_config

# Makes `ModelAdmin[Movie]` and the like legal at run time, for the type checker.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
# Not in var/, where data is: a volume there must not hide what the image has collected.
STATIC_ROOT = BASE_DIR / "static"
for folder in (VAR_DIR, STATIC_ROOT):
    folder.mkdir(exist_ok=True)


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
            "DJANGO_SECRET_KEY must be set to 32 bytes or more, or DJANGO_DEBUG=on to develop. "
            "Make one with: "
            "python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    return key


# --- the usual ---------------------------------------------------------------

DEBUG = flag("DJANGO_DEBUG")
SECRET_KEY = secret_key()
ALLOWED_HOSTS = words(
    "DJANGO_ALLOWED_HOSTS",
    "localhost",
    "127.0.0.1",
    "[::1]",
    like=HOST,
    such_as="list.example.com",
)
HTTPS = flag("DJANGO_HTTPS")
LOG_LEVEL, LOG_FORMAT, SERVICE_NAME = log_lines()
METRICS_TOKEN = secret("METRICS_TOKEN", least=16)

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
    "config.connections.ConnectionsMiddleware",
    "api.requestlog.RequestLogMiddleware",
    "api.conditional.ConditionalMiddleware",
    "api.limits.RateLimitMiddleware",
    "api.answers.ProblemMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.browsers.Cors",
    "api.paths.TrailingSlashMiddleware",
    "api.bodies.BodySizeMiddleware",
    # Django's own, for the admin and the pages.
    "config.pages_only.Sessions",
    "config.pages_only.Csrf",
    "config.pages_only.Authentication",
    "config.pages_only.Messages",
    "config.pages_only.XFrameOptions",
]

# They look for Django's own classes by name; config.pages_only has subclasses of them.
SILENCED_SYSTEM_CHECKS = ["security.W002", "security.W003"]

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
# A connection for each worker thread, kept: opening one costs 3 ms.
DATABASES["default"]["CONN_MAX_AGE"] = None
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # What stands after the ? of the address wins, such as sslmode.
    named = DATABASES["default"].get("OPTIONS", {})
    # Django turns prepared statements off unless told; api.compiled needs them.
    DATABASES["default"]["OPTIONS"] = {"connect_timeout": 3, "prepare_threshold": 0} | named
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
vars().update(
    mail_server("EMAIL_URL", default="consolemail://" if DEBUG else "smtp://localhost:25")
)
# Seconds that a mail server may keep a worker that is to stop.
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = sender("DEFAULT_FROM_EMAIL", default="My List <noreply@localhost>")

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
MYLIST_PAGE_CACHE = flag("MYLIST_PAGE_CACHE", default=True)
MYLIST_FRONT = flag("MYLIST_FRONT", default=True)
MYLIST_SAMPLE_ONE_IN = number("MYLIST_SAMPLE_ONE_IN", default=1000)

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

RATE_LIMIT_MAX = number("RATE_LIMIT_MAX", default=100)
RATE_LIMIT_USER_MAX = number("RATE_LIMIT_USER_MAX", default=1000)
RATE_LIMIT_WINDOW_SECONDS = number("RATE_LIMIT_WINDOW_SECONDS", default=60, least=1)
NUM_PROXIES = number("NUM_PROXIES", default=0)

SPECTACULAR_SETTINGS = {
    "TITLE": "My List",
    "VERSION": "1",
    # Not in docs/, which an image does not have.
    "DESCRIPTION": (BASE_DIR / "api" / "guide.md").read_text(encoding="utf-8"),
    "OAS_VERSION": "3.1.0",
    "SERVERS": [{"url": "/", "description": "This server"}],
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SORT_OPERATIONS": False,
    "PREPROCESSING_HOOKS": ["api.schema.in_order_of_urls"],
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
        "api.schema.add_shared_components",
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

CORS_ALLOWED_ORIGINS = words("CORS_ALLOWED_ORIGINS", like=ORIGIN, such_as="https://app.example.com")
CORS_URLS_REGEX = r"^/(api|health)/"
CORS_EXPOSE_HEADERS = [
    "ETag",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-ID",
]
CORS_ALLOW_HEADERS = [
    "accept",
    "authorization",
    "content-type",
    "idempotency-key",
    "if-none-match",
    "x-request-id",
]

SECURE_SSL_REDIRECT = HTTPS
# A load balancer and Prometheus ask over plain http on the inside.
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics/?$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = (
    flag("DJANGO_HSTS_SUBDOMAINS", default=True) and HTTPS
)
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
X_FRAME_OPTIONS = "DENY"
