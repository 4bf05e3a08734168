"""A project with mylist and nothing else of ours: Django's own user, stand-in content.

pytest mylist --ds=mylist.tests.settings
"""

import environ

env = environ.Env()

SECRET_KEY = "only-for-tests-" + "0" * 40
DATABASES = {"default": env.db("DATABASE_URL", "sqlite://:memory:")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "timeout": 20}
else:
    DATABASES["default"]["OPTIONS"] = {"prepare_threshold": 0}
# With both, pages are kept, and every test reads them so.
REDIS_URL = env.str("REDIS_URL", "")
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 0.1, "SOCKET_TIMEOUT": 0.1},
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
ROOT_URLCONF = "mylist.tests.urls"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "api",
    "mylist",
    "mylist.tests.standin",
]
MIDDLEWARE = [
    "api.requestlog.RequestLogMiddleware",
    "api.conditional.ConditionalMiddleware",
    "api.answers.ProblemMiddleware",
    "api.paths.TrailingSlashMiddleware",
    "api.bodies.BodySizeMiddleware",
]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.BasicAuthentication"],
    "DEFAULT_PARSER_CLASSES": ["api.bodies.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["api.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "api.renderers.OnlyJSON",
    "DEFAULT_PAGINATION_CLASS": "api.paging.KeysetPagination",
    "DEFAULT_METADATA_CLASS": "api.renderers.AllowedMethods",
    "EXCEPTION_HANDLER": "api.answers.answer_in_view",
    "URL_FORMAT_OVERRIDE": None,
}
MYLIST_MAX_ITEMS = 10_000
