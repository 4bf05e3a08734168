"""How gunicorn serves config.asgi (`--worker-class asgi`) and config.wsgi.

GUNICORN_HOST, PORT, WEB_CONCURRENCY, GUNICORN_THREADS, GUNICORN_PIN and PROMETHEUS_MULTIPROC_DIR
change it; .env.example explains them. What is not set here is gunicorn's own default on purpose,
such as its limits on headers, and FORWARDED_ALLOW_IPS, the proxies that may say that a request came
by https.
"""

import os
from contextlib import suppress
from typing import Any

from gunicorn.glogging import Logger

from api import countfiles
from config.environment import flag, log_lines, number, text
from config.logs import logging_config

host = text("GUNICORN_HOST", "127.0.0.1")
bind = f"{host}:{number('PORT', default=8000, least=1, most=65535)}"

# A process per core; a container with a share of a large machine sets WEB_CONCURRENCY. Threads let
# a process go on while one request waits for PostgreSQL, keep connections open between requests,
# and hold off a few slow clients. Each thread has a database connection of its own, so all the
# processes' threads together must stay below PostgreSQL's max_connections. With 1 thread gunicorn
# uses its sync worker: less work for each request, but it closes every connection.
workers = number("WEB_CONCURRENCY", default=os.cpu_count() or 1, least=1)
threads = number("GUNICORN_THREADS", default=4, least=1)

# Longer than the 60 seconds for which nginx and most load balancers keep theirs, so that none of
# them sends a request into a connection that is being closed here.
keepalive = 75
# The most it takes: a `next` holds the search, the filters and a cursor with a title in it.
limit_request_line = 8190
# A worker that has not shown life for so long is replaced.
timeout = 30
# On a stop, requests under way may end; most orchestrators kill after 30 seconds.
graceful_timeout = 25
# The sign of life is a file; on a disk a slow write would look like a worker that hangs.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - gunicorn makes the name
# Nothing here is steered at run time, and the socket's folder, the home, may not be writable.
control_socket_disable = True

# max_requests stays off: it hides leaks, and a worker that restarts is a slow request.


class ErrorsOnly(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn takes a logging configuration to mean that access lines are wanted as well."""

    def access(self, *args: Any) -> None:
        """Nothing: the application writes one line for each request, with what it knows of it."""

    @property
    def access_log_enabled(self) -> bool:
        """Else the ASGI worker gathers for each request what such a line would say: that takes a
        fifth of a hit."""
        return False

    def warning(self, message: str, *args: Any, **kwargs: Any) -> None:
        """What cannot be read as a request may be a password or a token: it is not quoted."""
        if message.startswith("ASGI worker does not use threads"):
            # config.asgi does.
            return
        if message.startswith("Invalid request from"):
            message, args = "invalid request", ()
        super().warning(message, *args, **kwargs)

    def debug(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: these lines name paths, and a path can be a one-time link."""


logger_class = ErrorsOnly
level, *look = log_lines()
loglevel = level.lower()
logconfig_dict = logging_config(level, *look)
# gunicorn's own lines go where all others go, and look like them.
logconfig_dict["loggers"]["gunicorn.error"] = {"handlers": [], "propagate": True}

# --- a core for each worker ----------------------------------------------------
#
# A process runs Python on one core at a time. Where its threads are spread over several, each wait
# hands the interpreter from core to core, which took a quarter of a miss or a write.

pin = flag("GUNICORN_PIN", default=True)


def pre_fork(server: Any, worker: Any) -> None:
    worker.core = core_for(server)


def core_for(server: Any) -> int | None:
    """The one with the fewest workers. None where there is not the same number for each: then the
    machine is shared with others, or cores would idle."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if not pin or len(cores) < 2 or server.num_workers % len(cores):
        return None
    taken = [getattr(other, "core", None) for other in server.WORKERS.values()]
    return min(cores, key=taken.count)


# --- counts of all workers: api.countfiles ------------------------------------


def on_starting(server: Any) -> None:
    if server.cfg.preload_app:
        # The application is there already, and counts for each process alone.
        os.environ.pop(countfiles.VARIABLE, None)
    else:
        countfiles.make_folder(server.cfg.uid, server.cfg.gid)


def post_fork(server: Any, worker: Any) -> None:
    if worker.core is not None:
        # A machine may refuse. An exception here would end the whole server.
        with suppress(OSError):
            os.sched_setaffinity(0, {worker.core})
    if not countfiles.reserve(worker.pid):
        server.log.error("metrics: no room to count with the other workers")


def child_exit(server: Any, worker: Any) -> None:
    """Whatever goes wrong with its counts, gunicorn must go on."""
    try:
        countfiles.depart(worker.pid, alive=server.WORKERS)
    except Exception:
        server.log.exception("the counts of a worker that ended")


def on_exit(server: Any) -> None:
    countfiles.remove_folder()
