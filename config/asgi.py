"""The door for an ASGI server: hits in the event loop, all else by Django in a few threads."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django = get_wsgi_application()

# What they import needs Django set up.
from config import front  # noqa: E402
from config.asgi_front import AsyncFront  # noqa: E402
from config.environment import number  # noqa: E402

threads = number("GUNICORN_THREADS", default=4, least=1)
application = AsyncFront(django, threads=threads, on=front.is_wanted())
