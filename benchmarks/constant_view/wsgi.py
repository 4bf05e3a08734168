"""The door, served by gunicorn with the product's own configuration."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.constant_view.settings"

application = get_wsgi_application()
