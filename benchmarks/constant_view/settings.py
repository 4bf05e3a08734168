"""As little Django as there can be."""

import os

SECRET_KEY = os.environ["DJANGO_SECRET_KEY"]
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "benchmarks.constant_view.urls"
MIDDLEWARE = []
INSTALLED_APPS = []
USE_I18N = False
# As many as a list page has.
CONSTANT_BYTES = int(os.environ.get("CONSTANT_BYTES", "7000"))
