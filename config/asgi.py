"""The door for an ASGI server. Its threads come and go, so PostgreSQL is reached by a pool."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("DATABASE_POOL", "on")

application = get_asgi_application()
