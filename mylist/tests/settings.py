"""A project with mylist and nothing else of ours: Django's own user, stand-in content.

pytest mylist --ds=mylist.tests.settings
"""

import environ

env = environ.Env()

SECRET_KEY = "only-for-tests-" + "0" * 40
DATABASES = {"default": env.db("DATABASE_URL", "sqlite://:memory:")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "timeout": 20}
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
