"""The door for an ASGI server: hits in the event loop, all else by Django in a few threads."""

import os
import sys

from django.core.wsgi import get_wsgi_application

# gunicorn reads a Content-Length as a number whatever its length, and closes the connection without
# an answer where Python refuses: from 4,300 digits on. A header has at most so many.
sys.set_int_max_str_digits(8190)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django = get_wsgi_application()

# What they import needs Django set up.
from config import front  # noqa: E402
from config.asgi_front import AsyncFront  # noqa: E402
from config.environment import number  # noqa: E402

threads = number("GUNICORN_THREADS", default=4, least=1)
application = AsyncFront(django, threads=threads, on=front.is_wanted())
