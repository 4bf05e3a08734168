"""The door for gunicorn's own workers: everything but the live socket."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django = get_wsgi_application()

from config import front  # noqa: E402 - what it imports needs Django set up

application = front.Front(django) if front.is_wanted() else django
